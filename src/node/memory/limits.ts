/** How a limit of memory is kept (`budget.ts`), and what of it each part may hold (`plan.ts`). */
import type { Millis } from "../../base/brand.ts";

/** Time between two looks at the resident memory. Guess: 10 µs each; what comes at 100 MB/s takes 10 MB in it. */
export const memoryLookEveryMs: Millis = 100;
/** Time between two collections of everything, each of which stops both threads for some 50 ms. Guess. */
export const memoryReliefEveryMs: Millis = 2_000;
/** Shares of the room for memory at which levels begin and, lower, end. Guess: what is on its way when a level begins still fits. */
export const memoryMarks = { slowingFrom: 0.5, slowingUntil: 0.4, refusingFrom: 0.75, refusingUntil: 0.6 } as const;
/** Bytes in a second read from all links. Guess: a link stays alive with a tenth of the lesser. */
export const memoryPaceBytes = { slowing: 8 * 2 ** 20, refusing: 256 * 2 ** 10 } as const;
/** Room that is always counted with, so that a full node does not stop for good. Guess: a few of the largest batches. */
export const memoryRoomBytesMin: number = 16 * 2 ** 20;
/** What one megabyte less of a limit takes from the larger holders of memory: this share of the limit each. Guess: what they hold together with their copies on the way fits a third of it. */
export const memoryShare = 1 / 32;
