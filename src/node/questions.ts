/**
 * What an operator asks of a running node, answered from its replica and its store. Each question
 * throws `stopping` where the node has none of them any more.
 */
import { randomBytes } from "node:crypto";
import type { Incarnation, Instant, PeerId } from "../base/brand.ts";
import { toHex } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import type { Effect } from "../core/effects.ts";
import type { ReplicaSnapshot } from "../core/replica/replica.ts";
import { Standing } from "../core/peers/standing/machine.ts";
import { conflictLogLimits } from "../drivers/storage/conflict-log.ts";
import type { SqliteReader } from "../drivers/storage/sqlite-reader.ts";
import { ConvergenceCheck } from "./convergence.ts";
import type { Explanation, KeyProof, LimitStatus, NetworkHealth, PeerStatus } from "./facade.ts";
import type { Convergence, ConvergenceOptions, KeyExplanation, Partition } from "./insight.ts";
import { explainKey } from "./key-explanation.ts";
import { partitionOf } from "./partition-views.ts";
import { diagnose } from "./doctor/diagnose.ts";
import type { Diagnosis } from "./doctor/diagnosis.ts";
import { lookFromNode } from "./doctor/look-inside.ts";
import { type CheckedNode, checkNetworkNow } from "./netcheck-facts.ts";
import type { NetCheck } from "./netcheck.ts";
import type { ReplicaClient } from "./replica-client.ts";
import { handshakesLatelyMs, judgeNetwork } from "./network-health.ts";
import { askViews, viewOf } from "./other-views.ts";
import { explainPeer } from "./why.ts";
import { refusalOf } from "./write-request.ts";

/** The parts of a running node that know the answers. */
export interface AskedNode extends CheckedNode {
  client(): ReplicaClient;
  reader(): SqliteReader;
  self(): PeerId;
  peers(): readonly PeerStatus[];
  horizonDays(): number;
  upSeconds(): number;
  /** Addresses this node was told to dial. */
  configuredPeers(): number;
  handshakesSince(since: Instant): { readonly succeeded: number; readonly failed: number };
}

export class Questions {
  readonly #node: AskedNode;
  readonly #convergence: ConvergenceCheck;

  constructor(node: AskedNode) {
    this.#node = node;
    this.#convergence = new ConvergenceCheck({
      ask: () => node.client().ask({ type: "comparisonRequested" }),
      askPrefix: (prefix) => node.client().ask({ type: "prefixRequested", prefix }),
      prefixAnswers: (question) => node.client().ask({ type: "prefixAnswersRequested", question }),
      snapshot: () => node.client().snapshot(),
      keysOf: (origins, limit) => node.reader().insight.keysOf(origins, limit),
      keysSince: (at, limit) => node.reader().insight.keysSince(at, limit),
      known: () => node.peers().flatMap(({ id }) => (id === undefined ? [] : [id])),
    });
  }

  /** With what others say of it, as far as they answer within 2 s. */
  async why(target: string): Promise<Explanation> {
    return await askViews(await this.whyHere(target), (of) => this.#node.client().ask({ type: "viewsRequested", of }));
  }

  /** Tells the replica what this node would say of how it stands to a peer; another member asks. */
  giveView({ number, about }: Extract<Effect, { type: "viewWanted" }>): void {
    const given = this.whyHere(about).then((explanation) =>
      this.#node.client().tell({ type: "viewGiven", number, ...viewOf(explanation) }),
    );
    given.catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error;
      // the node is ending, and with it the link on which somebody waits
    });
  }

  /** As far as this node itself knows. */
  async whyHere(target: string): Promise<Explanation> {
    const { candidates, outboxes, wanted, reach } = await this.#node.client().snapshot();
    const outcome = await this.#node.client().ask({ type: "rulesRequested" });
    if (outcome.type !== "peerRules") throw refusalOf(outcome);
    const standing = new Standing(outcome.rules, []);
    const now = Date.now() as Instant;
    return explainPeer(target, {
      self: this.#node.self(),
      peers: this.#node.peers(),
      candidates,
      outboxes,
      wanted,
      reach,
      banOn: (peer, address) => standing.ban(peer, address, now),
      now,
    });
  }

  async prove(key: string): Promise<KeyProof> {
    if (typeof key !== "string") throw new Fault("invalid_argument", `a key is a string, not ${typeof key}`);
    const outcome = await this.#node.client().ask({ type: "proofRequested", key });
    if (outcome.type !== "proof") throw refusalOf(outcome);
    const { summary, proof } = outcome;
    return { root: toHex(summary.root), count: summary.count, proof };
  }

  async converged(options: ConvergenceOptions): Promise<Convergence> {
    return await this.#convergence.run(options);
  }

  /** Newest first. */
  async partitions(): Promise<readonly Partition[]> {
    const outcome = await this.#node.client().ask({ type: "partitionsRequested" });
    if (outcome.type !== "partitions") throw new Fault("internal", `an answer of another kind: ${outcome.type}`);
    return outcome.partitions.map(partitionOf).toReversed();
  }

  /** How the network is, as seen from a replica that stands so. */
  async network(snapshot: ReplicaSnapshot): Promise<NetworkHealth> {
    const now = Date.now() as Instant;
    return judgeNetwork({
      snapshot,
      peers: this.#node.peers(),
      configuredPeers: this.#node.configuredPeers(),
      partitions: await this.partitions(),
      handshakes: this.#node.handshakesSince((now - handshakesLatelyMs) as Instant),
      now,
    });
  }

  async netcheck(): Promise<NetCheck> {
    return await checkNetworkNow(this.#node, await this.#node.client().snapshot());
  }

  async doctor(limits: () => Promise<readonly LimitStatus[]>): Promise<Diagnosis> {
    const node = this.#node;
    return diagnose(
      await lookFromNode({
        config: () => node.config(),
        announced: () => node.announced(),
        linked: () => node.links().filter(({ admitted }) => admitted).length,
        upSeconds: () => node.upSeconds(),
        whyHere: (target) => this.whyHere(target),
        netcheck: () => this.netcheck(),
        limits,
        clock: async () => (await node.client().snapshot()).clock,
      }),
    );
  }

  async repairClock(): Promise<{ readonly reissued: number }> {
    const incarnation = randomBytes(8).toString("hex") as Incarnation;
    const outcome = await this.#node.client().ask({ type: "clockRepairRequested", incarnation });
    if (outcome.type !== "repaired") throw refusalOf(outcome);
    return { reissued: outcome.reissued };
  }

  async explain(key: string): Promise<KeyExplanation> {
    const now = Date.now() as Instant;
    return await explainKey(key, {
      self: this.#node.self(),
      version: (asked) => this.#node.reader().insight.version(asked),
      conflictsOf: (asked) => this.#node.reader().conflictsOf(asked, (now - conflictLogLimits.ageMsMax) as Instant),
      ask: (request) => this.#node.client().ask(request),
      now: () => now,
    });
  }
}
