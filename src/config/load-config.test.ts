import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Fault } from "../base/fault.ts";
import { loadConfig, type ConfigSources, type LoadedConfig } from "./load-config.ts";
import type { Problem } from "./problem.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "p2p-sync-config-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(sources: Partial<ConfigSources> = {}): LoadedConfig {
  return loadConfig({ flags: {}, environment: {}, workingDir: folder, homeDir: join(folder, "home"), ...sources });
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function problemsOf(act: () => unknown): readonly Problem[] {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "invalid_config") throw error;
    return (error.details["problems"] as readonly Problem[] | undefined) ?? [{ message: error.message }];
  }
  throw new Error("it was accepted");
}

describe("precedence", () => {
  const cases: readonly [string, Partial<ConfigSources>, string | undefined, number, string][] = [
    ["the default where nobody says anything", {}, undefined, 4001, "default"],
    ["the file over the default", {}, "[p2p]\nport = 1111\n", 1111, "file"],
    [
      "the environment over the file",
      { environment: { P2P_SYNC_P2P_PORT: "2222" } },
      "[p2p]\nport = 1111\n",
      2222,
      "environment",
    ],
    [
      "the flag over the environment",
      { environment: { P2P_SYNC_P2P_PORT: "2222" }, flags: { p2pPort: "3333" } },
      "[p2p]\nport = 1111\n",
      3333,
      "flag",
    ],
  ];
  test.each(cases)("%s", (_, sources, file, port, origin) => {
    const loaded = load({ ...sources, ...(file !== undefined && { file: write("node.toml", file) }) });
    expect(loaded.config.p2pPort).toBe(port);
    expect(loaded.origins.p2pPort.type).toBe(origin);
  });

  test("a bad value in the file is refused even where a flag overrides it", () => {
    const file = write("node.toml", "[p2p]\nport = -1\n");
    expect(problemsOf(() => load({ file, flags: { p2pPort: "3333" } }))).toHaveLength(1);
  });

  test("the result is frozen, lists included", () => {
    const { config } = load({ flags: { p2pDial: ["/ip4/10.0.0.1/tcp/4001"] } });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.p2pDial)).toBe(true);
  });

  test("a repeated flag is a list, and so are words with commas in the environment", () => {
    const [a, b] = ["/ip4/10.0.0.1/tcp/1", "/dns4/host.example/tcp/2"];
    expect(load({ flags: { p2pDial: [a, b] } }).config.p2pDial).toEqual([a, b]);
    expect(load({ environment: { P2P_SYNC_P2P_DIAL: `${a}, ${b}` } }).config.p2pDial).toEqual([a, b]);
  });
});

describe("problems in a file name the file, the line and the key", () => {
  const cases: readonly [string, string, number, RegExp][] = [
    [
      "an unknown key",
      "# ports\n\n[p2p]\nport = 1\nprot = 2\n",
      5,
      /p2p\.prot is an unknown key; did you mean p2p\.port\?/,
    ],
    ["an unknown key at the top", "colour = 1\n", 1, /colour is an unknown (key|section)/],
    [
      "an unknown section",
      "[p2p]\nport = 1\n\n[htpp]\nport = 2\n",
      4,
      /htpp is an unknown section; did you mean http\?/,
    ],
    ["an unknown empty section", "\n[nothing]\n", 2, /nothing is an unknown section/],
    ["a section where a setting is wanted", "[data_dir]\n", 1, /is a setting, not a section/],
    ["a setting where a section is wanted", "p2p = 1\n", 1, /is a section, not a setting/],
    ["text for a number", '[p2p]\nport = "4001"\n', 2, /p2p\.port must be a whole number, not "4001"/],
    ["a fraction for a whole number", "[p2p]\nport = 1.5\n", 2, /must be a whole number, not 1\.5/],
    ["a number over its range", "[p2p]\nport = 65536\n", 2, /must be from 0 to 65535, not 65536/],
    ["a number under its range, with its unit", "[sync]\ninterval_seconds = 0\n", 2, /must be from 1 to 3600 s, not 0/],
    ["a number for text", "[network]\nname = 5\n", 2, /network\.name must be text/],
    ["a bad network name", '[network]\nname = "My Net"\n', 2, /network\.name must have 1 to 64 characters/],
    ["a word that is no choice", '[p2p]\nfamily = "ipv4"\n', 2, /must be dual, v4 or v6only, not "ipv4"/],
    ["text for a switch", '[p2p]\nmdns = "no"\n', 2, /must be true or false/],
    [
      "a bad item after good ones",
      '[p2p]\ndial = [\n  "/ip4/10.0.0.1/tcp/1",\n  "10.0.0.1:1",\n]\n',
      2,
      /p2p\.dial has "10\.0\.0\.1:1", which must be an address such as/,
    ],
    ["an item twice", '[p2p]\nencrypters = ["noise", "noise"]\n', 2, /must not name anything twice/],
    ["an empty list where one is needed", "[p2p]\ntransports = []\n", 2, /must have 1 to 3 items, not 0/],
    ["an unknown transport", '[p2p]\ntransports = ["pigeon"]\n', 2, /may contain only tcp, quic or ws, not "pigeon"/],
    ["an address others can reach", '[http]\nhost = "0.0.0.0"\n', 2, /must be a loopback address .*needs TLS/],
    ["a log level that is none", '[log]\nlevel = "net=loud"\n', 2, /must be a level/],
  ];
  test.each(cases)("%s", (_, text, line, message) => {
    const file = write("node.toml", text);
    const [problem, ...more] = problemsOf(() => load({ file }));
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ file, line, message: expect.stringMatching(message) as string });
    expect(problem?.message.startsWith(`${file}:${line}: `)).toBe(true);
  });

  test("text that is no TOML", () => {
    const file = write("node.toml", "[p2p]\nport = 1\nport = 2\n");
    expect(problemsOf(() => load({ file }))[0]?.message).toMatch(/node\.toml:3: /);
  });

  test("all problems at once", () => {
    const file = write("node.toml", "[p2p]\nport = -1\nmdns = 3\n[log]\nfarmat = 1\n");
    const problems = problemsOf(() =>
      load({ file, environment: { P2P_SYNC_HTTP_PORT: "x" }, flags: { p2pFamily: "both" } }),
    );
    expect(problems.map(({ line }) => line)).toEqual([undefined, undefined, 2, 3, 5]);
  });

  test("a file that is not there, or far too large", () => {
    expect(problemsOf(() => load({ file: "missing.toml" }))[0]?.message).toMatch(/missing\.toml cannot be read/);
    const file = write("large.toml", "#".repeat(200_000));
    expect(problemsOf(() => load({ file }))[0]?.message).toMatch(/has 200000 bytes/);
  });
});

