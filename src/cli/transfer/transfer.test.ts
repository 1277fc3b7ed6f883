import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Fault } from "../../base/fault.ts";
import { limits } from "../../api/limits.ts";
import { batchBytesMax } from "../../codec/limits.ts";
import { Batcher, type ImportBatch, importOpOf } from "./batcher.ts";
import { csvHeader, csvLineOf, readCsv } from "./csv.ts";
import { type ImportCounts, type ImportOptions, runImport } from "./import-run.ts";
import { jsonLineOf, readJsonLines } from "./jsonl.ts";
import { type Row, type TransferRecord, recordBytesMax } from "./record.ts";

type Read = (chunks: AsyncIterable<Uint8Array>) => AsyncGenerator<readonly Row[]>;

/** All rows of a text that comes in chunks of so many bytes. */
async function rowsOf(read: Read, content: string | Uint8Array, chunkBytes = 7): Promise<Row[]> {
  const bytes = Buffer.from(content as string);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const rows: Row[] = [];
  for await (const some of read(chunks())) rows.push(...some);
  return rows;
}

const inWords = (row: Row): string =>
  `${row.line} ${"problem" in row ? row.problem : `${row.record.key}=${row.record.value}`}`;

const records = fc.array(
  fc.record({
    key: fc.string({ unit: "grapheme" }),
    value: fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom('"', "a,b", "\r\n", "\n", '""', "x\r", ",")),
    encoding: fc.constantFrom("utf8" as const, "base64" as const),
    expiresAt: fc.constantFrom(undefined, "2026-01-31T12:00:00.000Z"),
  }),
);

test.each([
  ["JSON lines", "", jsonLineOf, readJsonLines],
  ["CSV", csvHeader, csvLineOf, readCsv],
] as const)("what is written as %s is read again, in whatever chunks it comes", async (_, header, lineOf, read) => {
  await fc.assert(
    fc.asyncProperty(records, fc.integer({ min: 1, max: 40 }), async (all: readonly TransferRecord[], chunkBytes) => {
      const rows = await rowsOf(read, header + all.map(lineOf).join(""), chunkBytes);
      expect(rows.map((row) => ("record" in row ? row.record : row.problem))).toEqual(all);
    }),
    { numRuns: 60 },
  );
});

test("each bad JSON line is told by its number, and the others are read", async () => {
  const text = [
    '{"key":"a","value":"1"}',
    "",
    "nonsense",
    '["a"]',
    '{"key":1,"value":"x"}',
    '{"key":"a"}',
    '{"key":"a","value":"x","encoding":"hex"}',
    '{"key":"a","value":"x","stamp":3}',
    '{"key":"b","value":"2","expiresAt":null}',
  ].join("\r\n");
  const told = (await rowsOf(readJsonLines, text)).map(inWords);
  expect(told.map((words) => words.replace(/no JSON: .*/, "no JSON"))).toEqual([
    "1 a=1",
    "3 no JSON",
    "4 no JSON object",
    '5 "key" is not a text',
    '6 "value" is not a text',
    '7 "encoding" is utf8 or base64',
    '8 unknown field "stamp"',
    "9 b=2",
  ]);
  expect((await rowsOf(readJsonLines, Uint8Array.of(0x22, 0xff, 0x22))).map(inWords)).toEqual([
    "1 the line is not UTF-8",
  ]);
});

test("a line without end takes no more memory than the bound, and the next one is read", async () => {
  const text = `${"x".repeat(3 * recordBytesMax)}\n{"key":"a","value":"1"}\n`;
  const rows = await rowsOf(readJsonLines, text, 64 * 1024);
  expect(rows.map(inWords)).toEqual([`1 the line is over ${recordBytesMax} bytes`, "2 a=1"]);
  expect(rows.map(({ offset }) => offset)).toEqual([3 * recordBytesMax + 1, text.length]);
});

test("CSV as others write it: columns in any order, quoted line breaks, a byte order mark, bad records told", async () => {
  const text = [
    "\ufeffvalue,key",
    'one,"a"',
    '"two\r\nlines, and a ""quote""",b',
    "too,many,fields",
    'a"b"c,d',
    "",
    ",empty",
    '"never ends,x',
  ].join("\r\n");
  const rows = await rowsOf(readCsv, text);
  expect(rows.map(inWords)).toEqual([
    "2 a=one",
    '3 b=two\r\nlines, and a "quote"',
    "5 3 fields, while the header has 2",
    "6 a quote stands inside a field that is not quoted",
    "8 empty=",
    "9 the record is without the end of a quoted field",
  ]);
  await expect(rowsOf(readCsv, "a,b\r\n1,2\r\n")).rejects.toMatchObject({ code: "invalid_argument" });
});

test("a quote that is never closed takes work by the length of the file, not by its square", async () => {
  const processorMs = async (lines: number): Promise<number> => {
    const bytes = new TextEncoder().encode(`${csvHeader}"${"\n".repeat(lines)}`);
    const before = process.threadCpuUsage();
    for await (const rows of readCsv(inOne(bytes))) expect(rows.length).toBeLessThan(2);
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000;
  };
  await processorMs(10_000); // compiled
  expect(await processorMs(160_000)).toBeLessThan(32 * (await processorMs(10_000)) + 100); // by the square: 256 times
});

