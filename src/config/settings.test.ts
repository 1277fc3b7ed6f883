import { expect, test } from "vitest";
import { checkValue } from "./check-value.ts";
import { networkDescriptor } from "./network-descriptor.ts";
import { defaultConfig, environmentNameOf, flagNameOf, settingNames, settingOf } from "./settings.ts";

const all = settingNames.map((name) => settingOf(name));

test("every default passes its own check", () => {
  for (const setting of all) expect(checkValue(setting, setting.default), setting.key).toMatchObject({ ok: true });
});

test("keys, flags and environment names are each used once", () => {
  const flags = all.map(flagNameOf).filter((flag) => flag !== undefined);
  for (const names of [all.map(({ key }) => key), flags, all.map(environmentNameOf)])
    expect(new Set(names).size).toBe(names.length);
});

test("top-level keys come before sections, and each section is in one piece", () => {
  const sections = all.map(({ key }) => key.split(".").slice(0, -1).join("."));
  const starts = sections.filter((section, index) => section !== sections[index - 1]);
  expect(starts[0]).toBe("");
  expect(new Set(starts).size).toBe(starts.length);
});

test("network settings and only they are in the network section", () => {
  for (const { key, group } of all) expect(key.startsWith("network."), key).toBe(group === "network");
});

test("the network's descriptor lists the agreed values in one form", () => {
  expect(networkDescriptor(defaultConfig())).toBe(
    'p2p-sync network 1\nnetwork.horizon_days=30\nnetwork.name="p2p-sync"\n',
  );
});

test("process settings do not change the descriptor, network settings do", () => {
  const config = defaultConfig();
  expect(networkDescriptor({ ...config, p2pPort: 1, dataDir: "/x" })).toBe(networkDescriptor(config));
  expect(networkDescriptor({ ...config, networkName: "other" })).not.toBe(networkDescriptor(config));
  expect(networkDescriptor({ ...config, networkHorizonDays: 31 })).not.toBe(networkDescriptor(config));
});
