import { createServer } from "node:net";
import { test, expect } from "vitest";
import { TestNode, TestScope } from "./test-node.ts";
test("full mesh of 20", { timeout: 120_000 }, async () => {
  const scope = new TestScope();
  const nodes = await Promise.all(Array.from({ length: 20 }, (_, i) => scope.start(`n${i}`)));
  for (const n of nodes) { TestNode.judging("accept")(n);}
  const t0 = Date.now();
  for (const [i, n] of nodes.entries()) for (const m of nodes.slice(i + 1)) n.driver.carryOut({ type: "dial", address: m.address, attempt: 1 });
  for (const n of nodes) await n.until("links", () => n.events.filter(e => e.type === "linkOpened").length === 19 ? true : undefined);
  console.log("linked", Date.now() - t0, nodes.flatMap(n => n.events.filter(e => e.type === "dialFailed")).length);
  for (const n of nodes) for (const e of n.events) if (e.type === "linkOpened") n.admit(e.link);
  for (const n of nodes) await n.until("subs", () => n.driver.gossipPeers().subscribed.length === 19 ? true : undefined);
  console.log("subscribed", Date.now() - t0, nodes.map(n => n.driver.gossipPeers().mesh.length).join());
  const t1 = Date.now();
  for (let k = 0; k < 20; k++) for (const [i, n] of nodes.entries()) n.driver.carryOut({ type: "publish", payload: Buffer.from(`m ${i} ${k}`.padEnd(300, ".")) });
  for (const n of nodes) await n.until("gossip", () => n.events.filter(e => e.type === "gossipReceived").length >= 380 ? true : undefined);
  console.log("gossip", Date.now() - t1, nodes.map(n => n.events.filter(e => e.type === "gossipReceived").length).join(), JSON.stringify(nodes[0]!.driver.counters()));
  console.log(nodes.flatMap(n => n.facts.filter(f => f.type.startsWith("gossip"))).slice(0, 5), process.memoryUsage().heapUsed / 1e6);
  const t2 = Date.now();
  for (let k = 0; k < 30; k++) nodes[0]!.driver.carryOut({ type: "publish", payload: new Uint8Array(900_000).fill(k + 1) });
  try { for (const n of nodes.slice(1)) await n.until("big", () => n.events.filter(e => e.type === "gossipReceived").length >= 410 ? true : undefined); } catch (e) { console.log(String(e).slice(0, 80)); }
  console.log("big gossip", Date.now() - t2, nodes.map(n => n.events.filter(e => e.type === "gossipReceived").length).join());
  console.log(nodes.flatMap(n => n.facts.filter(f => f.type.startsWith("gossip") || f.type === "linkClosed")).length);
  const t3 = Date.now();
  await scope.end();
  console.log("stop", Date.now() - t3);
});
test("pair throughput, silent listener", { timeout: 60_000 }, async () => {
  const scope = new TestScope();
  const { a, b, ...ids } = await scope.admittedPair();
  TestNode.judging("accept")(b);
  await a.fact("subscribed");
  const silent = createServer(() => undefined); await new Promise<void>(r => silent.listen(0, "127.0.0.1", r));
  const t4 = Date.now();
  a.driver.carryOut({ type: "dial", address: `/ip4/127.0.0.1/tcp/${(silent.address() as any).port}`, attempt: 5 });
  const t = Date.now();
  for (let k = 0; k < 5000; k++) { a.driver.carryOut({ type: "publish", payload: Buffer.from(`m ${k}`.padEnd(300, ".")) }); if (k % 100 === 0) await new Promise(r => setImmediate(r)); }
  await b.until("all", () => b.events.filter(e => e.type === "gossipReceived").length === 5000 ? true : undefined).catch(e => console.log(b.events.filter(e => e.type === "gossipReceived").length));
  console.log("5000 small", Date.now() - t);
  const t1 = Date.now();
  let sent = 0;
  const frame = new Uint8Array(1_000_000);
  while (sent < 300) { const had = a.events.filter(e => e.type === "drained").length; for (let i = 0; i < 4; i++) a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame }); sent += 4; await a.until("drained", () => a.events.filter(e => e.type === "drained").length > had ? true : undefined); }
  await b.until("frames", () => b.events.filter(e => e.type === "frameReceived").length === sent ? true : undefined);
  console.log("frontier MB/s", sent / ((Date.now() - t1) / 1000));
  const f = await new Promise<any>(r => { const i = setInterval(() => { const e = a.events.find(e => e.type === "dialFailed"); if (e) { clearInterval(i); r(e); } }, 100); });
  console.log(JSON.stringify(f), Date.now() - t4);
  silent.close();
  await scope.end();
});
