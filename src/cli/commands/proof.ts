/**
 * `get --proof` and `verify`: values and absences that need no trust in the node that tells them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ProofView } from "../../api/views.ts";
import { Fault } from "../../base/fault.ts";
import type { ExitCode } from "../failure.ts";
import { askJson } from "../http-client.ts";
import { type Checked, checkedProof, rootOf, showProven } from "../describe-proof.ts";
import type { Shell } from "../shell.ts";
import type { Registry, VerbContext } from "../verb.ts";

export interface ProofFlags {
  readonly proof?: boolean;
  readonly out?: string;
  readonly root?: string;
}

/** Asks the node for a proof and checks it here, against the node's root or one brought from elsewhere. */
export async function getProven(context: VerbContext<ProofFlags>, key: string): Promise<ExitCode> {
  const { target, shell, options, json } = context;
  const wanted = options.root === undefined ? undefined : rootOf(options.root);
  const path = `/v1/proof/${encodeURIComponent(key)}`;
  const view = await askJson<ProofView>(target, { method: "GET", path, headers: { accept: "application/json" } });
  const proof = Buffer.from(view.proof, "base64");
  const checked = checkedProof(rootOf(view.root), key, proof);
  if (wanted !== undefined && wanted !== checked.root)
    throw new Fault(
      "proof_refused",
      `The node's set of ${checked.proven.count} entries has root ${checked.root}, not ${wanted}: the sets differ, or changed meanwhile.`,
      { reason: "otherRoot", key, root: wanted, nodeRoot: checked.root },
    );
  if (options.out !== undefined) writeProof(resolve(shell.workingDir, options.out), proof);
  return show(checked, json, shell);
}

/** Options that only mean something with `--proof`. Throws `invalid_argument`. */
export function refuseProofFlags({ out, root }: ProofFlags): void {
  const field = out !== undefined ? "out" : root !== undefined ? "root" : undefined;
  if (field !== undefined) throw new Fault("invalid_argument", `--${field} goes with --proof.`, { field });
}

export function addVerify({ program, shell, outcome }: Registry): void {
  const command = program
    .command("verify <FILE> <KEY>")
    .description(
      "Check a proof from get --proof --out; needs no node. Exit code 1 if it does not hold, 4 if it proves absence",
    )
    .requiredOption("--root <HEX>", "root of the set, from a node you trust (status shows it)")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  p2p-sync verify colour.proof --root 1f0c…e2 colour");
  command.action((file: string, key: string) => {
    const { root, json = false } = command.opts<{ readonly root: string; readonly json?: boolean }>();
    const checked = checkedProof(rootOf(root), key, readProof(resolve(shell.workingDir, file)));
    outcome.exit = show(checked, json, shell);
  });
}

function show(checked: Checked, json: boolean, shell: Shell): ExitCode {
  const { exit, out, err } = showProven(checked, { json, now: Date.now() });
  shell.stdout.write(out);
  if (!json && exit === 0 && shell.stdout.isTTY === true) shell.stdout.write("\n");
  shell.stderr.write(err);
  return exit;
}

function readProof(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Fault("invalid_argument", `The proof cannot be read: ${(error as Error).message}.`, { path }, error);
  }
}

function writeProof(path: string, proof: Uint8Array): void {
  try {
    writeFileSync(path, proof);
  } catch (error) {
    throw new Fault("invalid_argument", `The proof cannot be written: ${(error as Error).message}.`, { path }, error);
  }
}
