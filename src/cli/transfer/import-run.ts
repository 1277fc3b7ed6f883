/**
 * An import from its first line to its last: records are checked here, sent in batches, one under
 * way while the next is read. Batches are written in the order of the file, so a failure leaves
 * everything before a line written and nothing behind it: the import can be taken up there.
 */
import { Fault } from "../../base/fault.ts";
import { Batcher, type ImportBatch, importOpOf } from "./batcher.ts";
import type { Row } from "./record.ts";

export interface ImportOptions {
  readonly prefix: string;
  /** Lines before this one are passed over. */
  readonly fromLine: number;
  readonly skipsErrors: boolean;
  now(): number;
  /** Writes a batch; rejects with the fault of the node. */
  send(batch: ImportBatch): Promise<void>;
  /** Hears of every record that is passed over for what is wrong with it. */
  onProblem(line: number, problem: string): void;
  onProgress(counts: ImportCounts, offset: number): void;
}

export interface ImportCounts {
  imported: number;
  expired: number;
  skipped: number;
  batches: number;
}

/** Throws `invalid_argument` that names the line of a bad record, or the node's fault, both with the line to go on from. */
export async function runImport(rows: AsyncIterable<readonly Row[]>, options: ImportOptions): Promise<ImportCounts> {
  const run = new ImportRun(options);
  for await (const some of rows) {
    for (const row of some) await run.take(row);
  }
  await run.finish();
  return run.counts;
}

class ImportRun {
  readonly counts: ImportCounts = { imported: 0, expired: 0, skipped: 0, batches: 0 };
  readonly #options: ImportOptions;
  readonly #batcher = new Batcher();
  #underWay: Promise<void> | undefined;

  constructor(options: ImportOptions) {
    this.#options = options;
  }

  async take(row: Row): Promise<void> {
    const { prefix, fromLine, now, onProgress } = this.#options;
    if (row.line < fromLine) return;
    const op = "problem" in row ? row : importOpOf(row.record, prefix, now());
    if (op === "expired") this.counts.expired += 1;
    else if ("problem" in op) await this.#refuse(row.line, op.problem);
    else {
      const full = this.#batcher.add(op, row.line);
      if (full !== undefined) {
        await this.#send(full);
        onProgress(this.counts, row.offset);
      }
    }
  }

  async finish(): Promise<void> {
    const last = this.#batcher.take();
    if (last !== undefined) await this.#send(last);
    await this.#underWay;
  }

  async #send(batch: ImportBatch): Promise<void> {
    await this.#underWay;
    this.#underWay = this.#options.send(batch).then(
      () => {
        this.counts.imported += batch.ops;
        this.counts.batches += 1;
      },
      (error: unknown) => {
        throw stoppedAt(batch, error);
      },
    );
    this.#underWay.catch(() => undefined); // awaited before the next batch, or at the end
  }

  async #refuse(line: number, problem: string): Promise<void> {
    if (this.#options.skipsErrors) {
      this.counts.skipped += 1;
      return this.#options.onProblem(line, problem);
    }
    await this.finish();
    throw new Fault(
      "invalid_argument",
      `Line ${line}: ${problem}. What stands before it is written; mend it and go on with --from-line ${line}, or pass over such lines with --on-error skip.`,
      { line, problem, ...this.counts },
    );
  }
}

function stoppedAt({ firstLine, lastLine }: ImportBatch, error: unknown): unknown {
  if (!(error instanceof Fault)) return error;
  return new Fault(
    error.code,
    `Lines ${firstLine} to ${lastLine} were not confirmed: ${error.message} What stands before them is written; go on with --from-line ${firstLine}.`,
    { ...error.details, firstLine, lastLine },
    error,
  );
}
