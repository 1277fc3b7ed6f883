import { expect, test } from "vitest";
import { describeFailure } from "./failure.ts";
import { Fault } from "../base/fault.ts";
import { lanText, welcomeText } from "./start/first-start.ts";
import { readyLine } from "./start/ready-line.ts";
import { readEvents, type SentEvent } from "./server-sent-events.ts";
import { duration, painter, pairs, preview, printable, table } from "./text.ts";
import type { PeerId } from "../base/brand.ts";
import type { Shell } from "./shell.ts";

test("the ready line has every address, the API and the peer", () => {
  const p2p = ["/ip4/127.0.0.1/tcp/4001/p2p/12D3", "/ip6/::1/tcp/4001/p2p/12D3"];
  expect(readyLine({ p2p, peerId: "12D3" as PeerId }, "http://127.0.0.1:9001")).toBe(
    `ready p2p=${p2p.join(",")} http=http://127.0.0.1:9001 peer=12D3\n`,
  );
});

test("a table is aligned, coloured or not, and has no spaces at line ends", () => {
  expect(
    table(
      ["A", "LONG"],
      [
        ["x", "1"],
        ["xxxx", ""],
      ],
    ),
  ).toBe("A     LONG\nx     1\nxxxx\n");
  expect(table(["A", "B"], [["\u001b[32mgreen\u001b[0m", "1"]])).toBe("A      B\n\u001b[32mgreen\u001b[0m  1\n");
});

test("pairs are aligned, and a list goes on below itself", () => {
  expect(
    pairs([
      ["a", "1"],
      ["long", ["x", "y"]],
    ]),
  ).toBe("a     1\nlong  x\n      y\n");
});

test("nothing from outside can steer the terminal", () => {
  expect(printable("a\u001b[2Jb\u0007\n\u202ec\u009b")).toBe("a\\u001b[2Jb\\u0007\\n\\u202ec\\u009b");
});

test("a value is previewed in one cell", () => {
  expect(preview("a\nb", "utf8")).toBe("a\\nb");
  expect(preview("/wA=", "base64")).toBe("<2 bytes>");
  expect(preview("😀".repeat(100), "utf8")).toBe(`${"😀".repeat(59)}…`);
});

test.each([
  [0.4, "0 s"],
  [59, "59 s"],
  [61, "1 min 1 s"],
  [3_660, "1 h 1 min"],
  [90_000, "1 d 1 h"],
])("%d seconds are %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [true, {}, true],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [true, { TERM: "dumb" }, false],
  [false, {}, false],
])("terminal %s with %j: colours %s", (isTTY, environment, coloured) => {
  const paint = painter({ stdout: { isTTY } as Shell["stdout"], environment });
  expect(paint("x", "green")).toBe(coloured ? "\u001b[32mx\u001b[0m" : "x");
});

test("a failure is one line with the next step, and the exit code of its fault", () => {
  expect(describeFailure(new Fault("no_node", "No node answers at\nhttp://x"), "get", false)).toEqual({
    exit: 3,
    text: "p2p-sync get: No node answers at\\nhttp://x. Start one with p2p-sync start, or name it with --api or --data-dir.\n",
  });
  expect(describeFailure(new Fault("invalid_config", "x.toml:3: p2p.prot is an unknown key."), "start", false)).toEqual(
    {
      exit: 2,
      text: "p2p-sync start: x.toml:3: p2p.prot is an unknown key.\n",
    },
  );
  expect(describeFailure(new Fault("not_found", "gone", { key: "k" }), "get", true)).toEqual({
    exit: 4,
    text: '{"code":"not_found","message":"gone","details":{"key":"k"}}\n',
  });
  expect(describeFailure(new TypeError("bug"), "get", false)).toMatchObject({
    exit: 1,
    text: expect.stringContaining("TypeError: bug") as string,
  });
});

test("the first start names the network and how to have another", () => {
  expect(welcomeText("p2p-sync")).toMatch(/network is "p2p-sync".*--network NAME/s);
  expect(lanText(1, 0)).toBe("Found on the LAN so far: 1 node of this network and 0 nodes of other networks.\n");
});

test("events are read across any cut of the stream", async () => {
  const text =
    'retry: 1000\n\n: heartbeat\n\nid: 1\ndata: {"a":"ü"}\n\nid: 2\nevent: fault\ndata: one\ndata: two\n\ndata: last\n\ndata: cut';
  const bytes = Buffer.from(text);
  for (const step of [1, 7, bytes.length]) {
    const chunks = (async function* () {
      for (let start = 0; start < bytes.length; start += step) yield bytes.subarray(start, start + step);
    })();
    const events: SentEvent[] = [];
    for await (const event of readEvents(chunks)) events.push(event);
    expect(events).toEqual([
      { type: "message", id: "1", data: '{"a":"ü"}' },
      { type: "fault", id: "2", data: "one\ntwo" },
      { type: "message", id: "2", data: "last" },
    ]);
  }
});
