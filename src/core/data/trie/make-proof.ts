/**
 * The path from a trie's root to where a key stands or would stand, as a proof shows it
 * (`codec/trie-proof.ts`); what makes the key's own entry is added by whoever has the store.
 */
import type { ProofBranch, ProofEntry, TriePath } from "../../../codec/trie-proof.ts";
import { digitAt } from "../../../codec/trie-shape.ts";
import { equalBytes } from "../../../base/bytes.ts";
import { triePosition } from "../../../crypto/trie-hash.ts";
import type { OpId } from "../../../ports/store.ts";
import type { TrieSnapshot } from "./snapshot.ts";

export type PathEnd =
  | { readonly type: "empty" }
  | { readonly type: "absent"; readonly others: readonly ProofEntry[] }
  /** `id` is the operation on the key. */
  | { readonly type: "present"; readonly others: readonly ProofEntry[]; readonly id: OpId };

export function pathTo(key: string, snapshot: TrieSnapshot): TriePath<PathEnd> {
  const position = triePosition(key);
  const branches: ProofBranch[] = [];
  for (let path = ""; ;) {
    const view = snapshot.view(path);
    if (view.type === "bucket") {
      const own = view.entries.find((entry) => equalBytes(entry.position, position));
      if (own === undefined) return { branches, end: { type: "absent", others: view.entries } };
      const others = view.entries.filter((entry) => entry !== own);
      return { branches, end: { type: "present", others, id: own.id } };
    }
    const digit = digitAt(position, 0, branches.length);
    branches.push(view.children.with(digit, undefined));
    if (view.children[digit] === undefined) return { branches, end: { type: "empty" } };
    path += digit.toString(16);
  }
}
