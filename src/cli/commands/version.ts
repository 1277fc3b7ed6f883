/**
 * `version`.
 */
import { jsonLine, type Registry } from "../verb.ts";

export function addVersion({ program, shell }: Registry): void {
  const command = program
    .command("version")
    .description("Print the versions of this program and of Node")
    .option("--json", "print JSON");
  command.action(() => {
    const versions = {
      version: shell.version,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    };
    const json = command.opts<{ json?: boolean }>().json === true;
    shell.stdout.write(
      json ? jsonLine(versions) : `p2p-sync ${versions.version} (Node ${versions.node}, ${versions.platform})\n`,
    );
  });
}
