/** Files that people write or that lie in a data folder, and streams read line by line. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../../../src/base/assert.ts";
import { type Bytes, utf8Encode } from "../../../src/base/bytes.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { type SentEvent, readEvents } from "../../../src/cli/server-sent-events.ts";
import { readRecord, recordFileOf } from "../../../src/cli/testnet/files.ts";
import { readScenario } from "../../../src/cli/testnet/scenario-file.ts";
import { csvHeader, csvLineOf, readCsv } from "../../../src/cli/transfer/csv.ts";
import { jsonLineOf, readJsonLines } from "../../../src/cli/transfer/jsonl.ts";
import type { Row, TransferRecord } from "../../../src/cli/transfer/record.ts";
import { readConfigFile } from "../../../src/config/config-file.ts";
import type { Problem } from "../../../src/config/problem.ts";
import { settingNames, settingOf } from "../../../src/config/settings.ts";
import { openDataFolder } from "../../../src/drivers/storage/data-folder.ts";
import { readFaultFile } from "../../../src/drivers/faults/fault-set.ts";
import { anyKey } from "../samples.ts";
import { scratchFolder } from "../scratch-folder.ts";
import { type Decoding, type Target, refusedAs } from "../target.ts";
import { refusing } from "./reading.ts";

const group = "files";
/** Files take some 100 µs each. */
const fileBatch = 64;

interface FileReader {
  readonly name: string;
  readonly covers: readonly string[];
  readonly file: string;
  readonly batch?: number;
  valid(prng: Prng): string;
  readonly longest: string;
  read(folder: string): string;
}

function fileTarget({ name, covers, file, batch = fileBatch, valid, longest, read }: FileReader): Target {
  const look = (bytes: Bytes): Decoding => {
    const folder = scratchFolder();
    writeFileSync(join(folder, file), bytes, { mode: 0o600 });
    return refusing(() => ({ outcome: read(folder), again: undefined }));
  };
  return {
    name,
    group,
    covers,
    batch,
    valid: (prng) => utf8Encode(valid(prng)),
    heaviest: () => [utf8Encode(longest)],
    decode: look,
    look,
  };
}

const tomlValues = (prng: Prng): string =>
  prng.pick(["1", "-5", "true", '"text"', "[]", '["a", "b"]', "1.5", "2026-01-01T00:00:00Z", "{ a = 1 }", "0x10"]);

/** One group of settings as a table, and some others by their whole keys. */
function anyConfig(prng: Prng): string {
  const keys = settingNames.map((name) => settingOf(name)).filter(() => prng.chance(0.1));
  const line = ({ key, default: usual }: (typeof keys)[number], from = 0): string =>
    `${key.slice(from)} = ${prng.chance(0.7) ? JSON.stringify(usual) : tomlValues(prng)}\n`;
  const inTable = prng.chance(0.5) ? keys.filter(({ key }) => key.startsWith("p2p.")) : [];
  const others = keys.filter(
    (setting) => !inTable.includes(setting) && (inTable.length === 0 || !setting.key.startsWith("p2p.")),
  );
  const table = inTable.length === 0 ? "" : `[p2p]\n${inTable.map((setting) => line(setting, 4)).join("")}`;
  return others.map((setting) => line(setting)).join("") + table;
}

const steps = [
  'expect = { peers = "all", within = "20s" }',
  'put = { node = 1, key = "a", value = "b" }\nexpect = { converged = "5s" }',
  'partition = "1,2|3"\nexpect = [{ node = 1, peers = 1 }, { node = 3, peers = 0 }]',
  'name = "load"\nload = { node = "all", keys = 5, bytes = 100 }\nexpect = [{ entries = 60, within = "30s" }]',
  'heal = true\nexpect = { node = 2, key = "left", value = "by 1" }',
];

function anyScenario(prng: Prng): string {
  const written = Array.from({ length: 1 + prng.below(4) }, () => `[[step]]\n${prng.pick(steps)}\n`);
  return `name = "a"\nnodes = 3\nseed = ${prng.below(9)}\n${written.join("\n")}`;
}

const anySse = (prng: Prng): string =>
  Array.from({ length: prng.below(4) }, () =>
    prng.pick([
      ": heartbeat\n\n",
      `id: ${prng.below(99)}\ndata: {"key":"${anyKey(prng)}"}\n\n`,
      "event: fault\ndata: {}\n\n",
    ]),
  ).join("");