describe("problems elsewhere name the flag or the variable", () => {
  test.each([
    [{ flags: { p2pPort: "70000" } }, "--port must be from 0 to 65535, not 70000"],
    [{ flags: { p2pPort: "0x10" } }, '--port must be a whole number, not "0x10"'],
    [{ flags: { p2pDial: ["nowhere"] } }, '--dial has "nowhere", which must be an address such as'],
    [{ environment: { P2P_SYNC_P2P_MDNS: "maybe" } }, 'P2P_SYNC_P2P_MDNS must be true or false, not "maybe"'],
    [{ flags: { p2pPort: "7000", httpPort: "7000" } }, "p2p.port and http.port are both 7000"],
    [{ flags: { p2pListen: ["::1"], p2pFamily: "v4" } }, "p2p.listen has ::1, but p2p.family is v4"],
    [
      { flags: { p2pAnnounce: ["/ip4/192.0.2.1/tcp/1"], p2pFamily: "v6only" } },
      "p2p.announce has /ip4/192.0.2.1/tcp/1, but p2p.family is v6only: IPv6 only",
    ],
    [
      { flags: { p2pDial: ["/dns6/host.example/tcp/1"], p2pFamily: "v4" } },
      "p2p.dial has /dns6/host.example/tcp/1, but p2p.family is v4: IPv4 only",
    ],
    [
      { flags: { p2pFamily: "v6only" }, environment: { P2P_SYNC_HTTP_HOST: "127.0.0.1" } },
      "http.host is 127.0.0.1, but p2p.family is v6only",
    ],
    [
      { flags: { p2pTransports: "tcp,ws", p2pWsPort: "7000", p2pPort: "7000" } },
      "p2p.ws_port and p2p.port are both 7000",
    ],
  ] as const)("%j", (sources, message) => {
    expect(problemsOf(() => load(sources))[0]?.message).toContain(message);
  });

  test("with IPv6 only the API is on ::1 unless told otherwise", () => {
    expect(load({ flags: { p2pFamily: "v6only" } }).config.httpHost).toBe("::1");
    expect(load({ flags: { p2pFamily: "dual" } }).config.httpHost).toBe("127.0.0.1");
  });

  test("a variable that only looks like a setting is a warning: container hosts set such ones", () => {
    const { warnings } = load({
      environment: { P2P_SYNC_PORT: "tcp://10.0.0.1:4001", P2P_SYNC_TOKEN: "x", PATH: "/bin" },
    });
    expect(warnings).toEqual(["the environment variable P2P_SYNC_PORT is no setting and has no effect"]);
  });
});

