/** Limits of noticing and remembering partitions. */

/** Members lost within this time of each other were cut off by one event, in ms. Guess: goodbyes aside, sockets of one cut end within a second or two. */
export const oneCutMsMax = 5_000;
/** Partitions kept, the newest. Guess: a month of a bad network. */
export const partitionsKeptMax = 32;
/** Conflicts listed for one partition; all are counted. Guess: what an operator reads. */
export const partitionConflictsListedMax = 20;
/** Lost members that are waited for before they count as cut off. Guess: four times as many as can be linked. */
export const missingMax = 200;
/** How long a member is missed, in ms; after that it is a member no more. Source: the data model's definition of a member. */
export const missedMsMax: number = 24 * 60 * 60 * 1000;
/** How long after a return the other side's writes are waited for, in ms. Guess: a million entries take two turns of a minute. */
export const settleMsMax: number = 10 * 60 * 1000;
/** How long a cut may last before the links show it, in ms. Source: a link is closed after 120 s of silence, and 30 s for late timers and its closing. */
export const unnoticedMsMax = 150_000;
/** Time between two saves of counts alone, in ms; a crash forgets what was counted since. Guess: a save costs a sync. */
export const countsSavedEveryMs = 10_000;
