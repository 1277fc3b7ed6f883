#!/usr/bin/env python3
"""A member of a P2P Sync network, written from docs/protocol/README.md alone; libp2p.py and batch.py are its parts.

    p2p_sync_client.py --dial 127.0.0.1:4001 [--network NAME] [--key FILE] get KEY | put KEY VALUE | list [PREFIX] | root

It dials one member, is admitted, catches up on the whole set, does what it was told, and leaves with a goodbye. While it is
there it serves its own writes to whoever pulls. It holds the set in memory only, and passes nothing on.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no node reachable, 4 no such key.
"""
from __future__ import annotations

import argparse
import asyncio
import os
import struct
import sys
import time
from pathlib import Path
from typing import Any, Coroutine, Dict, List, Optional, Set, Tuple

from cryptography.exceptions import InvalidSignature, InvalidTag

from batch import BLOB, TOMBSTONE, Batch, Version, network_id, read_origins, read_parcel, read_ranges, sign_put, trie_root
from libp2p import Noise, ProtocolError, Reader, Stream, Tcp, Yamux, accept, field, fields, propose, public_key, read_frame
from libp2p import sha256, varint
from state import Failure, State

AGENT = "p2p-sync-python-example/1"
MESH, IDENTIFY, PING = "/meshsub/1.1.0", "/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"
MAX_FRAME = {"admit": 4 << 10, "ack": 64 << 10, "peers": 8 << 10, "walk": 72 << 10, "frontier": 1088 << 10, "mesh": 2 << 20}
WRONG_NETWORK, WRONG_VERSION, SHUTTING_DOWN, PROTOCOL_VIOLATION = 1, 2, 6, 7
MAX_AHEAD_US = 30_000_000


def now_us() -> int:
    return time.time_ns() // 1000


class Refused(Failure):
    """The other side's hello is not acceptable; it is told so with this code."""

    def __init__(self, text: str, goodbye: int) -> None:
        super().__init__(text)
        self.goodbye = goodbye


