/**
 * Sizes of everything that crosses the wire. Decoders refuse what is over them before they
 * allocate; `docs/LIMITS.md` is made from this file and its siblings.
 */

/** Bytes of a key in UTF-8. Source: DESIGN of the data model; longer keys make every index page shallow. */
export const keyBytesMax = 256;
/** Bytes of an inline value; larger values are blobs. Source: decided for the product. */
export const valueBytesMax: number = 64 * 1024;
/** Operations in one batch. Source: decided for the product; keeps a multiproof under 32 KiB. */
export const batchOpsMax = 1_000;
/** Bytes of a whole encoded batch. Source: decided; a gossip message of 1 MiB holds one with room to spare. */
export const batchBytesMax: number = 900 * 1024;
/** Bytes of an encoded fragment: a batch and its Merkle proof of at most one hash per operation. */
export const parcelBytesMax: number = batchBytesMax + 32 * batchOpsMax;
/**
 * Bytes of an encoded trie proof: 63 branches with 15 siblings each (38 KB), a bucket (1 KB), and an operation of the
 * largest size with its header and its proof (66 KB). Source: the layout; a proof in a set of a million is 3 KB.
 */
export const trieProofBytesMax: number = 112 * 1024;
/** Bytes of one gossip message. Source: decided for the product. */
export const gossipBytesMax: number = 1024 * 1024;
/**
 * Operations in one message, in all its batches together: of gossip, a pull or a walk. Whoever sends fills messages no further.
 * Guess: four of the largest batches. Measured: a message of the smallest operations costs the replica's thread 6 µs for each, so this
 * is 25 ms, where 1 MiB of them would be 1.2 s.
 */
export const messageOpsMax = 4_096;
/** Bytes of an admit frame. Guess: a hello needs about 200. */
export const admitFrameBytesMax: number = 4 * 1024;
/** Bytes of an ack frame: 64 ranges need 1,035. */
export const ackFrameBytesMax: number = 64 * 1024;
/** Bytes of a frontier frame: one parcel of the largest size, or 4,096 origins of one range each, fit. */
export const frontierFrameBytesMax: number = 1024 * 1024 + 64 * 1024;
/** Bytes of a walk frame: 64 KiB, or one fragment with the largest operation and its proof. Source: decided for the product. */
export const walkFrameBytesMax: number = 72 * 1024;
/** Nodes in one walk message: what answers twelve asked ones, whose children all differ. */
export const walkNodesMax = 256;
/** Entries named at one path of a walk: of more, the subtrees are compared first. Guess: 1.5 KB, about what a further round trip would send. */
export const walkEntriesMax = 64;
/** Bytes of any frame on a link. Source: decided for the product. */
export const linkFrameBytesMax: number = 10 * 1024 * 1024;
/** Origins in one frontier message. Source: decided for the product. */
export const frontierOriginsMax = 4_096;
/** Held ranges named per origin: 64 gaps lie between 65 ranges. Source: decided for the product. */
export const frontierRangesMax = 65;
/** Ranges in one ack. */
export const ackRangesMax = 64;
/** Bytes of the program's name and version in a hello. */
export const agentBytesMax = 64;
/** Bytes of the words in a goodbye. */
export const reasonBytesMax = 256;
/** Largest time to live, in seconds: 32 bits on the wire, 136 years. */
export const ttlSecondsMax = 0xffff_ffff;
/** Bytes of a peers frame: 32 addresses of the longest kind. */
export const peersFrameBytesMax: number = 8 * 1024;
/** Addresses told in one answer. Guess: four places of a mesh may be filled from it many times over. */
export const knownPeersMax = 32;
/** Ports named in a question to be dialed back. Guess: the one it listens on, and one that a router forwards. */
export const dialBackPortsMax = 4;
/** Bytes of one address. Guess: a relayed address with two peer ids has 190. */
export const addressBytesMax = 200;
/** Bytes of the cause in a peer's view. */
export const causeBytesMax = 32;
/** Bytes of each sentence in a peer's view. Guess: the longest of ours has 350. */
export const viewTextBytesMax = 512;
