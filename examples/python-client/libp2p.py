"""As much of libp2p as a member that dials needs, and nothing of P2P Sync: TCP, multistream-select, Noise XX, yamux.

Sources: github.com/libp2p/specs (noise, connections, peer-ids) and github.com/hashicorp/yamux (spec.md).
"""
from __future__ import annotations

import asyncio
import hashlib
import hmac
import struct
from typing import Any, Callable, Dict, Iterable, List, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305


class ProtocolError(Exception):
    """The other side sent what the protocol does not allow."""


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


# ---- Bytes: a strict reader, LEB128, and as much of protobuf as libp2p asks for ----

class Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise ProtocolError("a message ends too early")
        self.at += size
        return self.data[self.at - size:self.at]

    def uint(self, size: int) -> int:
        value = int.from_bytes(self.take(size), "big")
        if value >= 1 << 53:
            raise ProtocolError("a number is 2^53 or more")
        return value

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                if (byte == 0 and shift > 7) or value >= 1 << 53:
                    raise ProtocolError("a varint is not the shortest, or too large")
                return value
            if shift > 63:
                raise ProtocolError("a varint is too long")

    def left(self) -> int:
        return len(self.data) - self.at

    def end(self) -> None:
        if self.left():
            raise ProtocolError("a message has bytes left over")


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(data: bytes) -> dict[int, list[Any]]:
    reader = Reader(data)
    found: Dict[int, List[Any]] = {}
    while reader.left():
        tag = reader.varint()
        if tag & 7 not in (0, 2):
            raise ProtocolError("a protobuf field is neither a number nor bytes")
        found.setdefault(tag >> 3, []).append(reader.varint() if tag & 7 == 0 else reader.take(reader.varint()))
    return found


# ---- Transport: TCP, multistream-select, Noise XX, yamux ----

class Duplex(Protocol):
    async def read(self, size: int) -> bytes: ...
    async def write(self, data: bytes) -> None: ...


class Tcp:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def read(self, size: int) -> bytes:
        return await self.reader.readexactly(size)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


async def read_frame(stream: Duplex, limit: int) -> bytes:
    """Reads an unsigned LEB128 length and as many bytes."""
    prefix = await stream.read(1)
    while prefix[-1] > 127 and len(prefix) < 5:
        prefix += await stream.read(1)
    size = Reader(prefix).varint()
    if size > limit:
        raise ProtocolError(f"a frame has {size} bytes, more than {limit}")
    return await stream.read(size)


async def write_lines(stream: Duplex, *lines: str) -> None:
    await stream.write(b"".join(varint(len(line) + 1) + line.encode() + b"\n" for line in lines))


async def read_line(stream: Duplex) -> str:
    return (await read_frame(stream, 1024)).rstrip(b"\n").decode()


async def propose(stream: Duplex, protocol: str) -> None:
    await write_lines(stream, "/multistream/1.0.0", protocol)
    answers = await read_line(stream), await read_line(stream)
    if answers != ("/multistream/1.0.0", protocol):
        raise ProtocolError(f"the other side does not speak {protocol}")


async def accept(stream: Duplex, known: Iterable[str]) -> str:
    await write_lines(stream, "/multistream/1.0.0")
    await read_line(stream)
    while (proposal := await read_line(stream)) not in known:
        await write_lines(stream, "na")
    await write_lines(stream, proposal)
    return proposal


class Cipher:
    def __init__(self, key: bytes) -> None:
        self.aead, self.count = ChaCha20Poly1305(key), 0

    def nonce(self) -> bytes:
        self.count += 1
        return struct.pack("<IQ", 0, self.count - 1)


