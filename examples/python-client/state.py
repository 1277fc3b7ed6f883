"""What must outlive a run."""
from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import List

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Failure(Exception):
    """What the user asked for cannot be had; the text says why."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


class State:
    """Identity, incarnation, next batch number, and the batches no member has acknowledged yet, in one file.

    A number that was signed once must never be signed again under the same incarnation: members would take the second batch for
    the first and never fetch it. So a number is on disk before it is used, a lock keeps a second process away, and whoever goes
    back to an older copy of the file deletes `incarnation` and `next` from it, which starts a new incarnation.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self.folder = os.open(file.parent, os.O_RDONLY)
        try:
            fcntl.flock(self.folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(f"another client works in {file.parent}; wait for it, or choose another --key") from None
        try:
            kept = json.loads(file.read_text()) if file.exists() else {}
            self.seed = bytes.fromhex(kept.get("seed", os.urandom(32).hex()))
            self.identity = Ed25519PrivateKey.from_private_bytes(self.seed)
            self.incarnation = bytes.fromhex(kept.get("incarnation", os.urandom(8).hex()))
            self.next: int = kept.get("next", 1)
            self.pending: List[bytes] = [bytes.fromhex(parcel) for parcel in kept.get("pending", [])]
        except (ValueError, AttributeError) as error:
            raise Failure(f"{file} is not a file this client wrote, or is damaged ({error}); choose another --key") from error
        self.save()

    def save(self) -> None:
        content = {"seed": self.seed.hex(), "incarnation": self.incarnation.hex(), "next": self.next, "pending": [p.hex() for p in self.pending]}
        fresh = self.file.with_name(self.file.name + ".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(json.dumps(content))
            out.flush()
            os.fsync(out.fileno())
        os.replace(fresh, self.file)
        os.fsync(self.folder)

    def take_number(self) -> int:
        self.next += 1
        self.save()
        return self.next - 1
