/**
 * The other side of `asked-process.ts`: answers the questions that come over the process channel
 * with a table of handlers, tells progress a few times a second, and ends after `stop`.
 */
import type { AnswerOf, Asked, CommandSet, ParametersOf, Told } from "./asked-process.ts";
import { nowMs } from "./clock.ts";

const progressEveryMs = 200;

export type Report = (done: number, total: number) => void;

type MaybeLater<Value> = Value | Promise<Awaited<Value>>;

export type Handlers<Commands extends CommandSet<Commands>> = {
  readonly [Name in keyof Commands]: (
    parameters: ParametersOf<Commands, Name>,
    report: Report,
  ) => MaybeLater<AnswerOf<Commands, Name>>;
};

/** Answers until the channel closes; then `onOrphaned` ends what still runs. */
export function answerQuestions<Commands extends CommandSet<Commands>>(
  handlers: Handlers<Commands>,
  onOrphaned: () => void,
): void {
  process.on("message", (asked: Asked) => void answer(handlers, asked));
  process.on("disconnect", onOrphaned);
}

async function answer<Commands extends CommandSet<Commands>>(
  handlers: Handlers<Commands>,
  { id, name, parameters }: Asked,
): Promise<void> {
  let toldAt = nowMs();
  const report: Report = (done, total) => {
    if (nowMs() - toldAt < progressEveryMs) return;
    toldAt = nowMs();
    tell({ type: "progress", id, done, total });
  };
  try {
    const handle = handlers[name as keyof Commands] as (parameters: unknown, report: Report) => unknown;
    tell({ type: "answer", id, value: await handle(parameters, report) });
  } catch (error) {
    tell({ type: "failed", id, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
  if (name === "stop") process.disconnect();
}

function tell(message: Told): void {
  process.send?.(message);
}
