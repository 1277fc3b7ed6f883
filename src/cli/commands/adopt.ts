/**
 * `adopt`: this node follows a peer once in what is old. That takes entries out of the set here, so
 * it asks first.
 */
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import type { ConvergenceView } from "../../api/insight-views.ts";
import type { StaleView } from "../../api/stale-views.ts";
import type { ExplanationView } from "../../api/views.ts";
import { Fault } from "../../base/fault.ts";
import { describeAdoption, entriesOf } from "../describe-stale.ts";
import type { ExitCode } from "../failure.ts";
import { askJson } from "../http-client.ts";
import type { Shell } from "../shell.ts";
import type { Target } from "../target.ts";
import { asVerb, jsonLine, type Registry, type VerbContext } from "../verb.ts";
import { waitMsOf } from "../wait-flag.ts";

interface AdoptFlags {
  readonly yes?: boolean;
  readonly wait?: string;
}

/** Without `--wait`, in ms. Guess: comparing a million entries that differ in a few thousand. */
const waitMsDefault = 120_000;
/** Pause between two looks, in ms. Guess. */
const lookEveryMs = 250;
/** Pause between two lines of progress, in ms. Guess. */
const tellEveryMs = 2_000;

export function addAdopt(registry: Registry): void {
  const command = registry.program
    .command("adopt <PEER>")
    .description("Follow a linked peer once in what is old: take what it has, set aside what it has not")
    .option("--yes", "do not ask")
    .option("--wait <TIME>", "wait so long until all is compared, as 30s or 2m (default 2m)")
    .addHelpText("after", "\nExample:\n  p2p-sync adopt 12D3KooWAFHa");
  asVerb<AdoptFlags>(command, registry, (context, asked = "") => adopt(context, asked));
}

async function adopt(context: VerbContext<AdoptFlags>, asked: string): Promise<ExitCode> {
  const { target, shell, options, json, print } = context;
  const waitMs = waitMsOf(options.wait, waitMsDefault);
  const peer = await peerOf(target, asked);
  shell.stderr.write(affected(peer, await staleOf(target)));
  if (options.yes !== true && !(await isConfirmed(shell))) {
    shell.stderr.write("nothing was done\n");
    return 1;
  }
  const body = Buffer.from(JSON.stringify({ peer }));
  await askJson(target, { method: "POST", path: "/v1/stale/adopt", body });
  const { adoption, comparing } = await untilOver(context, waitMs);
  if (adoption === null) throw new Fault("internal", "The node does not know of the order any more.");
  const isDone = adoption.state === "done";
  const equal = isDone ? await isEqualTo(target, peer) : null;
  if (json) print(jsonLine({ ...adoption, equal }));
  else print(`${describeAdoption(adoption, comparing)}\n${isDone ? equalText(equal) : nextText[adoption.state]}\n`);
  return isDone ? 0 : 1;
}

/** The one linked peer that is meant. */
async function peerOf(target: Target, asked: string): Promise<string> {
  const query = new URLSearchParams({ target: asked });
  const { peer, cause, conclusion } = await askJson<ExplanationView>(target, {
    method: "GET",
    path: `/v1/why?${query}`,
  });
  if (cause === "self" || cause === "ambiguous") throw new Fault("invalid_argument", conclusion, { field: "peer" });
  if (peer === null || cause !== "connected") throw new Fault("peer_not_connected", conclusion, { peer: asked });
  return peer;
}

function staleOf(target: Target): Promise<StaleView> {
  return askJson<StaleView>(target, { method: "GET", path: "/v1/stale?limit=1" });
}

function affected(peer: string, { apart }: StaleView): string {
  const known = apart.find((each) => each.peer === peer);
  const count =
    known === undefined
      ? "how many is known once all is compared"
      : `${entriesOf(known.entries)} when it was last compared (${known.at})`;
  return `Old entries here that ${peer} has not are set aside: ${count}.
Old entries that it has are taken over. Other members decide for themselves.
`;
}

async function isConfirmed({ stdin, stderr }: Shell): Promise<boolean> {
  if (stdin.isTTY !== true)
    throw new Fault("invalid_argument", "There is no terminal to ask at: say --yes.", { field: "yes" });
  const lines = createInterface({ input: stdin, output: stderr });
  const answer = await new Promise<string>((resolve) => {
    lines.once("close", () => resolve("")); // ctrl-D, or ctrl-C
    lines.question("Go on? [y/N] ", resolve);
  });
  lines.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function untilOver({ target, shell }: VerbContext<AdoptFlags>, waitMs: number): Promise<StaleView> {
  const began = performance.now();
  for (let toldAt = began; ;) {
    const view = await staleOf(target);
    const now = performance.now();
    if (view.adoption?.state !== "waiting" || now - began >= waitMs) return view;
    if (now - toldAt >= tellEveryMs) {
      toldAt = now;
      shell.stderr.write(`${describeAdoption(view.adoption, view.comparing)}\n`);
    }
    await pause(lookEveryMs);
  }
}

async function isEqualTo(target: Target, peer: string): Promise<boolean | null> {
  const { members } = await askJson<ConvergenceView>(target, { method: "GET", path: "/v1/converged" });
  const state = members.find((member) => member.peer === peer)?.state;
  return state === undefined || state === "silent" ? null : state === "equal";
}

function equalText(equal: boolean | null): string {
  if (equal === null) return "it has not told yet whether both are equal now: p2p-sync converged";
  return equal ? "both are equal now" : "they are not equal yet: p2p-sync converged tells who lags";
}

const nextText = {
  waiting: "this goes on by itself: p2p-sync stale tells what comes of it",
  linkLost: "run it again once it is linked: p2p-sync peers",
  done: "",
} as const;
