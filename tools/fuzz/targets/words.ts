/** Texts whose readers bring much code along: apart from the others, because every loaded function makes a look at the coverage slower. */
import { assert } from "../../../src/base/assert.ts";
import { parseSetting } from "../../../src/cli/testnet/config-files.ts";
import { checkWords } from "../../../src/config/check-value.ts";
import { settingNames, settingOf } from "../../../src/config/settings.ts";
import { parseAddress, peerOf, portOf } from "../../../src/drivers/libp2p/addresses.ts";
import type { Target } from "../target.ts";
import { textTarget } from "./reading.ts";
import { anyAddress } from "./text.ts";

const group = "text";

export const targets: readonly Target[] = [
  textTarget({
    name: "address",
    group,
    covers: ["drivers/libp2p/addresses.ts parseAddress"],
    valid: anyAddress,
    longest: `/dns4/${"h".repeat(63)}.example/tcp/65535`,
    read(text) {
      const address = parseAddress(text);
      if ("problem" in address) return { outcome: "refused" };
      peerOf(address);
      assert(!Number.isNaN(portOf(address)), "a port is a number");
      return { outcome: "ok" };
    },
  }),
  textTarget({
    name: "setting",
    group,
    covers: ["cli/testnet/config-files.ts parseSetting", "config/check-value.ts checkWords"],
    valid: (prng) => {
      const setting = settingOf(prng.pick(settingNames.filter((name) => settingOf(name).hidden !== true)));
      return `${setting.key}=${String(setting.default)}`;
    },
    longest: `p2p.dial=${Array.from({ length: 64 }, (_, i) => `/ip4/10.0.0.${i}/tcp/4001`).join(",")}`,
    read(text) {
      const [key, value] = parseSetting(text);
      for (const name of settingNames) checkWords(settingOf(name), value);
      return { outcome: "ok", again: `${key}=${value}` };
    },
  }),
];
