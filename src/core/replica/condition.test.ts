import { expect, test } from "vitest";
import { Member } from "../../../test/support/member.ts";
import { utf8Encode } from "../../base/bytes.ts";
import type { Instant, Time } from "../../base/brand.ts";
import { etagOf } from "../data/version.ts";
import { failedCondition } from "./condition.ts";
import type { Condition, WrittenOp } from "./inputs.ts";

const absent: Condition = { type: "absent" };
const present: Condition = { type: "present" };

/** Whether one write with this condition would be refused, and with which version. */
function outcomeOf(member: Member, key: string, condition: Condition, afterMs = 0): string | undefined {
  const op: WrittenOp = { type: "put", key, value: utf8Encode("x"), ttlSeconds: undefined, condition };
  const now: Time = { wall: (member.wall + afterMs) as Instant, mono: 0 };
  const failed = failedCondition([op], member.store, now);
  return failed === undefined ? "holds" : (failed.etag ?? "no value");
}

function etagIn(member: Member, key: string): string {
  return etagOf(member.store.entry(member.store.living(key)?.id ?? 0).version);
}

test("a condition looks at the version that lives here", () => {
  const member = new Member(1, 1_700_000_000_000);
  member.write({ there: "1", gone: "1" });
  member.write({ gone: undefined });
  const etag = etagIn(member, "there");
  const version = (etags: readonly string[]): Condition => ({ type: "version", etags });
  const other = (etags: readonly string[]): Condition => ({ type: "otherVersion", etags });
  const table: readonly (readonly [string, Condition, string])[] = [
    ["there", present, "holds"],
    ["there", absent, etag],
    ["there", version([etag]), "holds"],
    ["there", version(["x", etag]), "holds"],
    ["there", version(["x"]), etag],
    ["there", other([etag]), etag],
    ["there", other(["x"]), "holds"],
    ["gone", present, "no value"],
    ["gone", absent, "holds"],
    ["gone", version([etagIn(member, "gone")]), "no value"],
    ["never", present, "no value"],
    ["never", absent, "holds"],
    ["never", other([etag]), "holds"],
  ];
  expect(table.map(([key, condition]) => outcomeOf(member, key, condition))).toEqual(table.map(([, , told]) => told));
});

test("a value that has expired by our clock is not there, to the millisecond", () => {
  const member = new Member(1, 1_700_000_000_000);
  member.write({ lease: "1" }, 5);
  const etag = etagIn(member, "lease");
  expect([4_999, 5_000].map((afterMs) => outcomeOf(member, "lease", absent, afterMs))).toEqual([etag, "holds"]);
  expect([4_999, 5_000].map((afterMs) => outcomeOf(member, "lease", present, afterMs))).toEqual(["holds", "no value"]);
});
