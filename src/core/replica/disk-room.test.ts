import { beforeEach, describe, expect, test } from "vitest";
import { Meeting, Member, memberDiskBytesMax } from "../../../test/support/member.ts";
import type { ReplicaInput } from "./inputs.ts";
import { DiskRoom } from "./disk-room.ts";

const MiB = 2 ** 20;
const much = 2 ** 40;

describe("the level", () => {
  test.each([
    [{ usedBytes: 79, freeBytes: much }, "ok"],
    [{ usedBytes: 80, freeBytes: much }, "near"],
    [{ usedBytes: 90, freeBytes: much }, "refusing"],
    [{ usedBytes: 95, freeBytes: much }, "holding"],
    [{ usedBytes: 1_000, freeBytes: much }, "holding"],
    [{ usedBytes: 0, freeBytes: 2.1 * MiB }, "ok"],
    [{ usedBytes: 0, freeBytes: 2 * MiB }, "near"],
    [{ usedBytes: 0, freeBytes: MiB }, "refusing"],
    [{ usedBytes: 0, freeBytes: MiB / 2 }, "holding"],
    [{ usedBytes: 0, freeBytes: 0 }, "holding"],
  ] as const)("of %o is %s", (size, level) => {
    const room = new DiskRoom(() => ({ maxBytes: 100, reserveBytes: MiB }));
    room.measured(size);
    expect(room.level).toBe(level);
  });

  test("ends below where it began", () => {
    const room = new DiskRoom(() => ({ maxBytes: 100, reserveBytes: 0 }));
    const levels = [90, 89, 88, 87.9].map((usedBytes) => {
      room.measured({ usedBytes, freeBytes: 0 });
      return room.level;
    });
    expect(levels).toEqual(["refusing", "refusing", "refusing", "near"]);
  });

  test("counts what was written since the measurement twice, until the next", () => {
    const room = new DiskRoom(() => ({ maxBytes: 100, reserveBytes: 0 }));
    room.measured({ usedBytes: 50, freeBytes: 0 });
    room.spent(20);
    expect(room.refusesPuts).toBe(true);
    room.measured({ usedBytes: 70, freeBytes: 0 });
    expect(room.level).toBe("ok");
  });

  test("is ok where nothing is limited or nobody measures", () => {
    const unlimited = new DiskRoom(() => ({ maxBytes: undefined, reserveBytes: 0 }));
    unlimited.measured({ usedBytes: much, freeBytes: 0 });
    const unmeasured = new DiskRoom(() => ({ maxBytes: 1, reserveBytes: 1 }));
    unmeasured.spent(much);
    expect([unlimited.level, unmeasured.level]).toEqual(["ok", "ok"]);
  });

  test("names the limit that presses, its numbers, and how to raise it", () => {
    const room = new DiskRoom(() => ({ maxBytes: 512 * MiB, reserveBytes: 64 * MiB }));
    room.measured({ usedBytes: 468 * MiB, freeBytes: much });
    expect(room.describe()).toMatch(/468 MiB of the 512 MiB that limits\.max_disk allows.*--max-disk/);
    room.measured({ usedBytes: 0, freeBytes: 40 * MiB });
    expect(room.describe()).toMatch(/only 40 MiB are free .* limits\.disk_reserve keeps 64 MiB/);
  });
});

describe("a member without room", () => {
  const began = 1_790_000_000_000;
  let meeting: Meeting;
  let ann: Member;
  let bea: Member;
  const used = (share: number): ReplicaInput => ({
    type: "diskMeasured",
    usedBytes: share * memberDiskBytesMax,
    freeBytes: much,
  });
  const answers = (member: Member, input: ReplicaInput): readonly string[] =>
    member
      .take(input)
      .flatMap((effect) =>
        effect.type === "answer" ? [effect.outcome.type === "refused" ? effect.outcome.code : effect.outcome.type] : [],
      );
  const asked = (type: "put" | "delete", ...keys: readonly string[]): ReplicaInput => ({
    type: "writeRequested",
    ticket: 1,
    ops: keys.map((key) =>
      type === "delete" ? { type, key } : { type, key, value: new Uint8Array(9), ttlSeconds: undefined },
    ),
    wish: { type: "local" },
  });

  beforeEach(() => {
    meeting = new Meeting();
    [ann, bea] = [new Member(1, began), new Member(2, began)];
    ann.write({ here: "v", also: "w" });
    meeting.link(ann, bea);
  });

  test("refuses puts, takes deletes of what is here, and puts again when there is room", () => {
    bea.take(used(0.9));
    expect(answers(bea, asked("put", "new"))).toEqual(["disk_budget"]);
    expect(answers(bea, asked("delete", "nowhere"))).toEqual(["disk_budget"]);
    expect(answers(bea, asked("delete", "here"))).toEqual(["written"]);
    expect(answers(bea, used(0.5))).toEqual([]);
    expect(answers(bea, asked("put", "new"))).toEqual(["written"]);
    const told = bea.notes.flatMap((note) => (note.type === "diskRoomChanged" ? [note.state] : []));
    expect(told).toEqual(["refusing", "ok"]);
  });

  test("takes puts up to the mark inside of one turn too", () => {
    bea.take(used(0.7));
    const puts = Array.from({ length: 20 }, (_, index): ReplicaInput => ({
      type: "writeRequested",
      ticket: index,
      ops: [{ type: "put", key: `k${index}`, value: new Uint8Array(20_000), ttlSeconds: undefined }],
      wish: { type: "local" },
    }));
    const outcomes = bea.take(...puts).flatMap((effect) => (effect.type === "answer" ? [effect.outcome.type] : []));
    expect(outcomes.filter((type) => type === "written")).toHaveLength(5); // 2 × 20 KB each of 200 KB
  });

  test("takes nothing from peers above the second mark, keeps its links, and catches up by itself", () => {
    bea.take(used(0.96));
    ann.write({ later: "x" });
    for (const payload of ann.published) bea.gossip(payload, ann.self);
    meeting.pass(300_000, [ann, bea]);
    expect(bea.value("later")).toBeUndefined();
    expect(bea.replica.snapshot({ wall: bea.wall, mono: bea.mono } as never).admitted).toHaveLength(1);
    meeting.give(bea, used(0.5));
    expect([bea.value("later"), Buffer.from(bea.summary.root).equals(ann.summary.root)]).toEqual(["x", true]);
  });

  test("takes what others have deleted", () => {
    bea.take(used(0.96));
    ann.write({ here: undefined });
    ann.write({ here: "back" });
    const [, gone, back] = ann.published as [Uint8Array, Uint8Array, Uint8Array];
    bea.gossip(gone, ann.self);
    expect(bea.value("here")).toBe("tombstone");
    bea.gossip(back, ann.self);
    expect(bea.value("here")).toBe("tombstone");
  });
});
