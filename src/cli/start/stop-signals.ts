/**
 * SIGTERM and SIGINT ask a node to stop; a second one ends the process at once. A hang-up means
 * "read the configuration again" to a daemon, and "stop" where the terminal was the node's own.
 */
export interface StopSignals {
  /** Resolves with the name of the first signal that asks to stop. */
  readonly asked: Promise<NodeJS.Signals>;
  /** Counts as the first request, for stops that do not come from a signal. */
  arm(): void;
  release(): void;
}

export interface SignalHandlers {
  /** Runs on the second request, and must end the process. */
  readonly force: (signal: NodeJS.Signals) => void;
  /** Undefined: a hang-up asks to stop. */
  readonly reload: (() => void) | undefined;
}

export function listenForSignals({ force, reload }: SignalHandlers): StopSignals {
  let requested = false;
  let resolveAsked: (signal: NodeJS.Signals) => void = () => undefined;
  const asked = new Promise<NodeJS.Signals>((resolve) => (resolveAsked = resolve));
  const onStop = (signal: NodeJS.Signals): void => {
    if (requested) force(signal);
    requested = true;
    resolveAsked(signal);
  };
  const onHangUp = (signal: NodeJS.Signals): void => {
    if (reload !== undefined) reload();
    else if (!requested) onStop(signal); // the end of input may have come first; a lost terminal is not a second request
  };
  process.on("SIGTERM", onStop).on("SIGINT", onStop).on("SIGHUP", onHangUp);
  return {
    asked,
    arm() {
      requested = true;
    },
    release() {
      process.off("SIGTERM", onStop).off("SIGINT", onStop).off("SIGHUP", onHangUp);
    },
  };
}
