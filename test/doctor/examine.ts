/** Runs the command as an operator does, and reads what it found. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect } from "vitest";
import type { DiagnosisView } from "../../src/api/doctor-views.ts";
import type { DoctorCause } from "../../src/node/doctor/causes.ts";
import { command } from "../support/real-node.ts";
import { until } from "../support/until.ts";

export interface Examined {
  readonly exit: number | null;
  readonly view: DiagnosisView;
}

/** Guess: five times what it may take by its own bounds. */
const examiningMsMax = 30_000;

/** `wrap` is a program and arguments put in front, such as `unshare --net`. */
export async function examine(flags: readonly string[], wrap: readonly string[] = []): Promise<Examined> {
  const [program = "", ...rest] = [...wrap, command, "doctor", "--json", ...flags];
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("P2P_SYNC_")));
  const child = spawn(program, rest, { env: environment, timeout: examiningMsMax, stdio: ["ignore", "pipe", "pipe"] });
  const [out, errors, [exit]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (!out.startsWith("{")) throw new Error(`doctor ended with ${exit}: ${out}${errors}`);
  return { exit: exit as number | null, view: JSON.parse(out) as DiagnosisView };
}

/** That cause, that exit code, and no other cause. */
export function expectCause({ exit, view }: Examined, code: DoctorCause, message: RegExp): void {
  expect(view.causes.map((cause) => cause.code)).toEqual([code]);
  const [cause] = view.causes;
  expect(cause?.message).toMatch(message);
  expect(cause?.next.length).toBeGreaterThan(10);
  expect(exit).toBe(cause?.severity === "critical" ? 2 : 1);
}

/** Waits for a cause that takes its time, and sees that no other was named on the way. */
export async function untilCause(
  look: () => Promise<Examined>,
  code: DoctorCause,
  message: RegExp,
  alsoBefore: readonly DoctorCause[] = [],
): Promise<void> {
  let last: Examined | undefined;
  const found = await until(
    `the doctor names ${code}`,
    async () => {
      last = await look();
      const codes = last.view.causes.map((cause) => cause.code);
      expect([code, ...alsoBefore]).toEqual(expect.arrayContaining(codes));
      return codes.length === 1 && codes[0] === code ? last : undefined;
    },
    { deadlineMs: 20_000, everyMs: 100, seen: () => last },
  );
  expectCause(found, code, message);
}
