/** Looks whether a port can be bound, by binding it for a moment. */
import { Fault } from "../../base/fault.ts";
import { tryBind } from "../../drivers/system/bind-try.ts";
import { describePortHolder } from "../../node/port-holder.ts";

/** Throws `port_in_use` naming the holder. Another error is left to the real bind, which explains it. */
export async function checkPortFree(host: string, port: number): Promise<void> {
  if (port === 0) return;
  if ((await tryBind(host, port)) !== "held") return;
  const holder = await describePortHolder(port);
  throw new Fault("port_in_use", `The HTTP port ${port} on ${host} is in use by ${holder ?? "another program"}.`, {
    host,
    port,
    holder: holder ?? null,
  });
}