test("a test port is refused without the environment's leave, and in a network whose name does not begin with testnet", () => {
  const settings = (name: string): string => `[network]\nname = "${name}"\n[test]\nfault_port = true\n`;
  const leave = { P2P_SYNC_TEST_FAULTS: "1" };
  const good = write("testnet.toml", settings("testnet-1"));
  expect(problemsOf(() => load({ file: good }))[0]?.message).toMatch(/test\.fault_port breaks the node on purpose/);
  expect(load({ file: good, environment: leave }).config.testFaultPort).toBe(true);
  for (const name of ["friends", "my-testnet", "test-net"]) {
    const bad = write(`${name}.toml`, settings(name));
    expect(problemsOf(() => load({ file: bad, environment: leave }))[0]?.message).toMatch(/must begin with "testnet"/);
  }
  const flags = { P2P_SYNC_TEST_FAULT_PORT: "true", P2P_SYNC_NETWORK_NAME: "testnet-1" };
  expect(problemsOf(() => load({ environment: flags }))).toHaveLength(1);
});

test("a log file is relative to the file that names it, or else to the working folder, and none by default", () => {
  mkdirSync(join(folder, "b"));
  const file = write("b/other.toml", '[log]\nfile = "logs/node.log"\n');
  expect(load({ file }).config.logFile).toBe(join(folder, "b", "logs", "node.log"));
  expect(load({ flags: { logFile: "here.log" } }).config.logFile).toBe(join(folder, "here.log"));
  expect(load({}).config.logFile).toBe("");
});

describe("the data folder", () => {
  test.each([
    ["under the home folder by default", {}, "home/.local/state/p2p-sync"],
    [
      "under XDG_STATE_HOME where that is set",
      { environment: { XDG_STATE_HOME: "/var/state" } },
      "/var/state/p2p-sync",
    ],
    ["not under a relative XDG_STATE_HOME", { environment: { XDG_STATE_HOME: "state" } }, "home/.local/state/p2p-sync"],
    ["relative to the working folder", { flags: { dataDir: "b" } }, "b"],
    ["with ~ for the home folder", { environment: { P2P_SYNC_DATA_DIR: "~/d" } }, "home/d"],
  ])("is %s", (_, sources, expected) => {
    expect(load(sources).config.dataDir).toBe(expected.startsWith("/") ? expected : join(folder, expected));
  });

  test("its config.toml is read without being named", () => {
    mkdirSync(join(folder, "b"));
    const file = write("b/config.toml", "[http]\nport = 7\n");
    const loaded = load({ flags: { dataDir: "b" } });
    expect([loaded.config.httpPort, loaded.file]).toEqual([7, file]);
  });

  test("a named file is read instead, and its data folder is relative to it", () => {
    mkdirSync(join(folder, "b"));
    write("b/config.toml", "[http]\nport = 7\n");
    const file = write("b/other.toml", 'data_dir = "data"\n');
    const { config } = load({ file });
    expect([config.httpPort, config.dataDir]).toEqual([9001, join(folder, "b", "data")]);
  });

  test("its config.toml cannot name another data folder", () => {
    mkdirSync(join(folder, "b"));
    write("b/config.toml", 'data_dir = "../c"\n');
    expect(problemsOf(() => load({ flags: { dataDir: "b" } }))[0]).toMatchObject({
      line: 1,
      message: expect.stringMatching(/names another folder/) as string,
    });
  });
});

describe("--network", () => {
  test("takes a name", () => {
    expect(load({ flags: { networkName: "friends" } }).config.networkName).toBe("friends");
  });

  test("takes the network section of a file and nothing else", () => {
    write("friends.toml", '[network]\nname = "friends"\nhorizon_days = 60\n\n[p2p]\nport = 5\n');
    const { config } = load({ flags: { networkName: "friends.toml" } });
    expect([config.networkName, config.networkHorizonDays, config.p2pPort]).toEqual(["friends", 60, 4001]);
  });

  test("takes a file of any name that is there", () => {
    write("friends", '[network]\nname = "friends2"\n');
    expect(load({ flags: { networkName: "friends" } }).config.networkName).toBe("friends2");
  });

  test("refuses a file without a network section, and one that is missing", () => {
    write("other.toml", "[p2p]\nport = 5\n");
    expect(problemsOf(() => load({ flags: { networkName: "other.toml" } }))[0]?.message).toMatch(
      /needs a \[network\] section/,
    );
    expect(problemsOf(() => load({ flags: { networkName: "gone.toml" } }))[0]?.message).toMatch(
      /gone\.toml cannot be read/,
    );
  });
});

describe("faults for tests", () => {
  test("are refused in ordinary life", () => {
    expect(problemsOf(() => load({ environment: { P2P_SYNC_TEST_DROP_GOSSIP: "1" } }))[0]?.message).toMatch(
      /for tests only/,
    );
  });

  test("work where the environment allows them", () => {
    const { config } = load({ environment: { P2P_SYNC_TEST_FAULTS: "1", P2P_SYNC_TEST_DROP_GOSSIP: "1" } });
    expect([config.testDropGossip, config.testDropFrontier]).toEqual([true, false]);
  });
});
