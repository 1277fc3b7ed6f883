/** The program on a TCP port in words, for messages about a port that is taken. */
import { portOwner } from "../drivers/system/port-owner.ts";

/** "node server.js (process 4711)", or undefined where it cannot be found out. */
export async function describePortHolder(port: number): Promise<string | undefined> {
  const owner = await portOwner(port);
  return owner === undefined ? undefined : `${owner.command} (process ${owner.pid})`;
}
