/**
 * Amounts of bytes as people write and read them: "512MiB", "1.5 GiB", "2MB". With a binary unit 1024
 * counts, with a decimal one 1000; a bare number has no unit and is refused, for nobody can tell what it means.
 */

const factors: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Whole bytes, or undefined for text of another form. */
export function parseByteSize(text: string): number | undefined {
  const parts = /^([0-9]{1,12}(?:\.[0-9]{1,6})?) ?([KMGT]i?B|B)$/.exec(text);
  const factor = factors[parts?.[2] ?? ""];
  if (parts === null || factor === undefined) return undefined;
  const bytes = Math.round(Number(parts[1]) * factor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Three digits in the largest binary unit that fits: "468 MiB", "1.50 GiB". */
export function formatByteSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const size = Math.abs(value);
  const digits = unit === 0 || size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}
