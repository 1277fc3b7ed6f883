/**
 * The log level setting: one level for all, and others for single modules, in one text such as
 * `info,net=debug`. The last word on a module counts.
 */
import { ok, refused, type Result } from "../base/result.ts";

export const logLevelNames = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevelNames)[number];

export interface LogLevels {
  readonly base: LogLevel;
  readonly modules: ReadonlyMap<string, LogLevel>;
}

const partsMax = 32; // Limit: guess, several times the modules there are

export function parseLogLevels(spec: string): Result<LogLevels, "invalid_log_levels"> {
  const parts = spec.split(",").map((part) => part.trim());
  if (parts.length > partsMax) return refused("invalid_log_levels");
  let base: LogLevel = "info";
  const modules = new Map<string, LogLevel>();
  for (const part of parts) {
    const [left, right, ...rest] = part.split("=");
    if (left === undefined || rest.length > 0) return refused("invalid_log_levels");
    const level = right ?? left;
    if (!isLogLevel(level)) return refused("invalid_log_levels");
    if (right === undefined) base = level;
    else if (/^[a-z][a-z0-9-]*$/.test(left)) modules.set(left, level);
    else return refused("invalid_log_levels");
  }
  return ok({ base, modules });
}

function isLogLevel(text: string): text is LogLevel {
  return (logLevelNames as readonly string[]).includes(text);
}
