/**
 * Pages: the trie as it is kept. The trie's own shape (buckets of 16) would be half a million nodes
 * for a million entries, so a subtree of up to 256 entries is one packed array, and its inner nodes
 * are computed when somebody asks. Pages are what is written to disk and read back.
 *
 * A page belongs to an epoch. One of an older epoch is shared with snapshots and never changed: it
 * is copied first (`owned`).
 */
import type { Bytes } from "../../../base/bytes.ts";
import { assert } from "../../../base/assert.ts";
import type { OpId } from "../../../ports/store.ts";
import { type TrieEntry, childStretches, entryBytes, find, hashOf, write } from "./entries.ts";

/** Entries of a page; one more splits it by the next digit. Guess: 18 KB, 40 µs to hash. */
export const pageEntriesMax = 256;
/** Entries of a subtree that lost some, at which it is one page again: half, so that it does not split at once. */
export const pageEntriesJoined: number = pageEntriesMax / 2;
/** Entries a page has room for before it is copied to a larger array. */
const slackEntries = 16;

export interface Page {
  readonly type: "page";
  /** The digits all its positions share. */
  readonly path: string;
  readonly epoch: number;
  count: number;
  /** Undefined where it must be computed. */
  hash: Bytes | undefined;
  /** Undefined while it is on disk only. */
  body: Uint8Array | undefined;
  /** The first operation in it that the disk does not have, or undefined when the disk has all. */
  dirtySince: OpId | undefined;
}

export function emptyPage(path: string, epoch: number): Page {
  return { type: "page", path, epoch, count: 0, hash: undefined, body: new Uint8Array(0), dirtySince: undefined };
}

export function bodyOf(page: Page): Uint8Array {
  assert(page.body !== undefined, "a page is loaded before it is read");
  return page.body;
}

/** The page itself, or a copy that belongs to the epoch. */
export function owned(page: Page, epoch: number): Page {
  return page.epoch === epoch ? page : { ...page, epoch, body: bodyOf(page).slice(0, page.count * entryBytes) };
}

/** Puts an entry in the place of the one at its position, or in between. */
export function setEntry(page: Page, entry: TrieEntry): void {
  const { at, found } = find(bodyOf(page), page.count, entry.position);
  if (!found) makeRoom(page, at);
  write(bodyOf(page), at, entry);
  page.hash = undefined;
}

/** Takes out the entry at a position; false where there is none. */
export function removeEntry(page: Page, position: Bytes): boolean {
  const body = bodyOf(page);
  const { at, found } = find(body, page.count, position);
  if (!found) return false;
  body.copyWithin(at * entryBytes, (at + 1) * entryBytes, page.count * entryBytes);
  page.count -= 1;
  page.hash = undefined;
  return true;
}

/** The pages of the 16 children, where they have entries. */
export function splitPage(page: Page): readonly (Page | undefined)[] {
  const depth = page.path.length;
  const body = bodyOf(page);
  return childStretches(body, { from: 0, to: page.count }, depth).map(({ from, to }, digit) =>
    from === to
      ? undefined
      : {
          ...page,
          path: page.path + digit.toString(16),
          count: to - from,
          hash: undefined,
          body: body.slice(from * entryBytes, to * entryBytes),
        },
  );
}

/** One page of several, which follow each other. */
export function joinPages(path: string, epoch: number, pages: readonly Page[]): Page {
  const count = pages.reduce((sum, page) => sum + page.count, 0);
  const body = new Uint8Array(count * entryBytes);
  let at = 0;
  for (const page of pages) {
    body.set(bodyOf(page).subarray(0, page.count * entryBytes), at);
    at += page.count * entryBytes;
  }
  return { type: "page", path, epoch, count, hash: undefined, body, dirtySince: undefined };
}

export function pageHash(page: Page): Bytes {
  page.hash ??= hashOf(bodyOf(page), { from: 0, to: page.count }, page.path.length);
  return page.hash;
}

function makeRoom(page: Page, at: number): void {
  const used = page.count * entryBytes;
  let body = bodyOf(page);
  if (body.length < used + entryBytes) {
    const larger = new Uint8Array(used + slackEntries * entryBytes);
    larger.set(body.subarray(0, used));
    body = page.body = larger;
  }
  body.copyWithin((at + 1) * entryBytes, at * entryBytes, used);
  page.count += 1;
}
