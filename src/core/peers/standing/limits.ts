/** Limits of what is ruled about peers. */

/** Length of the first, second … automatic ban of a peer, in ms; undefined stands for good. Source: decided for the product. */
export const banMsSteps: readonly (number | undefined)[] = [5 * 60_000, 60 * 60_000, undefined];
/** How long after its end a ban counts for the length of the next one, in ms. Guess: a day without offence is a fresh start. */
export const banRememberedMs = 86_400_000;
/** Rules kept. Guess: more than anybody writes by hand; beyond it the oldest automatic ban gives way. */
export const peerRulesMax = 1_000;
/** Characters of a reason. Guess. */
export const ruleReasonMax = 200;
