/**
 * The log: pino underneath, a level per module, JSON lines or text for people, to stderr. Each
 * line has time (RFC 3339, UTC), level, module, message and fields with stable names. Nothing
 * secret is ever given to it.
 */
import { type DestinationStream, type Logger as Pino, pino } from "pino";
import type { LogLevel, LogLevels } from "../../config/log-levels.ts";
import { type LogModule, logModules } from "./note-table.ts";

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  log(module: LogModule, level: LogLevel, message: string, fields?: LogFields): void;
}

export type LogFormat = "text" | "json";

export function createLogger(levels: LogLevels, format: LogFormat, write: (line: string) => void): Logger {
  const destination: DestinationStream = {
    write: format === "json" ? write : (line) => write(textOf(JSON.parse(line) as JsonLine)),
  };
  const root = pino(
    {
      level: "trace",
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    destination,
  );
  const children = new Map<LogModule, Pino>();
  for (const module of logModules)
    children.set(module, root.child({ module }, { level: levels.modules.get(module) ?? levels.base }));
  return {
    log(module, level, message, fields = {}) {
      if (level !== "silent") children.get(module)?.[level](fields, message);
    },
  };
}

interface JsonLine extends Record<string, unknown> {
  readonly time: string;
  readonly level: string;
  readonly module: string;
  readonly msg: string;
}

function textOf({ time, level, module, msg, ...fields }: JsonLine): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${fieldText(value)}`);
  return `${[time, level.toUpperCase().padEnd(5), module.padEnd(5), msg, ...pairs].join(" ")}\n`;
}

function fieldText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return typeof value === "string" && /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
