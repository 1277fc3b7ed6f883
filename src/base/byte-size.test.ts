import { expect, test } from "vitest";
import { formatByteSize, parseByteSize } from "./byte-size.ts";

test.each([
  ["512MiB", 512 * 1024 * 1024],
  ["1.5 GiB", 1.5 * 1024 ** 3],
  ["2MB", 2_000_000],
  ["64 KiB", 65_536],
  ["0B", 0],
])("%s is %i bytes", (text, bytes) => expect(parseByteSize(text)).toBe(bytes));

test.each(["512", "512M", "-1MiB", "1e3KiB", "MiB", "1  MiB", "999999999999TiB", "1mib", "4611686018427387904"])(
  "%s is not understood rather than guessed",
  (text) => expect(parseByteSize(text)).toBeUndefined(),
);

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1536, "1.50 KiB"],
  [490_733_568, "468 MiB"],
  [64 * 1024 * 1024, "64 MiB"],
  [12_900_000, "12.3 MiB"],
])("%i bytes read as %s", (bytes, text) => expect(formatByteSize(bytes)).toBe(text));
