/**
 * The other half of an explanation: what the peer itself says of this node, or where it cannot be asked, what
 * neighbours see of it. And what this node says when it is asked.
 */
import type { PeerId } from "../base/brand.ts";
import { authorOf } from "../codec/peer-id.ts";
import type { Outcome } from "../core/effects.ts";
import type { HeardView, HeardViews, ViewWords } from "../ports/heard-view.ts";
import { viewWithinMs } from "../core/peers/views/limits.ts";
import type { Explanation, ExplanationFact, ToldView } from "./facade.ts";
import { refusalOf } from "./write-request.ts";

/** `ask` is answered within 2 s. Throws what it throws. */
export async function askViews(explanation: Explanation, ask: (of: PeerId) => Promise<Outcome>): Promise<Explanation> {
  const of = askedAbout(explanation);
  if (of === undefined) return explanation;
  const outcome = await ask(of);
  if (outcome.type === "refused" && outcome.code === "overloaded")
    return withFacts(explanation, [{ name: "other views", text: `not asked for: ${outcome.message}` }], []);
  if (outcome.type !== "views") throw refusalOf(outcome);
  return withFacts(explanation, factsOf(of, outcome), outcome.views.map(toldView));
}

/** What this node tells others of how it stands to a peer. */
export function viewOf({ cause, conclusion, next }: Explanation): ViewWords {
  return { cause, conclusion, next };
}

/** A peer with a name, though this node may never have heard it. */
function askedAbout({ peer, target, cause }: Explanation): PeerId | undefined {
  if (cause === "self" || cause === "ambiguous") return undefined;
  const named = peer ?? (target as PeerId);
  return authorOf(named) === undefined ? undefined : named;
}

function factsOf(of: PeerId, { views, silent }: HeardViews): readonly ExplanationFact[] {
  if (views.length + silent.length === 0)
    return [{ name: "its view", text: "not known: no member is linked that could ask it" }];
  const own = views.filter(({ by }) => by === of);
  const others = views.filter(({ by }) => by !== of);
  const quiet = silent.map((peer) => ({
    name: peer === of ? "its view" : "other view",
    text: `no answer within ${viewWithinMs / 1000} s${peer === of ? "" : ` from ${peer}`}`,
  }));
  return [...own.map(ownFact), ...others.map(otherFact), ...quiet];
}

function ownFact({ by, through, ...words }: HeardView): ExplanationFact {
  return { name: "its view", text: `of this node${by === through ? "" : ` (through ${through})`}: ${wordsOf(words)}` };
}

function otherFact({ by, ...words }: HeardView): ExplanationFact {
  return { name: "other view", text: `${by} says of it: ${wordsOf(words)}` };
}

function wordsOf({ cause, conclusion, next }: ViewWords): string {
  return `"${conclusion}" (${cause}) "${next}"`;
}

function toldView({ through, ...view }: HeardView): ToldView {
  return { ...view, through: through === view.by ? undefined : through };
}

function withFacts(
  explanation: Explanation,
  facts: readonly ExplanationFact[],
  views: readonly ToldView[],
): Explanation {
  return { ...explanation, facts: [...explanation.facts, ...facts], views };
}
