import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createMemoryNode, type MemoryNode } from "../../test/support/memory-facade.ts";
import type { PeerId } from "../base/brand.ts";
import { Fault } from "../base/fault.ts";
import { createPrompt, type PromptEnd } from "./prompt.ts";

interface Session extends MemoryNode {
  readonly stdin: PassThrough;
  readonly stopping: AbortController;
  readonly end: Promise<PromptEnd>;
  output(): string;
  /** Types a line and waits until the prompt is back. */
  type(line: string): Promise<string>;
}

function startSession(): Session {
  const node = createMemoryNode();
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const stopping = new AbortController();
  let output = "";
  stdout.on("data", (chunk) => (output += String(chunk)));
  const end = createPrompt(node.facade, { stdin, stdout, environment: {} }).run(stopping.signal);
  return {
    ...node,
    stdin,
    stopping,
    end,
    output: () => output,
    type: async (line) => {
      const before = output.length;
      stdin.write(`${line}\n`);
      while (!output.slice(before).includes("p2p-sync> ")) await new Promise((resolve) => setTimeout(resolve, 1));
      return output.slice(before).replace("p2p-sync> ", "");
    },
  };
}

test("reads, writes and lists, one line after the other", async () => {
  const { type, stdin, end } = startSession();
  expect(await type("get k")).toBe("k: no value\n");
  expect(await type('add k "a"  b')).toBe("ok\n");
  expect(await type("get k")).toBe('"a"  b\n');
  expect(await type("list")).toBe('KEY  VALUE\nk    "a"  b\n');
  expect(await type("delete k")).toBe("ok\n");
  expect(await type("list")).toBe("nothing there\n");
  expect(await type("status")).toContain("network    p2p-sync\n");
  expect(await type("peers")).toBe("no peers yet\n");
  expect(await type("info")).toContain("data folder  /nowhere\n");
  await type("add k v");
  expect(await type("explain k")).toMatch(/^key +k\nstate +living\nvalue +1 bytes: v\n/);
  expect(await type("converged")).toBe("no member is reachable: there is nobody to compare with\n");
  expect(await type("stale")).toMatch(/^age +current: .*\n\nnothing is set aside\n$/s);
  expect(await type("netcheck")).toMatch(
    /^not known to be reachable: .*\n\nINTERFACE.*\nopen files +ok +20 of 1024\n$/s,
  );
  stdin.write("exit\n");
  expect(await end).toBe("exit command");
});

test("a command that fails says why, and the prompt lives on", async () => {
  const { type, control } = startSession();
  control.failNext = new Fault("clock_refused", "The clock is an hour off.");
  expect(await type("add k v")).toBe(
    "p2p-sync: The clock is an hour off. Set the clock; then run p2p-sync clock repair.\n",
  );
  expect(await type(`add ${"k".repeat(300)} v`)).toContain("A key has 1 to 256 bytes");
  expect(await type("add k v")).toBe("ok\n");
});

test("shows what others write, not what this node writes", async () => {
  const { type, control, output } = startSession();
  await type("add own v");
  control.arrive("colour", Buffer.from("green\u001b[2J"), "12D3KooWOther123456" as PeerId);
  control.arrive("colour", undefined, "12D3KooWOther123456" as PeerId);
  while (!output().includes("deleted")) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(output()).toContain("  colour = green\\u001b[2J (from …123456)\n");
  expect(output()).toContain("  colour deleted (from …123456)\n");
  expect(output()).not.toContain("own =");
});

test("counts instead of showing when very many changes arrive", async () => {
  const { control, output } = startSession();
  for (let index = 0; index < 500; index++)
    control.arrive(`k${index}`, Buffer.from("v"), "12D3KooWOther123456" as PeerId);
  while (!output().includes("… more changes arrive")) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(output().split(" (from ").length).toBeLessThan(20);
});

test("ends at the end of input, after the lines before it", async () => {
  const { stdin, end, facade } = startSession();
  stdin.end("add a 1\nadd b 2\n");
  expect(await end).toBe("end of input");
  expect([await facade.get("a"), await facade.get("b")]).not.toContain(undefined);
});

test("is closed from outside when the node stops", async () => {
  const { stopping, end } = startSession();
  stopping.abort();
  expect(await end).toBe("end of input");
});
