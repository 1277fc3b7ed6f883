/**
 * The border where notes become log lines, metrics and events, once for each kind.
 */
import type { Instant } from "../../base/brand.ts";
import type { Note } from "../../core/notes.ts";
import type { NodeEvent } from "../../ports/observer.ts";
import type { LogLevel } from "../../config/log-levels.ts";
import { handshakeFailure } from "./handshakes.ts";
import type { LogFields, Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import { type LogModule, levelOf, noteTable } from "./note-table.ts";

export class Observer {
  readonly #metrics: Metrics;
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  #logger: Logger;

  constructor(logger: Logger, metrics: Metrics) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  /** Logs elsewhere, or at other levels, from now on. */
  useLogger(logger: Logger): void {
    this.#logger = logger;
  }

  note(note: Note, at: Instant): void {
    const { type, ...fields } = note;
    const row = noteTable[type];
    this.#logger.log(row.module, levelOf(note), row.message, fields);
    this.#metrics.count("notes_total", { kind: type });
    countNote(this.#metrics, note);
    if (row.event) this.emit({ type, at, detail: fields } as NodeEvent); // the compiler does not see that the two belong together
  }

  log(module: LogModule, level: LogLevel, message: string, fields: LogFields = {}): void {
    this.#logger.log(module, level, message, fields);
  }

  penalty(peer: string, reason: string): void {
    this.#logger.log("peers", "warn", "peer misbehaved", { peer, reason });
    this.#metrics.count("penalties_total", { reason });
  }

  emit(event: NodeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  onEvent(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function countNote(metrics: Metrics, note: Note): void {
  const refusal = handshakeFailure(note);
  if (refusal !== undefined) metrics.count("handshake_failure_reasons", { reason: refusal });
  switch (note.type) {
    case "batchesMerged":
      metrics.count("batches_merged_total", { via: note.via }, note.batches);
      metrics.count("entries_merged_total", { via: note.via }, note.entries);
      if (note.via === "gossip") metrics.observe("gossip_merge_seconds", note.delayMs / 1000);
      break;
    case "parcelRefused":
      metrics.count("batches_refused_total", { reason: note.reason });
      break;
    case "conflict":
      metrics.count("conflicts_total");
      break;
    case "linkAdmitted":
      if (note.direction === "outbound") metrics.count("dials_total", { result: "admitted" });
      break;
    case "linkMismatch":
      metrics.count("link_repairs_total", { kind: note.kind });
      break;
    case "linkGone":
      if (note.lastedMs !== undefined) metrics.count("disconnects_total", { by: note.by, code: note.code });
      else if (note.direction === "outbound") metrics.count("dials_total", { result: note.code });
      break;
    case "dialFailed":
      metrics.count("dials_total", { result: note.failure });
      break;
    case "goodbye":
      metrics.count("goodbyes_total", { by: note.by, code: note.code });
      break;
    case "partitionBegan":
      metrics.count("network_partition_events", { fact: "began" });
      break;
    case "partitionEnded":
      metrics.count("network_partition_events", { fact: "ended" });
      metrics.count("partition_conflicts_total", {}, note.conflicts);
      break;
    case "suspected":
    case "unreachableDirectly":
    case "selfDoubted":
      metrics.count("suspicions_total", { kind: note.type });
      break;
    case "outboxSent":
      metrics.count("outbox_sent_total", {}, note.messages);
      break;
    case "outboxDropped":
      metrics.count("outbox_dropped_total", { reason: note.reason, priority: note.priority }, note.messages);
      break;
    case "pullEnded":
      metrics.count("pulls_total", { how: note.how });
      break;
    default:
      break; // counted by kind only
  }
}
