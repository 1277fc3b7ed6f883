"""What P2P Sync signs, checks and counts: batches, their operations, and the root of a set. See docs/protocol/README.md."""
from __future__ import annotations

import json
import re
import struct
from typing import Dict, List, NamedTuple, Optional, Tuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from libp2p import ProtocolError, Reader, sha256

VALUE, TOMBSTONE, BLOB = 0, 1, 2
BAD_KEY = re.compile("[\x00-\x1f\x7f-\x9f]")


def network_id(name: str) -> bytes:
    settings = f"network.horizon_days=30\nnetwork.name={json.dumps(name, ensure_ascii=False)}\n"
    return sha256(f"p2p-sync network 1\n{settings}".encode())


class Version(NamedTuple):
    """One operation; of two on a key the larger tuple wins, which is the protocol's order of versions."""
    stamp: int
    author: bytes
    batch_id: bytes
    leaf: bytes
    kind: int
    value: bytes
    expires_us: Optional[int]


class Batch(NamedTuple):
    author: bytes
    incarnation: bytes
    sequence: int
    entries: List[Tuple[bytes, Version]]


def read_operation(reader: Reader, author: bytes, batch_stamp: int, batch_id: bytes) -> Tuple[bytes, Version]:
    start, flags = reader.at, reader.uint(1)
    kind, key = flags & 3, reader.take(reader.uint(2))
    if flags > 15 or kind > BLOB or not 1 <= len(key) <= 256 or BAD_KEY.search(key.decode()):
        raise ProtocolError("an operation has wrong flags, or a key that is not 1 to 256 bytes of text without control characters")
    ttl = reader.uint(4) if flags & 4 else None
    stamp = batch_stamp
    if flags & 8:
        stamp = max(stamp, reader.uint(8) + 1)
        reader.take(32)
    size = reader.uint(4) if kind == VALUE else 40 if kind == BLOB else 0
    if ttl == 0 or size > 64 << 10:
        raise ProtocolError("an operation has a ttl of 0, or a value of more than 64 KiB")
    value = reader.take(size)
    leaf = sha256(b"\0", reader.data[start:reader.at])
    return key, Version(stamp, author, batch_id, leaf, kind, value, None if ttl is None else stamp + ttl * 1_000_000)


def merkle_root(first: int, count: int, leaves: Dict[int, bytes], proof: Reader) -> bytes:
    """RFC 6962's tree; a subtree of which no leaf is given is the next hash of the proof."""
    if not any(first <= index < first + count for index in leaves):
        return proof.take(32)
    if count == 1:
        return leaves[first]
    left = 1 << (count - 1).bit_length() - 1
    return sha256(b"\1", merkle_root(first, left, leaves, proof), merkle_root(first + left, count - left, leaves, proof))


def read_parcel(data: bytes, network: bytes) -> Batch:
    reader = Reader(data)
    header = reader.take(123)
    version, of_network, author, incarnation, sequence, stamp, root, count = struct.unpack(">B32s32s8sQQ32sH", header)
    if version != 1 or of_network != network or not 1 <= sequence < (1 << 53) - 1 or not 1 <= count <= 1000:
        raise ProtocolError("a batch has a wrong header")
    Ed25519PublicKey.from_public_bytes(author).verify(reader.take(64), b"p2p-sync batch v1 sign\0" + header)
    batch_id, present = sha256(b"p2p-sync batch v1 id\0", header), reader.uint(2)
    indexes = [reader.uint(2) for _ in range(present)] if present < count else list(range(count))
    entries = [read_operation(reader, author, stamp, batch_id) for _ in range(present)]
    ascending = all(a < b for a, b in zip(indexes, indexes[1:])) and all(a[0] < b[0] for a, b in zip(entries, entries[1:]))
    if not 1 <= present <= count or not ascending or indexes[-1] >= count:
        raise ProtocolError("the operations of a batch are not in order")
    if merkle_root(0, count, {index: entry[1].leaf for index, entry in zip(indexes, entries)}, reader) != root:
        raise ProtocolError("the operations of a batch are not the signed ones")
    reader.end()
    return Batch(author, incarnation, sequence, entries)


def sign_put(identity: Ed25519PrivateKey, numbers: bytes, network: bytes, key: bytes, value: bytes, over: Optional[Version]) -> bytes:
    """A whole batch of one put, over the version it replaces; numbers are incarnation, sequence and stamp."""
    replaces = struct.pack(">Q", over.stamp) + over.batch_id if over else b""
    operation = bytes([VALUE | (8 if over else 0)]) + struct.pack(">H", len(key)) + key + replaces + struct.pack(">I", len(value)) + value
    author = identity.public_key().public_bytes_raw()
    header = b"\1" + network + author + numbers + sha256(b"\0", operation) + struct.pack(">H", 1)
    return header + identity.sign(b"p2p-sync batch v1 sign\0" + header) + struct.pack(">H", 1) + operation


def trie_root(entries: List[Tuple[bytes, bytes]], depth: int = 0) -> bytes:
    """The root over (position, digest) pairs in ascending order."""
    if len(entries) <= 16:
        return sha256(b"\3", bytes([len(entries)]), *(position + digest for position, digest in entries))
    children: Dict[int, List[Tuple[bytes, bytes]]] = {}
    for entry in entries:
        children.setdefault(entry[0][depth // 2] >> (0 if depth % 2 else 4) & 15, []).append(entry)
    bitmap = sum(1 << digit for digit in children)
    return sha256(b"\4", struct.pack(">H", bitmap), *(struct.pack(">Q", len(c)) + trie_root(c, depth + 1) for _, c in sorted(children.items())))


def read_ranges(reader: Reader) -> List[range]:
    ranges, end = [], -1
    for _ in range(reader.uint(1)):
        first = end + 2 + reader.varint()
        end = first + reader.varint()
        ranges.append(range(first, end + 1))
    return ranges


def read_origins(reader: Reader) -> List[Tuple[Tuple[bytes, bytes], List[range]]]:
    origins = [((reader.take(32), reader.take(8)), read_ranges(reader)) for _ in range(reader.uint(2))]
    reader.end()
    return origins
