/**
 * Runs a scenario: each step's action, then what it expects, in order, until one fails.
 */
import { setTimeout as wait } from "node:timers/promises";
import { unreachable } from "../../base/assert.ts";
import { Fault } from "../../base/fault.ts";
import { deleteAt, putAllAt, putAt } from "./node-access.ts";
import { findProcess } from "./processes.ts";
import { type Action, describeAction } from "./scenario-actions.ts";
import { complaintAbout, describeExpectation, type Expectation } from "./scenario-expectations.ts";
import type { Scenario, Step } from "./scenario-file.ts";
import type { Testnet } from "./testnet.ts";
import { withClock, withDiskFull, withLossy, withSlow } from "./wishes.ts";

export interface StepResult {
  readonly step: number;
  readonly line: number;
  /** Its name, or what it does and expects. */
  readonly title: string;
  readonly outcome: "passed" | "failed" | "not run";
  readonly elapsedMs: number;
  /** What did not hold, or undefined. */
  readonly reason: string | undefined;
}

const lookEveryMs = 50;
/** Bytes of values in one batch of a load. Guess: a third of what a batch may have. */
const loadBatchBytesMax: number = 256 * 1024;
/** Source: operations a batch may have, 1,000. */
const loadBatchKeysMax = 500;

/** Hands out each result as it comes; the steps behind a failed one are not run. */
export async function runScenario(
  testnet: Testnet,
  { steps }: Scenario,
  onStep: (result: StepResult) => void,
  signal: AbortSignal,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  let isOver = false;
  for (const step of steps) {
    const began = performance.now();
    const reason: string | undefined = isOver || signal.aborted ? undefined : await failureOf(testnet, step, signal);
    const outcome: StepResult["outcome"] =
      isOver || signal.aborted ? "not run" : reason === undefined ? "passed" : "failed";
    isOver ||= outcome !== "passed";
    const elapsedMs = Math.round(performance.now() - began);
    const result: StepResult = { step: step.number, line: step.line, title: titleOf(step), outcome, elapsedMs, reason };
    results.push(result);
    onStep(result);
  }
  return results;
}

function titleOf({ name, action, expectations }: Step): string {
  if (name !== undefined) return name;
  const parts = [...(action === undefined ? [] : [describeAction(action)]), ...expectations.map(describeExpectation)];
  return parts.join("; ");
}

async function failureOf(testnet: Testnet, step: Step, signal: AbortSignal): Promise<string | undefined> {
  try {
    if (step.action !== undefined) await act(testnet, step.action, step.number, signal);
    for (const expectation of step.expectations) {
      const complaint = await watch(testnet, expectation, signal);
      if (complaint !== undefined) return `expected ${describeExpectation(expectation)}: ${complaint}`;
    }
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** What was wrong, at the end of the time or at the first moment it must not be. */
async function watch(testnet: Testnet, expectation: Expectation, signal: AbortSignal): Promise<string | undefined> {
  const { span } = expectation;
  const end = performance.now() + span.ms;
  for (;;) {
    const complaint = await complaintAbout(expectation, testnet);
    const isOver = performance.now() >= end || signal.aborted;
    if (span.type === "within" && (complaint === undefined || isOver)) return complaint;
    if (span.type === "for" && (complaint !== undefined || isOver)) return complaint;
    await wait(lookEveryMs);
  }
}

async function act(testnet: Testnet, action: Action, step: number, signal: AbortSignal): Promise<void> {
  switch (action.type) {
    case "put":
      return await put(testnet, action);
    case "delete":
      return await deleteAt(testnet, testnet.node(action.node), action.key);
    case "load":
      return await load(testnet, action, step);
    case "partition":
      return await testnet.partition(action.groups);
    case "heal":
      return await testnet.heal(action.all);
    case "kill":
      return await testnet.kill(action.node);
    case "pause":
      return testnet.pause(action.node);
    case "resume":
      return await testnet.resume(action.node);
    case "restart":
      await testnet.restart(action.node);
      return await testnet.untilReady(() => undefined);
    case "wipe":
      await testnet.wipe(action.node);
      return await testnet.untilReady(() => undefined);
    case "add":
      await testnet.add();
      return await testnet.untilReady(() => undefined);
    case "wait":
      await wait(action.ms, undefined, { signal }).catch(() => undefined); // an interrupted run ends after its step
      return;
    case "slow":
      return await testnet.wish((wishes) => withSlow(wishes, action.ends, action.delayMs));
    case "lossy":
      return await testnet.wish((wishes) => withLossy(wishes, action.ends, action.percent));
    case "clock":
      return await testnet.wish((wishes) => withClock(wishes, action.node, action.offsetMs));
    case "diskfull":
      return await testnet.wish((wishes) => withDiskFull(wishes, action.node, action.isFull));
    default:
      unreachable(action);
  }
}

async function put(testnet: Testnet, { node, key, value, refused }: Extract<Action, { type: "put" }>): Promise<void> {
  try {
    await putAt(testnet, testnet.node(node), key, value);
  } catch (error) {
    if (refused !== undefined && error instanceof Fault && error.code === refused) return;
    throw error;
  }
  if (refused !== undefined)
    throw new Fault("testnet_failed", `node ${node} took the write that it should have refused with ${refused}`);
}

async function load(testnet: Testnet, action: Extract<Action, { type: "load" }>, step: number): Promise<void> {
  const { node, keys, bytes } = action;
  const runs = testnet.record.nodes.filter(({ number }) => findProcess(testnet.dir, number)?.state === "running");
  const writers = node === "all" ? runs : [testnet.node(node)];
  const perBatch = Math.max(1, Math.min(loadBatchKeysMax, Math.floor(loadBatchBytesMax / bytes)));
  const writeAll = async (writer: (typeof writers)[number]): Promise<void> => {
    for (let from = 0; from < keys; from += perBatch) {
      const pairs = Array.from({ length: Math.min(perBatch, keys - from) }, (_, place): [string, string] => {
        const name = `load/s${step}/n${writer.number}/${String(from + place).padStart(6, "0")}`;
        return [name, `${name} `.repeat(Math.ceil(bytes / (name.length + 1))).slice(0, bytes)];
      });
      await putAllAt(testnet, writer, pairs);
    }
  };
  await Promise.all(writers.map(writeAll));
}
