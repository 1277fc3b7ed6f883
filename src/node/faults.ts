/**
 * Faults on purpose, wired into a node of a testnet: what the network and the store are made to
 * do, and the test port that changes it while the node runs. Every other node gets the null
 * object, which neither listens nor stands in anybody's way.
 *
 * Three things must come together, or the node does not start: `test.fault_port`, the environment
 * variable `P2P_SYNC_TEST_FAULTS=1`, and a network whose name begins with `testnet`.
 */
import type { Instant } from "../base/brand.ts";
import { Fault } from "../base/fault.ts";
import { faultPortRefusal } from "../config/contradictions.ts";
import type { Config } from "../config/settings.ts";
import { type FaultServer, startFaultServer } from "../drivers/faults/fault-server.ts";
import { type FaultSet, readFaultFile, writeFaultFile } from "../drivers/faults/fault-set.ts";
import {
  FaultyNetwork,
  type NetworkEnds,
  type NetworkFaults,
  withoutNetworkFaults,
} from "../drivers/faults/network-faults.ts";
import type { LinkFact } from "../drivers/libp2p/driver-types.ts";
import type { DataFolder } from "../drivers/storage/data-folder.ts";
import type { ThreadFaults } from "./thread-messages.ts";

export interface NodeWires extends Omit<NetworkEnds, "dialRefused"> {
  onFact(fact: LinkFact): void;
}

export interface NodeFaults {
  /** What the replica's thread begins with; undefined where it shall know of no faults at all. */
  readonly thread: ThreadFaults | undefined;
  /** Once, before anything passes. */
  connect(wires: NodeWires): NetworkFaults;
  /** Opens the test port; `tell` reaches the replica's thread. */
  serve(tell: (faults: ThreadFaults) => void): Promise<void>;
  close(): Promise<void>;
}

/** Throws `invalid_config` where the test port is asked for and must not be. */
export function openFaults(
  config: Config,
  folder: Pick<DataFolder, "path" | "apiToken">,
  environment: Readonly<Record<string, string | undefined>>,
): NodeFaults {
  if (!config.testFaultPort) return none;
  const refusal = faultPortRefusal(config, environment);
  if (refusal !== undefined) throw new Fault("invalid_config", refusal);
  return new TestnetFaults(folder);
}

const none: NodeFaults = {
  thread: undefined,
  connect: withoutNetworkFaults,
  serve: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

class TestnetFaults implements NodeFaults {
  readonly #folder: Pick<DataFolder, "path" | "apiToken">;
  #faults: FaultSet;
  #network: NetworkFaults | undefined;
  #server: FaultServer | undefined;

  constructor(folder: Pick<DataFolder, "path" | "apiToken">) {
    this.#folder = folder;
    this.#faults = readFaultFile(folder.path);
  }

  get thread(): ThreadFaults {
    return threadFaultsOf(this.#faults);
  }

  connect({ onFact, ...ends }: NodeWires): NetworkFaults {
    const dialRefused = (address: string, attempt: number, reason: string): void => {
      const at = Date.now() as Instant;
      onFact({ type: "dialStarted", at, attempt, address });
      onFact({ type: "dialFailed", at, attempt, failure: "unreachable", reason });
    };
    this.#network = new FaultyNetwork({ ...ends, dialRefused }, this.#faults);
    return this.#network;
  }

  async serve(tell: (faults: ThreadFaults) => void): Promise<void> {
    this.#server = await startFaultServer({
      dataDir: this.#folder.path,
      token: this.#folder.apiToken,
      current: () => this.#faults,
      apply: (faults) => {
        writeFaultFile(this.#folder.path, faults);
        this.#faults = faults;
        this.#network?.apply(faults);
        tell(threadFaultsOf(faults));
      },
    });
  }

  async close(): Promise<void> {
    this.#network?.stop();
    await this.#server?.close();
  }
}

function threadFaultsOf({ clockOffsetMs, diskFull }: FaultSet): ThreadFaults {
  return { clockOffsetMs, diskFull };
}