class Member:
    """One link to one member of the network, and the set as it is known through it."""

    def __init__(self, state: State, network_name: str) -> None:
        self.state, self.network = state, network_id(network_name)
        scope = self.network.hex()[:16]
        self.topic = "p2p-sync" if network_name == "p2p-sync" else f"p2p-sync/{scope}"
        self.names = {"admit": "/p2p-sync/admit/1", "mesh": MESH}
        self.names.update({short: f"/p2p-sync/{scope}/{short}/1" for short in ("ack", "frontier", "walk", "peers")})
        self.origin = state.identity.public_key().public_bytes_raw(), state.incarnation
        self.set: Dict[bytes, Version] = {}
        self.outgoing: Dict[str, Stream] = {}
        self.opening, self.admitted, self.acknowledged = asyncio.Lock(), asyncio.Event(), asyncio.Event()
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.tasks: Set[asyncio.Task[None]] = set()
        self.ended = False
        self.welcomed = {"by us": False, "by them": False}
        self.pull_done: asyncio.Future[Tuple[int, bytes, int]] = asyncio.get_running_loop().create_future()
        self.pull_session = 0
        self.asker_holds: Set[int] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            self.tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error and not self.broken.done():
                self.broken.set_exception(error)
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(ended)

    async def join(self, host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        tcp = Tcp(reader, writer)
        await propose(tcp, "/noise")
        noise = Noise(tcp)
        await noise.handshake(self.state.identity)
        await propose(noise, "/yamux/1.0.0")
        self.mux = Yamux(noise, lambda stream: self.spawn(self.serve(stream)))
        self.spawn(self.run())
        agent = AGENT.encode()
        hello = b"\1\1" + self.network + os.urandom(8) + struct.pack(">QB", now_us() // 1000, len(agent)) + agent
        await self.send("admit", hello)
        await self.admitted.wait()
        await self.send("mesh", field(1, field(1, 1) + field(2, self.topic.encode())))

    async def run(self) -> None:
        try:
            await self.mux.run()
        finally:  # what came before the end, such as a goodbye, is read before the end is told
            self.ended = True
            for stream in self.mux.streams.values():
                stream.inbox.feed_eof()
            others = self.tasks - {asyncio.current_task()}
            if others:
                await asyncio.wait(others, timeout=1)

    async def leave(self, code: int, reason: str) -> None:
        """A close is always preceded by its reason, where the link still takes one."""
        text = reason.encode()
        if "admit" in self.outgoing and not self.ended:
            await asyncio.wait_for(self.send("admit", b"\3" + struct.pack(">BIH", code, 0, len(text)) + text), 2)
            await asyncio.wait_for(self.mux.go_away(), 2)

    async def send(self, short: str, message: bytes) -> None:
        async with self.opening:
            if short not in self.outgoing:
                stream = await self.mux.open()
                await propose(stream, self.names[short])
                self.outgoing[short] = stream
        await self.outgoing[short].write(varint(len(message)) + message)

    async def serve(self, stream: Stream) -> None:
        try:
            name = await accept(stream, [IDENTIFY, PING, *self.names.values()])
            if name == IDENTIFY:
                await self.identify(stream)
            while name == PING:
                await stream.write(await stream.read(32))
            short = next(short for short, known in self.names.items() if known == name)
            while True:
                message = await read_frame(stream, MAX_FRAME[short])
                if short != "admit":
                    await self.admitted.wait()
                await getattr(self, f"on_{short}")(Reader(message))
        except (asyncio.IncompleteReadError, StopIteration):
            await stream.close()

    async def identify(self, stream: Stream) -> None:
        protocols = b"".join(field(3, name.encode()) for name in [IDENTIFY, PING, *self.names.values()])
        message = field(1, public_key(self.state.identity)) + protocols + field(5, b"ipfs/0.1.0") + field(6, AGENT.encode())
        await stream.write(varint(len(message)) + message)

    async def on_admit(self, reader: Reader) -> None:
        kind = reader.uint(1)
        if kind == 1:
            if reader.uint(1) != 1:
                raise Refused("the member speaks another version of the protocol", WRONG_VERSION)
            if reader.take(32) != self.network:
                raise Refused("the member is of another network; name it with --network", WRONG_NETWORK)
            reader.take(8), reader.uint(8), reader.take(reader.uint(1)).decode()
            await self.send("admit", b"\2")
            self.welcomed["by us"] = True
        elif kind == 2:
            self.welcomed["by them"] = True
        elif kind == 3:
            code, retry = reader.uint(1), reader.uint(4)
            raise Failure(f"the member said goodbye, code {code}: {reader.take(reader.uint(2)).decode()} (retry after {retry} s)")
        else:
            raise ProtocolError("an unknown kind of admit message")
        reader.end()
        if all(self.welcomed.values()):
            self.admitted.set()

    async def on_peers(self, reader: Reader) -> None:
        kind = reader.uint(1)
        if kind == 1:  # every node answers a probe; other questions may go unanswered
            await self.send("peers", b"\2" + reader.take(4))
        elif not 2 <= kind <= 13:
            raise ProtocolError("an unknown kind of peers message")

    async def on_walk(self, reader: Reader) -> None:
        if reader.uint(1) == 1:  # our set is a copy that goes when we go, not worth a comparison: busy
            await self.send("walk", b"\x08" + reader.take(4) + b"\0")

    async def on_ack(self, reader: Reader) -> None:
        if reader.uint(1) != 1:
            raise ProtocolError("an ack of an unknown version")
        if reader.take(8) == self.state.incarnation:
            ranges = read_ranges(reader)
            self.settle(ranges)

    async def on_mesh(self, reader: Reader) -> None:
        for message in fields(reader.data).get(2, []):
            published = fields(message)
            if published.get(4) == [self.topic.encode()] and len(published.get(2, [])) == 1:
                self.take_gossip(Reader(published[2][0]))

    async def on_frontier(self, reader: Reader) -> None:
        kind, session = reader.uint(1), reader.uint(4)
        ours = session == self.pull_session and not self.pull_done.done()
        if kind == 1:
            await self.answer_pull(session, reader)
        elif kind == 2 and ours:
            for _ in range(reader.uint(2)):
                batch = read_parcel(reader.take(reader.uint(4)), self.network)
                self.merge(batch)
                if (batch.author, batch.incarnation) == self.origin:
                    self.settle([range(batch.sequence, batch.sequence + 1)])
            reader.end()
            await self.send("frontier", b"\5" + struct.pack(">I", session))
        elif kind == 3 and ours:  # numbers of which nothing lives: of interest only where they are our own
            for origin, ranges in read_origins(reader):
                self.settle(ranges if origin == self.origin else [])
            await self.send("frontier", b"\5" + struct.pack(">I", session))
        elif kind == 4 and ours:
            reader.uint(8)
            count, root = reader.uint(8), reader.take(32)
            reader.take(3)
            self.pull_done.set_result((count, root, reader.uint(1)))
            reader.end()
        elif kind == 9:
            self.take_gossip(reader)
        elif kind not in (2, 3, 4, 5, 6, 7, 8):
            raise ProtocolError("an unknown kind of frontier message")

    # ---- catching up, and letting others do so ----

    def summary(self) -> bytes:
        """count, root, flags (1: we are new here), held back."""
        entries = sorted((sha256(key), sha256(b"\2", v.batch_id, v.leaf)) for key, v in self.set.items())
        return struct.pack(">Q", len(entries)) + trie_root(entries) + struct.pack(">BH", 1, 0)

    async def catch_up(self) -> Tuple[int, bytes]:
        """Pulls everything the member has; gives the member's count and root."""
        while True:
            self.pull_session += 1
            self.pull_done = asyncio.get_running_loop().create_future()
            head = struct.pack(">BIQ", 1, self.pull_session, now_us() // 1000)
            await self.send("frontier", head + self.summary() + b"\1" + struct.pack(">H", 0))
            count, root, busy = await self.pull_done
            if not busy:
                return count, root
            await asyncio.sleep(0.6)  # a second pull within 500 ms is answered with busy

    async def answer_pull(self, session: int, reader: Reader) -> None:
        reader.take(8 + 8 + 32 + 1 + 2)
        last, held = reader.uint(1), self.asker_holds
        for origin, ranges in read_origins(reader):
            if origin == self.origin:
                held.update(n for n in self.own_numbers() if any(n in r for r in ranges))
        if not last:
            return
        self.asker_holds = set()
        missing = [p for p in self.state.pending if read_parcel(p, self.network).sequence not in held]
        if missing:
            await self.send("frontier", struct.pack(">BIQ", 8, session, len(missing)))
        for parcel in missing:  # as few as were never acknowledged, so the four frames of credit are enough
            await self.send("frontier", struct.pack(">BIHI", 2, session, 1, len(parcel)) + parcel)
        await self.send("frontier", struct.pack(">BIQ", 4, session, now_us() // 1000) + self.summary() + b"\0")

    # ---- the set ----

    def merge(self, batch: Batch) -> None:
        if any(version.stamp > now_us() + MAX_AHEAD_US for _, version in batch.entries):
            return  # too far ahead of our clock: held back, which for a short visit means left out
        for key, version in batch.entries:
            if key not in self.set or self.set[key] < version:
                self.set[key] = version

    def take_gossip(self, reader: Reader) -> None:
        if reader.uint(1) == 1:
            for _ in range(reader.uint(2)):
                self.merge(read_parcel(reader.take(reader.uint(4)), self.network))

    def own_numbers(self) -> List[int]:
        return [read_parcel(parcel, self.network).sequence for parcel in self.state.pending]

    def visible(self, key: bytes) -> Optional[Version]:
        version = self.set.get(key)
        if version is None or version.kind == TOMBSTONE:
            return None
        return None if version.expires_us is not None and version.expires_us <= now_us() else version

    async def put(self, key: bytes, value: bytes) -> None:
        numbers = self.state.incarnation + struct.pack(">QQ", self.state.take_number(), now_us())
        parcel = sign_put(self.state.identity, numbers, self.network, key, value, self.set.get(key))
        try:
            self.merge(read_parcel(parcel, self.network))
        except ProtocolError as error:
            raise Failure(f"this cannot be written: {error}") from error
        self.state.pending.append(parcel)
        self.state.save()
        data = b"\1" + struct.pack(">HI", 1, len(parcel)) + parcel
        await self.send("mesh", field(2, field(2, data) + field(4, self.topic.encode())))

    async def hand_over(self) -> None:
        """Returns when the member has all we wrote: it acknowledged it, or gives it back to a pull. Earlier runs' it pulls."""
        while self.state.pending:
            self.acknowledged.clear()
            try:
                await asyncio.wait_for(self.acknowledged.wait(), 2)
            except asyncio.TimeoutError:
                await self.catch_up()

    def settle(self, ranges: List[range]) -> None:
        self.state.pending = [p for p in self.state.pending if not any(read_parcel(p, self.network).sequence in r for r in ranges)]
        self.state.save()
        if not self.state.pending:
            self.acknowledged.set()


# ---- The command line ----

async def work(member: Member, args: argparse.Namespace) -> None:
    await member.join(*args.dial)
    count, root = await member.catch_up()
    if args.command == "get":
        found = member.visible(args.key_name.encode())
        if found is None:
            raise Failure(f"{args.key_name} is not there", 4)
        if found.kind == BLOB:
            raise Failure(f"{args.key_name} is a blob, which this client does not fetch")
        sys.stdout.buffer.write(found.value)
    elif args.command == "put":
        await member.put(args.key_name.encode(), args.value.encode())
    elif args.command == "list":
        for key in sorted(key for key in member.set if key.startswith(args.prefix.encode()) and member.visible(key)):
            print(key.decode())
    else:
        own_count, own_root = struct.unpack_from(">Q32s", member.summary())
        print(f"own    {own_count} {own_root.hex()}\nmember {count} {root.hex()}")
    await member.hand_over()


async def visit(args: argparse.Namespace) -> None:
    member = Member(State(Path(args.key)), args.network)
    task = asyncio.ensure_future(work(member, args))
    code, reason = SHUTTING_DOWN, "done"
    try:
        done, _ = await asyncio.wait({task, member.broken}, timeout=args.timeout, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise Failure(f"not done within {args.timeout} s; is the member healthy?")
        for ended in done:
            ended.result()
    except Refused as refusal:
        code, reason = refusal.goodbye, str(refusal)
        raise
    except (ProtocolError, InvalidSignature, InvalidTag, UnicodeDecodeError) as error:
        code, reason = PROTOCOL_VIOLATION, str(error) or type(error).__name__
        raise Failure(f"the member broke the protocol: {reason}") from error
    finally:
        task.cancel()
        await member.leave(code, reason)


def address(text: str) -> Tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def main() -> int:
    parser = argparse.ArgumentParser(description="A P2P Sync member in Python, written from the protocol description alone.")
    parser.add_argument("--dial", required=True, type=address, metavar="HOST:PORT", help="a member's TCP address")
    parser.add_argument("--network", default="p2p-sync", metavar="NAME")
    parser.add_argument("--key", default=str(Path.home() / ".p2p-sync-python" / "key"), metavar="FILE", help="identity; numbers stand beside it")
    parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("get").add_argument("key_name", metavar="KEY")
    put = commands.add_parser("put")
    put.add_argument("key_name", metavar="KEY")
    put.add_argument("value", metavar="VALUE")
    commands.add_parser("list").add_argument("prefix", metavar="PREFIX", nargs="?", default="")
    commands.add_parser("root", help="count and root of the set as computed here, and as the member says")
    try:
        asyncio.run(visit(parser.parse_args()))
        return 0
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.code
    except (ConnectionError, OSError, asyncio.IncompleteReadError) as error:
        print(f"no member reachable: {error}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
