/**
 * How sure a write shall be, as query parameters of every route that writes.
 */
import { z } from "zod";
import type { WriteOptions } from "../node/facade.ts";
import { limits } from "./limits.ts";

export const writeQuery = z
  .strictObject({
    certainty: z
      .enum(["local", "shared"])
      .optional()
      .describe("local: durable here; shared: durable on `copies` other members"),
    copies: z.coerce
      .number()
      .int()
      .min(1)
      .max(limits.copiesMax)
      .optional()
      .describe("Other members, default 1; only with shared"),
    timeout: z.coerce
      .number()
      .positive()
      .max(limits.sharedTimeoutSecondsMax)
      .optional()
      .describe("Seconds to wait for shared, default 5"),
    ttl: z.coerce
      .number()
      .int()
      .min(1)
      .max(limits.ttlSecondsMax)
      .optional()
      .describe("Seconds until the entry expires"),
  })
  .refine((query) => query.copies === undefined || query.certainty === "shared", {
    path: ["copies"],
    message: "only goes with certainty=shared",
  })
  .refine((query) => query.timeout === undefined || query.certainty === "shared", {
    path: ["timeout"],
    message: "only goes with certainty=shared",
  });

export type WriteQuery = z.infer<typeof writeQuery>;

export function writeOptionsOf({ certainty, copies, timeout, ttl }: WriteQuery): WriteOptions {
  return {
    ...(certainty !== undefined && { certainty }),
    ...(copies !== undefined && { copies }),
    ...(timeout !== undefined && { timeoutMs: Math.ceil(timeout * 1000) }),
    ...(ttl !== undefined && { ttlSeconds: ttl }),
  };
}
