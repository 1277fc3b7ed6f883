/** One link as the failure detector sees it: when it was heard, and how far its silence has come. */
import type { PeerId } from "../../../base/brand.ts";
import type { LinkId } from "../../../ports/network.ts";
import { RoundTrip } from "./round-trip.ts";

/** What is told of a silent peer: nobody reaches it, or others do and we do not. */
export type SuspicionKind = "suspected" | "unreachableDirectly";

export type Stage =
  /** Heard, and not overdue. */
  | { readonly type: "calm" }
  /** A probe is out; its answer is due by then. */
  | { readonly type: "probed"; until: number }
  /** Others were asked; `witnessAt`: when somebody else was first heard since. */
  | { readonly type: "asked"; since: number; until: number; witnessAt: number | undefined }
  | { readonly type: "told"; readonly kind: SuspicionKind; readonly since: number };

export interface Watched {
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly roundTrip: RoundTrip;
  heardAt: number;
  /** When it is probed next. */
  probeAt: number;
  /** The latest probe. */
  probe: { readonly number: number; readonly at: number } | undefined;
  stage: Stage;
  /** When it is closed, if it stays silent. */
  closeAt: number;
  /** The question to others that is out. */
  question: number | undefined;
  /** Links of those who were asked. */
  helpers: readonly LinkId[];
}

export function watch(link: LinkId, peer: PeerId, mono: number): Watched {
  return {
    link,
    peer,
    roundTrip: new RoundTrip(),
    heardAt: mono,
    probeAt: mono,
    probe: undefined,
    stage: { type: "calm" },
    closeAt: Infinity,
    question: undefined,
    helpers: [],
  };
}

/** Back to a link that is heard. */
export function calmDown(watched: Watched): void {
  watched.stage = { type: "calm" };
  watched.closeAt = Infinity;
  watched.question = undefined;
  watched.helpers = [];
}

/** Time in which we were not there counts for nobody. */
export function excuse(watched: Watched, ms: number): void {
  const { stage } = watched;
  watched.closeAt += ms;
  if (stage.type === "probed") stage.until += ms;
  if (stage.type !== "asked") return;
  stage.since += ms;
  stage.until += ms;
}
