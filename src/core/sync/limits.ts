/** Limits of spreading and repair. */

/** Time between two pulls from the same peer, in ms. Source: decided for the product. */
export const pullEveryMs = 30_000;
/** Share of that time by which it varies. Guess. */
export const pullJitter = 0.2;
/** A pull without any progress for so long is given up, in ms. Guess. */
export const pullStallMs = 15_000;
/** A pull that takes longer makes way for others that are due, in ms; it goes on at its next turn. Guess: a million entries take two turns. */
export const pullTurnMsMax = 60_000;
/** Parcel frames on the way to the asker at once. Guess: 1 MiB covers 100 ms at 80 Mbit/s. */
export const pullWindowFrames = 4;
/** Bytes of parcels after which a frame is full; the last parcel may reach beyond, so with the largest it still fits a frame. Guess: 8 ms of verification. */
export const parcelFrameBytes: number = 128 * 1024;
/** The same where a round trip is long. Guess: four such frames are what yamux moves on one stream in a round trip. */
export const parcelFrameBytesMax: number = 256 * 1024;
/** Pace that four frames in a round trip allow, in bytes a second, as far as frames may grow. Guess: 80 Mbit/s; more would run into the window of the stream. */
export const pullBytesPerSecond: number = 10 * 1024 * 1024;
/** Entries in one frame of superseded ranges, each up to 1,100 bytes. Guess: under a tenth of the frame limit. */
export const supersededOriginsMax = 100;
/** Superseded ranges an asker keeps until they are proven or the pull ends. Guess: 5 MiB. */
export const supersededClaimsMax = 50_000;
/** Pulls served on one link at once; a further one takes the place of the oldest. Source: decided for the product (sessions per peer). */
export const servesPerLinkMax = 2;
/** A served pull whose asker says nothing for so long is forgotten when another comes, in ms. Source: twice the time after which an asker gives up. */
export const serveSilentMs = 30_000;
/** Pulls served at once: two on each admitted link. */
export const servesMax: number = servesPerLinkMax * 50;
/** Origins and ranges a served pull may name, together. Guess: a hundred thousand writers of one range each. */
export const servedRangesMax = 200_000;
/** Origins and ranges of all pulls that are not asked to their end yet. Guess: 60 MiB. */
export const askingRangesMax = 400_000;
/** Time between two pulls served on one link, in ms; an earlier one is told `busy`. Guess: a fiftieth of the usual pause. */
export const servedEveryMsMin = 500;
/** Entries that a peer has beyond twice ours from which on no walk begins while a pull may bring them. Guess: a walk through fewer costs little. */
export const joiningEntriesMin = 1_000;
/** Pulls in a row that moved nothing while the sets differed, from which on a walk looks for the reason. Guess: after one the peer may only be behind. */
export const unexplainedPullsMax = 2;
/** Time between two walks with one peer, in ms. Guess: a third of the usual pause between pulls. */
export const walkEveryMsMin = 10_000;
/** Ranges of batch numbers kept of what a peer lacks or has beyond us. Guess: enough to name the keys that are shown. */
export const gapRangesMax = 64;
/** Acknowledgements to one peer are collected for so long, in ms. Source: decided for the product. */
export const ackBatchMs = 20;
/** Entries looked at for the summary of one prefix. Source: decided for the product. */
export const prefixEntriesMax = 100_000;
/** Time between two such questions answered on one link, in ms. Source: decided for the product. */
export const prefixEveryMsMin = 1_000;
/** Entries of a prefix looked at in one turn. Measured: 15 to 28 µs each on 2 cores with a load of 13. */
export const prefixSliceEntries = 1_000;
/** Pause after an answer for each entry looked at, over all links, in ms. Measured: a scan takes a quarter of it on a busy machine. */
export const prefixPauseMsPerEntry = 0.1;
/** Questions of our own user that wait for their scan. Source: the node takes as many checks at once. */
export const prefixOwnMax = 16;
/** Questions of our own whose answers are remembered. Guess: four times as many as are asked at once. */
export const prefixQuestionsMax = 64;
/** Members whose acknowledgements are remembered. Guess: twice as many as are linked. */
export const ackersMax = 100;
/** Ranges remembered of what one member acknowledged; the oldest are forgotten first. Guess: one is usual. */
export const ackedRangesMax = 256;
/** A writer's latest batches that are acknowledged anew when it is linked. Guess: more than wait at once from one hand. */
export const acknowledgedAnewMax = 1_024;
/** Time since everything was compared with anybody after which a user's first prefixes are asked for anew, in ms. Guess. */
export const firstAfterMs = 600_000;
/** Writes waiting for other members at once. Guess. */
export const sharedWaitsMax = 10_000;
/** Bytes a decoded operation takes beside its own. Measured: 270 for its view, the rest for its fields. */
export const opMemoryBytes = 512;
/** Bytes of batches waiting for their signatures to be checked. Guess. */
export const verifyingBytesMax: number = 64 * 1024 * 1024;
/** Bytes up to which batches of one turn share a gossip message. Source: gossip floods messages up to 16 KiB; larger ones travel the mesh. */
export const gossipGatherBytes: number = 64 * 1024;
/** Requests of a walk on the way at once. Guess: a thousand scattered differences in a million entries need 25 of the last kind. */
export const walkWindow = 32;
/** Nodes whose children are compared by one request of a walk. Source: the answer fits a frame of 64 KiB when all differ. */
export const walkChildrenNodesMax = 12;
/** Nodes compared entry by entry by one request of a walk. Source: as many with 64 entries each fit a frame of 64 KiB. */
export const walkEntriesNodesMax = 40;
/** Entries below a path that a walk sends without comparing further: of more, the subtrees are compared first. Guess: four times what the asker names. */
export const walkSentEntriesMax = 256;
/** Bytes of parcels after which a frame of a walk is full; one fragment of the largest operation still fits the frame. */
export const walkParcelBytes: number = 64 * 1024;
/** Frames of parcels of a walk on the way to the asker at once. Source: one for each request that may wait, since scattered differences fill no frame. */
export const walkParcelWindow = 32;
/** A walk without any progress for so long is given up, in ms. Source: as for a pull. */
export const walkStallMs = 15_000;
/** A walk that takes longer makes way for pulls, in ms; it goes on at its next turn with what still differs. Guess. */
export const walkTurnMsMax = 60_000;
/** Nodes a walk asks for, beside as many as it has entries, without anything new coming of it. Guess. */
export const walkFruitlessNodesMax = 4_096;
/** Round trips that depend on each other in one walk. Source: decided for the product; a trie of 10^12 entries takes six. */
export const walkRoundsMax = 16;
/** Own entries a walk counts of which the peer has nothing; more are found by the next one. Guess: 80 KB. */
export const walkExtrasMax = 10_000;
/** Walks served at once; a further one is told `busy`. Guess: each keeps the pages that change meanwhile, up to the trie's own size. */
export const walksServedMax = 16;
/** Walks served on one link at once; a further one takes the place of the oldest. Source: decided for the product. */
export const walksPerLinkMax = 2;
/** A served walk whose asker says nothing for so long is forgotten, in ms. Source: twice the time after which an asker gives up. */
export const walkSilentMs = 30_000;
/** Bytes of answers to one asker in a second; beyond it answers wait. Guess: a tenth of a loopback link. */
export const walkBytesPerSecond: number = 16 * 1024 * 1024;
/** What an operation of a batch counts against that budget, in bytes, when a fragment of the batch is made: the whole batch is read and hashed. Guess: 4 µs. */
export const walkReadOpBytes = 64;
/** Bytes of answers to one asker that need not wait. Guess: a walk through a thousand differences. */
export const walkBytesBurst: number = 4 * 1024 * 1024;
