import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfig, type ConfigSources } from "./load-config.ts";
import { renderConfig, renderReference } from "./render-config.ts";
import { environmentNameOf, settingNames, settingOf } from "./settings.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "p2p-sync-render-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sources(changes: Partial<ConfigSources>): ConfigSources {
  return { flags: {}, environment: {}, workingDir: folder, homeDir: folder, ...changes };
}

const flags = {
  p2pPort: "0",
  p2pDial: ["/ip4/10.0.0.1/tcp/1", "/ip6/::1/tcp/2"],
  p2pMdns: false,
  networkName: "friends",
  dataDir: 'odd "name" \\ with \u007f and ü',
  logLevel: "info,net=debug",
};

test.each(["plain", "commented"] as const)("what is written %s reads back as the same configuration", (form) => {
  const before = loadConfig(sources({ flags }));
  const file = join(folder, `${form}.toml`);
  writeFileSync(file, renderConfig(before, form));
  const after = loadConfig(sources({ file }));
  expect(after.config).toEqual(before.config);
});

test("a fresh file pins no default", () => {
  const text = renderConfig(loadConfig(sources({ flags: { p2pPort: "5001" } })), "commented");
  const active = text.split("\n").filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("["));
  expect(active).toEqual(["port = 5001"]);
});

test("every setting but the hidden ones is in the file and in the reference, with its names", () => {
  const text = renderConfig(loadConfig(sources({})), "plain");
  const reference = renderReference();
  for (const name of settingNames) {
    const setting = settingOf(name);
    const shown = setting.hidden !== true;
    expect(text.includes(environmentNameOf(setting)), setting.key).toBe(shown);
    expect(reference.includes(`\`${setting.key}\``), setting.key).toBe(shown);
  }
});

test("the file says where a value comes from", () => {
  const text = renderConfig(
    loadConfig(sources({ flags: { p2pPort: "1" }, environment: { P2P_SYNC_HTTP_PORT: "2" } })),
    "plain",
  );
  expect(text).toContain("Set by --port");
  expect(text).toContain("Set by P2P_SYNC_HTTP_PORT");
});