async function* inOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe("a batch", () => {
  const op = (key: string, value: string): ReturnType<typeof importOpOf> =>
    importOpOf({ key, value, encoding: "utf8", expiresAt: undefined }, "", 0);
  const batches = (ops: readonly ReturnType<typeof importOpOf>[]): ImportBatch[] => {
    const batcher = new Batcher();
    const full = ops.map((each, i) =>
      typeof each === "object" && "key" in each ? batcher.add(each, i + 1) : undefined,
    );
    return [...full, batcher.take()].filter((batch) => batch !== undefined);
  };

  test("has at most 1,000 operations, and each key once, in the order of the file", () => {
    const many = batches(Array.from({ length: 2_500 }, (_, i) => op(`k${i}`, "v")));
    expect(many.map(({ ops, firstLine, lastLine }) => [ops, firstLine, lastLine])).toEqual([
      [1_000, 1, 1_000],
      [1_000, 1_001, 2_000],
      [500, 2_001, 2_500],
    ]);
    const twice = batches([op("a", "1"), op("b", "1"), op("a", "2")]);
    expect(twice.map(({ body }) => body.toString())).toEqual([
      '{"ops":[{"put":{"key":"a","value":"1"}},{"put":{"key":"b","value":"1"}}]}',
      '{"ops":[{"put":{"key":"a","value":"2"}}]}',
    ]);
  });

  test("stays below the node's bounds in bytes, as JSON and as it is signed", () => {
    for (const value of ["\u0001".repeat(64 * 1024), "x".repeat(64 * 1024), "ü".repeat(32 * 1024)]) {
      const all = batches(Array.from({ length: 40 }, (_, i) => op(`k${i}`, value)));
      expect(all.reduce((sum, { ops }) => sum + ops, 0)).toBe(40);
      for (const { body, ops } of all) {
        expect(body.length).toBeLessThanOrEqual(limits.batchBodyBytesMax);
        expect(ops * 64 * 1024).toBeLessThanOrEqual(batchBytesMax);
      }
    }
  });

  test.each([
    ["an empty key", { key: "" }, "a key has 1 to 256 bytes"],
    ["a large value", { value: "x".repeat(65_537) }, "the value has 65537 bytes"],
    ["base64 in another form", { value: "/wA", encoding: "base64" as const }, "the value is not base64"],
    ["no time", { expiresAt: "soon" }, "the expiry is no time"],
    ["a far time", { expiresAt: "2400-01-01T00:00:00Z" }, "the expiry is over 136 years away"],
  ])("takes no %s", (_, changes, words) => {
    const record = { key: "k", value: "", encoding: "utf8" as const, expiresAt: undefined, ...changes };
    expect(importOpOf(record, "", 0)).toEqual({ problem: expect.stringContaining(words) as string });
  });

  test("has what is left of a time to live, and passes over what has expired", () => {
    const record = { key: "k", value: "", encoding: "utf8" as const, expiresAt: "1970-01-01T00:01:00.000Z" };
    expect(importOpOf(record, "p/", 20_000)).toMatchObject({ json: '{"put":{"key":"p/k","value":"","ttl":40}}' });
    expect(importOpOf(record, "", 60_000)).toBe("expired");
  });
});

describe("an import", () => {
  async function* rows(...words: readonly string[]): AsyncGenerator<readonly Row[]> {
    yield words.map((word, i) => {
      const place = { line: i + 1, offset: i };
      if (word === "bad") return { ...place, problem: "is bad" };
      return { ...place, record: { key: word, value: "v", encoding: "utf8", expiresAt: undefined } };
    });
  }
  const sent: string[] = [];
  const run = (all: AsyncGenerator<readonly Row[]>, changes: Partial<ImportOptions> = {}): Promise<ImportCounts> => {
    sent.length = 0;
    return runImport(all, {
      prefix: "",
      fromLine: 1,
      skipsErrors: false,
      now: () => 0,
      send: async ({ body }) =>
        void sent.push(...[...body.toString().matchAll(/"key":"(\w+)"/g)].map(([, key]) => key ?? "")),
      onProblem: (line, problem) => sent.push(`${line} ${problem}`),
      onProgress: () => undefined,
      ...changes,
    });
  };

  test("stops at a bad line with everything before it written, and names the line to go on from", async () => {
    const stopped = run(rows("a", "b", "bad", "c"));
    await expect(stopped).rejects.toMatchObject({ code: "invalid_argument", details: { line: 3, imported: 2 } });
    await expect(stopped).rejects.toThrow("--from-line 3");
    expect(sent).toEqual(["a", "b"]);
    expect(await run(rows("a", "b", "bad", "c"), { fromLine: 4 })).toMatchObject({ imported: 1 });
  });

  test("passes over bad lines where it is told to", async () => {
    const counts = await run(rows("a", "bad", "c"), { skipsErrors: true });
    expect([counts, sent]).toMatchObject([{ imported: 2, skipped: 1 }, ["2 is bad", "a", "c"]]);
  });

  test("that the node refuses ends with the node's code and the lines that were not confirmed", async () => {
    const words = Array.from({ length: 1_500 }, (_, i) => `k${i}`);
    const send = ({ firstLine }: ImportBatch): Promise<void> =>
      firstLine === 1 ? Promise.resolve() : Promise.reject(new Fault("disk_full", "no room."));
    await expect(run(rows(...words), { send })).rejects.toMatchObject({
      code: "disk_full",
      details: { firstLine: 1_001, lastLine: 1_500 },
    });
  });
});