class Noise:
    """The initiator of Noise_XX_25519_ChaChaPoly_SHA256 with libp2p's identity payload."""

    def __init__(self, raw: Duplex) -> None:
        self.raw, self.buffer = raw, b""
        self.hash = self.chain = b"Noise_XX_25519_ChaChaPoly_SHA256"
        self.mix_hash(b"")

    def mix_hash(self, data: bytes) -> None:
        self.hash = sha256(self.hash, data)

    def derive(self, secret: bytes) -> tuple[bytes, bytes]:
        key = hmac.digest(self.chain, secret, "sha256")
        first = hmac.digest(key, b"\1", "sha256")
        return first, hmac.digest(key, first + b"\2", "sha256")

    def mix_key(self, own: X25519PrivateKey, other: bytes) -> None:
        self.chain, key = self.derive(own.exchange(X25519PublicKey.from_public_bytes(other)))
        self.cipher = Cipher(key)

    def seal(self, plain: bytes) -> bytes:
        sealed = self.cipher.aead.encrypt(self.cipher.nonce(), plain, self.hash)
        self.mix_hash(sealed)
        return sealed

    def unseal(self, sealed: bytes) -> bytes:
        plain = self.cipher.aead.decrypt(self.cipher.nonce(), sealed, self.hash)
        self.mix_hash(sealed)
        return plain

    async def handshake(self, identity: Ed25519PrivateKey) -> None:
        ephemeral, static = X25519PrivateKey.generate(), X25519PrivateKey.generate()
        hello, own_static = ephemeral.public_key().public_bytes_raw(), static.public_key().public_bytes_raw()
        self.mix_hash(hello)
        self.mix_hash(b"")
        await self.send(hello)
        answer = Reader(await self.receive())
        other_ephemeral = answer.take(32)
        self.mix_hash(other_ephemeral)
        self.mix_key(ephemeral, other_ephemeral)
        other_static = self.unseal(answer.take(48))
        self.mix_key(ephemeral, other_static)
        payload = fields(self.unseal(answer.take(answer.left())))
        key = fields(payload[1][0])
        if key[1][0] != 1:
            raise ProtocolError("the other side's identity is no Ed25519 key")
        self.peer: bytes = key[2][0]
        Ed25519PublicKey.from_public_bytes(self.peer).verify(payload[2][0], b"noise-libp2p-static-key:" + other_static)
        own = field(1, public_key(identity)) + field(2, identity.sign(b"noise-libp2p-static-key:" + own_static))
        sealed = self.seal(own_static)
        self.mix_key(static, other_ephemeral)
        await self.send(sealed + self.seal(own))
        sending, receiving = self.derive(b"")
        self.sending, self.receiving = Cipher(sending), Cipher(receiving)

    async def send(self, data: bytes) -> None:
        await self.raw.write(struct.pack(">H", len(data)) + data)

    async def receive(self) -> bytes:
        return await self.raw.read(int.from_bytes(await self.raw.read(2), "big"))

    async def read(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self.buffer += self.receiving.aead.decrypt(self.receiving.nonce(), await self.receive(), None)
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    async def write(self, data: bytes) -> None:
        for at in range(0, len(data), 65519):  # a Noise message has at most 65,535 bytes, 16 of them the tag
            await self.send(self.sending.aead.encrypt(self.sending.nonce(), data[at:at + 65519], None))


def public_key(identity: Ed25519PrivateKey) -> bytes:
    return field(1, 1) + field(2, identity.public_key().public_bytes_raw())


DATA, WINDOW_UPDATE, YAMUX_PING, GO_AWAY = range(4)
SYN, ACK, FIN, RST = 1, 2, 4, 8
WINDOW, MAX_STREAMS = 256 << 10, 64


class Stream:
    def __init__(self, mux: Yamux, number: int) -> None:
        self.mux, self.number, self.inbox = mux, number, asyncio.StreamReader()
        self.may_send, self.may_receive = WINDOW, WINDOW
        self.grew, self.lock, self.reset = asyncio.Event(), asyncio.Lock(), False

    async def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = await self.inbox.read(size - len(data))
            if not part:
                raise asyncio.IncompleteReadError(data, size)
            data += part
            self.may_receive += len(part)  # given back with every piece: members send no more than what comes back shows room for
            if not self.inbox.at_eof():
                await self.mux.send(WINDOW_UPDATE, 0, self.number, len(part))
        return data

    async def write(self, data: bytes) -> None:
        async with self.lock:
            while data:
                while self.may_send == 0 and not self.reset:
                    self.grew.clear()
                    await self.grew.wait()
                if self.reset:
                    raise ProtocolError("the other side reset a stream")
                part, data = data[:min(self.may_send, 32 << 10)], data[min(self.may_send, 32 << 10):]
                self.may_send -= len(part)
                await self.mux.send(DATA, 0, self.number, len(part), part)

    async def close(self) -> None:
        await self.mux.send(WINDOW_UPDATE, FIN, self.number, 0)
        self.mux.streams.pop(self.number, None)


class Yamux:
    def __init__(self, wire: Duplex, on_stream: Callable[[Stream], None]) -> None:
        self.wire, self.on_stream, self.next = wire, on_stream, 1
        self.streams: Dict[int, Stream] = {}
        self.lock = asyncio.Lock()

    async def send(self, kind: int, flags: int, number: int, length: int, body: bytes = b"") -> None:
        async with self.lock:
            await self.wire.write(struct.pack(">BBHII", 0, kind, flags, number, length) + body)

    async def open(self, flags: int = SYN, number: int = 0) -> Stream:
        if flags == SYN:
            number, self.next = self.next, self.next + 2
        stream = self.streams[number] = Stream(self, number)
        await self.send(WINDOW_UPDATE, flags, number, 0)
        return stream

    async def run(self) -> None:
        while True:
            version, kind, flags, number, length = struct.unpack(">BBHII", await self.wire.read(12))
            if version != 0 or kind > GO_AWAY or (kind == DATA and length > WINDOW):
                raise ProtocolError("a yamux header is wrong")
            if kind == GO_AWAY:
                raise ProtocolError("the other side closed the connection")
            if kind == YAMUX_PING:
                if flags & SYN:
                    await self.send(YAMUX_PING, ACK, 0, length)
                continue
            body = await self.wire.read(length) if kind == DATA else b""
            if flags & SYN and number % 2 == 0 and len(self.streams) < MAX_STREAMS:
                self.on_stream(await self.open(ACK, number))
            elif flags & SYN:
                await self.send(WINDOW_UPDATE, RST, number, 0)
            stream = self.streams.get(number)
            if stream is not None:
                self.deliver(stream, kind, flags, length, body)

    def deliver(self, stream: Stream, kind: int, flags: int, length: int, body: bytes) -> None:
        stream.may_receive -= len(body)
        if stream.may_receive < 0:
            raise ProtocolError("more bytes came than the window allows")
        stream.inbox.feed_data(body)
        stream.may_send += length if kind == WINDOW_UPDATE else 0
        stream.reset = stream.reset or bool(flags & RST)
        if flags & (FIN | RST):
            stream.inbox.feed_eof()
        stream.grew.set()

    async def go_away(self) -> None:
        await self.send(GO_AWAY, 0, 0, 0)