export const targets: readonly Target[] = [
  fileTarget({
    name: "config-file",
    covers: [
      "config/config-file.ts readConfigFile",
      "config/toml-file.ts readTomlFile",
      "config/toml-file.ts parseToml",
    ],
    file: "config.toml",
    valid: anyConfig,
    longest: settingNames
      .map((name) => `${settingOf(name).key} = ${JSON.stringify(settingOf(name).default)}`)
      .join("\n"),
    read(folder) {
      const problems: Problem[] = [];
      readConfigFile(join(folder, "config.toml"), problems);
      assert(
        problems.every(({ line = 0 }) => line >= 1),
        "a problem has its line",
      );
      return problems.length === 0 ? "ok" : "ok with problems";
    },
  }),
  fileTarget({
    name: "scenario-file",
    covers: [
      "cli/testnet/scenario-file.ts readScenario",
      "cli/testnet/scenario-actions.ts readAction",
      "cli/testnet/scenario-expectations.ts readExpectation",
    ],
    file: "scenario.toml",
    valid: anyScenario,
    longest: `nodes = 3\n${steps.map((step) => `[[step]]\n${step}\n`).join("")}`,
    read(folder) {
      const { steps: read } = readScenario(join(folder, "scenario.toml"));
      return read.length > 1 ? "ok several" : "ok";
    },
  }),
  fileTarget({
    name: "fault-file",
    covers: ["drivers/faults/fault-set.ts readFaultFile"],
    file: "faults.json",
    valid: (prng) => JSON.stringify({ cut: [], seed: prng.below(99), diskFull: prng.chance(0.5) }),
    longest: JSON.stringify({ cut: Array.from({ length: 1_024 }, (_, i) => `peer${i}`) }),
    read(folder) {
      return readFaultFile(folder).diskFull ? "ok full" : "ok";
    },
  }),
  fileTarget({
    name: "testnet-record",
    covers: ["cli/testnet/files.ts readRecord"],
    file: "testnet.json",
    valid: (prng) =>
      JSON.stringify({ layout: 1, network: "n", settings: {}, netns: null, nodes: [], seed: prng.below(9) }),
    longest: JSON.stringify({ layout: 1, nodes: Array.from({ length: 50 }, (_, number) => ({ number })) }),
    read(folder) {
      assert(recordFileOf(folder) === join(folder, "testnet.json"), "the record lies where it is written here");
      return readRecord(folder) === undefined ? "nothing" : "ok";
    },
  }),
  fileTarget({
    name: "identity-file",
    covers: ["drivers/storage/data-folder.ts openDataFolder"],
    file: "identity.key",
    batch: 16,
    valid: (prng) => `${Buffer.from(prng.bytes(32)).toString("hex")}\n`,
    longest: `${"ab".repeat(32)}\n`,
    read(folder) {
      const opened = openDataFolder(folder);
      opened.release();
      assert(opened.identitySeed.length === 32, "an identity is 32 bytes");
      return "ok";
    },
  }),
  transferTarget({
    name: "csv",
    covers: ["cli/transfer/csv.ts readCsv"],
    header: csvHeader,
    read: readCsv,
    write: csvLineOf,
  }),
  transferTarget({
    name: "json-lines",
    covers: ["cli/transfer/jsonl.ts readJsonLines"],
    header: "",
    read: readJsonLines,
    write: jsonLineOf,
  }),
  {
    name: "server-sent-events",
    group,
    covers: ["cli/server-sent-events.ts readEvents"],
    batch: 256,
    valid: (prng) => utf8Encode(anySse(prng)),
    heaviest: () => [utf8Encode(`data: ${"v".repeat(64 * 1024)}\n\n`)],
    decode: (bytes) => collect([bytes]),
    /** However the bytes are cut, the same events come out. */
    async look(bytes) {
      const whole = await collect([bytes]);
      const middle = bytes.length >>> 1;
      const cut = await collect([bytes.subarray(0, middle), bytes.subarray(middle)]);
      assert(JSON.stringify(whole) === JSON.stringify(cut), "events do not depend on how the stream is cut");
      return whole.length === 0 ? refusedAs("ok none") : { outcome: "ok", again: undefined };
    },
  },
];

interface Transfer {
  readonly name: string;
  readonly covers: readonly string[];
  readonly header: string;
  readonly read: (chunks: AsyncIterable<Uint8Array>) => AsyncGenerator<readonly Row[]>;
  readonly write: (record: TransferRecord) => string;
}

/** Reads rows alike however the file is cut, and every record as it would be written. */
function transferTarget({ name, covers, header, read, write }: Transfer): Target {
  const rows = async (chunks: readonly Bytes[]): Promise<readonly Row[]> => {
    const all: Row[] = [];
    for await (const some of read(inOrder(chunks))) all.push(...some);
    return all;
  };
  const look = async (bytes: Bytes): Promise<Decoding> => {
    const whole = await rows([bytes]);
    const middle = bytes.length >>> 1;
    const cut = await rows([bytes.subarray(0, middle), bytes.subarray(middle)]);
    assert(JSON.stringify(whole) === JSON.stringify(cut), "rows do not depend on how the file is cut");
    const records = whole.flatMap((row) => ("record" in row ? [row.record] : []));
    const written = await rows([utf8Encode(header + records.map(write).join(""))]);
    const again = written.flatMap((row) => ("record" in row ? [row.record] : []));
    assert(JSON.stringify(again) === JSON.stringify(records), "records are read as they are written");
    return {
      outcome: records.length > 0 ? "ok" : whole.length > 0 ? "ok, but problems" : "ok, but empty",
      again: undefined,
    };
  };
  const record = (prng: Prng): TransferRecord => ({
    key: anyKey(prng),
    value: prng.pick(["v", 'a "quoted" one', "two\r\nlines", ",,", ""]),
    encoding: prng.pick(["utf8", "base64"]),
    expiresAt: prng.pick([undefined, "2026-01-02T03:04:05.000Z"]),
  });
  return {
    name,
    group,
    covers: [...covers, "cli/transfer/lines.ts readLines"],
    batch: 128,
    valid: (prng) => utf8Encode(header + Array.from({ length: prng.below(4) }, () => write(record(prng))).join("")),
    heaviest: () => [],
    decode: (bytes) => rows([bytes]).catch(() => undefined),
    look: (bytes) =>
      look(bytes).catch((error: unknown) =>
        refusing(() => {
          throw error;
        }),
      ),
  };
}

async function collect(chunks: readonly Bytes[]): Promise<readonly SentEvent[]> {
  const events: SentEvent[] = [];
  for await (const event of readEvents(inOrder(chunks))) events.push(event);
  return events;
}

async function* inOrder(chunks: readonly Bytes[]): AsyncGenerator<Bytes> {
  yield* chunks;
}
