/**
 * The disk of the overlay variant: a thread that makes posted turns durable. Turns that came while
 * it was busy share one commit, as they do in the product.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { openBenchStore } from "./bench-store.ts";
import type { PostedTurn } from "./overlay-store.ts";

/** Turns that share a commit at most. */
const turnsMax = 256;

if (parentPort === null) throw new Error("this file runs as a worker");
const port = parentPort;
const store = openBenchStore(workerData as string);

port.on("message", (message: PostedTurn | "close") => {
  let next: PostedTurn | "close" | undefined = message;
  if (next !== "close") {
    store.begin();
    let last = 0;
    for (let turns = 0; next !== undefined && next !== "close"; turns++) {
      for (const write of next.writes) store.apply(write);
      last = next.turn;
      next = turns < turnsMax ? (receiveMessageOnPort(port)?.message as PostedTurn | "close" | undefined) : undefined;
    }
    store.commit();
    port.postMessage(last);
  }
  if (next !== "close") return;
  store.close();
  port.close();
});
port.postMessage(0);
