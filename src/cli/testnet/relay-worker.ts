/**
 * A process inside a node's network namespace that leads in from outside: it listens on a socket
 * in the file system, reads a port number on a line of its own, and from then on is a cable to
 * that port of 127.0.0.1. It ends with its standard input, that is with the command that started it.
 */
import { connect, createServer, type Socket } from "node:net";

/** A port and its line end. */
const preludeBytesMax = 6;

const [path = ""] = process.argv.slice(2);
const server = createServer((outside) => {
  outside.on("error", () => outside.destroy()); // whoever asked has gone
  outside.once("readable", () => begin(outside));
});
server.listen(path, () => process.stdout.write("ready\n"));
process.stdin.resume().once("end", () => process.exit(server.close() === server ? 0 : 1));

function begin(outside: Socket): void {
  const first = outside.read() as Buffer | null;
  if (first === null) return void outside.destroy();
  const end = first.indexOf(0x0a);
  if (end < 0 || end >= preludeBytesMax) return void outside.destroy();
  const inside = connect({ host: "127.0.0.1", port: Number(first.subarray(0, end).toString()) });
  inside.on("error", () => outside.destroy());
  inside.write(first.subarray(end + 1));
  outside.pipe(inside).pipe(outside);
}
