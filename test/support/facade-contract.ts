/**
 * What every implementation of the node's facade does alike, where its callers can see it. The
 * real node and the one in memory both pass it, so that what is tested on the second holds for
 * the first.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Fault } from "../../src/base/fault.ts";
import { checkProof } from "../../src/core/data/trie/check-proof.ts";
import type { Change, Entry, NodeFacade } from "../../src/node/facade.ts";

export interface OpenFacade {
  readonly facade: NodeFacade;
  close(): Promise<void>;
}

// tidy: long because a suite of tests is one list that is read from top to bottom
export function facadeContract(name: string, open: () => Promise<OpenFacade>): void {
  describe(`the facade of ${name}`, () => {
    let facade: NodeFacade;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ facade, close } = await open());
    });
    afterAll(() => close());

    const put = async (key: string, text: string): Promise<void> => void (await facade.put(key, Buffer.from(text)));
    const textOf = (entry: Entry | undefined): string | undefined =>
      entry === undefined ? undefined : Buffer.from(entry.value).toString();

    test("what was put is there, by this node, in a version that changes with every write", async () => {
      const receipt = await facade.put("a/1", Buffer.from("one"));
      const first = await facade.get("a/1");
      expect(receipt).toMatchObject({ certainty: "local", holders: [] });
      expect(first).toMatchObject({ key: "a/1", author: facade.info().peerId, stamp: receipt.stamp });
      expect(textOf(first)).toBe("one");
      await put("a/1", "two");
      const second = await facade.get("a/1");
      expect(textOf(second)).toBe("two");
      expect(second?.etag).not.toBe(first?.etag);
    });

    test("a version's name is fit for a header", async () => {
      await put("etag", "x");
      expect((await facade.get("etag"))?.etag).toMatch(/^[\x21\x23-\x7e]+$/);
    });

    test("what was deleted, or never there, is not", async () => {
      await put("d", "x");
      await facade.delete("d");
      expect([await facade.get("d"), await facade.get("never")]).toEqual([undefined, undefined]);
    });

    test("what is there, was deleted or never was is proven against the root", async () => {
      await put("proof/1", "one");
      await put("proof/2", "two");
      await facade.delete("proof/2");
      const outcomes = await Promise.all(
        ["proof/1", "proof/2", "proof/3"].map(async (key) => {
          const { root, count, proof } = await facade.prove(key);
          const checked = checkProof(Buffer.from(root, "hex"), key, proof);
          if (!checked.ok || checked.value.count !== count) return checked;
          expect(checkProof(new Uint8Array(32), key, proof)).toEqual({ ok: false, code: "rootMismatch" });
          return checked.value.type === "present" ? checked.value.entry.content : "absent";
        }),
      );
      expect(outcomes).toEqual([
        { type: "value", value: new Uint8Array(Buffer.from("one")) },
        { type: "tombstone" },
        "absent",
      ]);
    });

    test.each(["", "a\u0000b", "x".repeat(257)])("proves nothing of what is no key", async (key) => {
      await expect(facade.prove(key)).rejects.toMatchObject({ code: "invalid_key" });
    });

    test("a value may be empty, and have any bytes up to 64 KiB", async () => {
      const bytes = Uint8Array.from({ length: 64 * 1024 }, (_, index) => index % 251);
      await facade.put("v/empty", new Uint8Array());
      await facade.put("v/full", bytes);
      expect((await facade.get("v/empty"))?.value.length).toBe(0);
      expect(new Uint8Array((await facade.get("v/full"))?.value ?? [])).toEqual(bytes);
    });

    test.each([
      ["an empty key", "", 1, "invalid_key"],
      ["a key with a control character", "a\u0000b", 1, "invalid_key"],
      ["a key of 257 bytes", "x".repeat(257), 1, "invalid_key"],
      ["a value of over 64 KiB", "v", 64 * 1024 + 1, "value_too_large"],
    ])("refuses %s", async (_, key, bytes, code) => {
      await expect(facade.put(key, new Uint8Array(bytes))).rejects.toMatchObject({ code });
    });

    test("a batch is all or nothing", async () => {
      await facade.batch([
        { type: "put", key: "b/1", value: Buffer.from("1") },
        { type: "delete", key: "a/1" },
      ]);
      expect([textOf(await facade.get("b/1")), await facade.get("a/1")]).toEqual(["1", undefined]);
      const bad = facade.batch([
        { type: "put", key: "b/2", value: Buffer.from("2") },
        { type: "put", key: "", value: Buffer.from("3") },
      ]);
      await expect(bad).rejects.toMatchObject({ code: "invalid_key" });
      expect(await facade.get("b/2")).toBeUndefined();
    });

    test.each([
      ["an empty batch", []],
      ["a key twice", ["k", "k"]],
      ["1,001 operations", Array.from({ length: 1_001 }, (_, index) => `k${index}`)],
    ])("refuses %s", async (_, keys) => {
      const ops = keys.map((key) => ({ type: "delete", key }) as const);
      await expect(facade.batch(ops)).rejects.toMatchObject({ code: "invalid_batch" });
    });

    test("pages and lists go through a prefix in key order, each key once", async () => {
      for (const key of ["p/c", "p/a", "q", "p/b", "p/", "p"]) await put(key, key);
      const keys: string[] = [];
      for (let after: string | undefined; ;) {
        const page = await facade.page({ prefix: "p/", limit: 2, ...(after !== undefined && { after }) });
        keys.push(...page.entries.map(({ key }) => key));
        if (page.next === undefined) break;
        after = page.next;
      }
      const listed: string[] = [];
      for await (const { key } of facade.list({ prefix: "p/" })) listed.push(key);
      expect([keys, listed]).toEqual([
        ["p/", "p/a", "p/b", "p/c"],
        ["p/", "p/a", "p/b", "p/c"],
      ]);
    });

    test("a time to live is told with the entry", async () => {
      await facade.put("ttl", Buffer.from("x"), { ttlSeconds: 3_600 });
      expect((await facade.get("ttl"))?.expiresAt).toBeTypeOf("number");
    });

    test("a write with a condition is done where this node has what it names, else refused with what is there", async () => {
      const { etag = "" } = await facade.put("c/1", Buffer.from("one"), { ifNoneMatch: "*" });
      expect((await facade.get("c/1"))?.etag).toBe(etag);
      const failed = (at: string | null): object => ({
        code: "precondition_failed",
        details: { key: "c/1", etag: at, comparedWith: "local" },
      });
      await expect(facade.put("c/1", Buffer.from("x"), { ifNoneMatch: "*" })).rejects.toMatchObject(failed(etag));
      await expect(facade.put("c/1", Buffer.from("x"), { ifMatch: "other" })).rejects.toMatchObject(failed(etag));
      await expect(facade.put("c/1", Buffer.from("x"), { ifNoneMatch: [etag] })).rejects.toMatchObject(failed(etag));
      const second = await facade.put("c/1", Buffer.from("two"), { ifMatch: ["other", etag] });
      await facade.put("c/1", Buffer.from("three"), { ifMatch: "*" });
      await expect(facade.delete("c/1", { ifMatch: second.etag ?? "" })).rejects.toMatchObject({
        code: "precondition_failed",
      });
      expect(textOf(await facade.get("c/1"))).toBe("three");
      await facade.delete("c/1", { ifMatch: (await facade.get("c/1"))?.etag ?? "" });
      await expect(facade.put("c/1", Buffer.from("x"), { ifMatch: "*" })).rejects.toMatchObject(failed(null));
      await facade.put("c/1", Buffer.from("four"), { ifNoneMatch: "*" });
    });

    test("of a batch with one condition that does not hold nothing is written", async () => {
      await put("c/there", "x");
      const batch = facade.batch([
        { type: "put", key: "c/other", value: Buffer.from("x") },
        { type: "delete", key: "c/there", ifMatch: "no-such" },
      ]);
      await expect(batch).rejects.toMatchObject({ code: "precondition_failed", details: { key: "c/there" } });
      expect([await facade.get("c/other"), textOf(await facade.get("c/there"))]).toEqual([undefined, "x"]);
    });

    test("of a hundred writers at once who expect the same version exactly one writes", async () => {
      for (const condition of [{ ifNoneMatch: "*" }, "etag"] as const) {
        const expected = condition === "etag" ? { ifMatch: (await facade.get("c/race"))?.etag ?? "" } : condition;
        const all = Array.from({ length: 100 }, (_, i) => facade.put("c/race", Buffer.from(`${i}`), expected));
        const outcomes = await Promise.allSettled(all);
        const won = outcomes.flatMap(({ status }, i) => (status === "fulfilled" ? [String(i)] : []));
        expect(won).toEqual([textOf(await facade.get("c/race"))]);
        const codes = outcomes.flatMap((each) => (each.status === "rejected" ? [(each.reason as Fault).code] : []));
        expect(codes).toEqual(Array.from({ length: 99 }, () => "precondition_failed"));
      }
    });

    test("certainty that nobody can give is a fault, and the write stays", async () => {
      const alone = facade.put("s", Buffer.from("x"), { certainty: "shared", copies: 1, timeoutMs: 50 });
      await expect(alone).rejects.toMatchObject({ code: "not_shared" });
      expect(textOf(await facade.get("s"))).toBe("x");
    });

    test("a watch tells changes of its prefix from now on, and resumes behind any of them", async () => {
      await put("w/before", "0");
      const stopping = new AbortController();
      const watch = facade.watch({ prefix: "w/", signal: stopping.signal })[Symbol.asyncIterator]();
      const first = watch.next();
      await put("w/1", "1");
      await put("other", "x");
      await facade.delete("w/before");
      const seen: Change[] = [(await first).value as Change, (await watch.next()).value as Change];
      expect(seen.map(({ type, key }) => [type, key])).toEqual([
        ["put", "w/1"],
        ["delete", "w/before"],
      ]);
      expect(seen.map(({ value }) => value === undefined)).toEqual([false, true]);
      const last = watch.next();
      stopping.abort();
      expect((await last).done).toBe(true);
      const resumed = facade.watch({ prefix: "w/", after: seen[0]?.position ?? 0 })[Symbol.asyncIterator]();
      expect((await resumed.next()).value).toMatchObject({ key: "w/before", position: seen[1]?.position });
      await resumed.return?.();
    });

    test("what is aborted rejects with the signal's reason", async () => {
      const reason = new Error("no longer wanted");
      const signal = AbortSignal.abort(reason);
      await expect(facade.put("abort", Buffer.from("x"), { signal })).rejects.toBe(reason);
      expect(await facade.get("abort")).toBeUndefined();
      await put("abort", "x");
      const listed = facade.list({ prefix: "abort", signal })[Symbol.asyncIterator]();
      await expect(listed.next()).rejects.toBe(reason);
      expect((await facade.events({ signal })[Symbol.asyncIterator]().next()).done).toBe(true);
    });

    test("tells about itself", async () => {
      const [status, health, metrics] = [await facade.status(), await facade.health(), await facade.metrics()];
      expect(status).toMatchObject({ peerId: facade.info().peerId, network: "p2p-sync", peers: 0, heldBack: 0 });
      expect(Object.keys(status.counters)).toHaveLength(8);
      expect(health.checks.length).toBeGreaterThan(0);
      expect(metrics).toContain("p2p_sync_entries");
    });

    test("does not dial what is no address", async () => {
      await expect(facade.dial("nowhere")).rejects.toMatchObject({ code: "invalid_address" });
    });
  });
}
