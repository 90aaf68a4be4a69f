"""The flight record: what a worker has on the wire, in a file that outlives its kill -9.

PostgreSQL knows `handing_over` before the final dot, for a handful of messages at once; when a worker dies, most of them have not
left, and of others the reply was read but not yet written down. The record tells these apart, so that only what was truly between
the final dot and its reply (RFC 1047) is in doubt. It lies in the page cache, which survives the process but not the machine: it is believed within
the same boot only. Its writer holds a lock that the kernel gives up when the writer is dead, and not while it merely stands still (F-26).
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import struct
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = "flights"
HEAD = struct.Struct("64s")
# Message and lease; how far.
IDS, FAR = struct.Struct("=qq"), struct.Struct("=q")
SLOT = IDS.size + FAR.size
# Far more than the messages that a worker may have marked and not settled.
SLOTS = 4096
SIZE = HEAD.size + SLOTS * SLOT
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Far(IntEnum):
    """How far a hand-over came."""

    NOWHERE = 0
    LEFT = 1
    ACCEPTED = 2
    REFUSED = 3


class FlightRecorder:
    """The record of one worker; one writer, no system call for a message."""

    def __init__(self, data: Path, worker: str) -> None:
        """Begin a record; raises `OSError` when the folder of the data cannot be written."""
        self.path = _path(data, worker)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # A worker that failed and is started again in the same process has the same name: what it left behind is still true.
        earlier = read(data, worker) or {}
        self._file = self._create()
        self._map = mmap.mmap(self._file, SIZE)
        self._free = [HEAD.size + number * SLOT for number in range(SLOTS)]
        self._slots: dict[tuple[int, int], int] = {}
        HEAD.pack_into(self._map, 0, boot_id())
        for pair, far in earlier.items():
            self._write(pair, far)
        # Whoever finds a record finds it locked and whole.
        self._draft.rename(self.path)

    @property
    def _draft(self) -> Path:
        return self.path.with_suffix(".new")

    def _create(self) -> int:
        with contextlib.ExitStack() as undo:
            file = os.open(self._draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            undo.callback(os.close, file)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # With its blocks: on a full disk a store into a hole would end the process.
            os.posix_fallocate(file, 0, SIZE)
            undo.pop_all()
        return file

    def _write(self, pair: tuple[int, int], far: Far) -> None:
        if pair not in self._slots:
            self._slots[pair] = self._free.pop()
        slot = self._slots[pair]
        # Killed in between, it has not left: that is why the ids are written while they mean nothing.
        FAR.pack_into(self._map, slot + IDS.size, Far.NOWHERE)
        IDS.pack_into(self._map, slot, *pair)
        FAR.pack_into(self._map, slot + IDS.size, far)

    def leaves(self, message_id: int, lease_id: int) -> None:
        """The final dot goes out next. The same message may be on its way under another lease: that is another entry."""
        self._write((message_id, lease_id), Far.LEFT)

    def answered(self, message_id: int, lease_id: int, *, is_good: bool) -> None:
        """The reply to the final dot was read."""
        slot = self._slots[message_id, lease_id]
        FAR.pack_into(self._map, slot + IDS.size, Far.ACCEPTED if is_good else Far.REFUSED)

    def settled(self, pairs: Iterable[tuple[int, int]]) -> None:
        """PostgreSQL knows what became of these (message, lease)."""
        for pair in pairs:
            slot = self._slots.pop(pair, None)
            if slot is not None:
                FAR.pack_into(self._map, slot + IDS.size, Far.NOWHERE)
                self._free.append(slot)

    def close(self, *, is_over: bool = True) -> None:
        """End the record. With something left in it, or leases that are not over, it stays for who comes after."""
        if is_over and not self._slots:
            self.path.unlink(missing_ok=True)
        self._map.close()
        os.close(self._file)


def read(data: Path, worker: str) -> dict[tuple[int, int], Far] | None:
    """Return how far the hand-overs of a dead worker came, by (message, lease); what is not in it has not left.

    None = nothing is known: there is no record here, it is of another boot, or its writer may still be alive.
    """
    found = _read_if_dead(_path(data, worker))
    if found is None or len(found) != SIZE or not boot_id() or found[: HEAD.size] != HEAD.pack(boot_id()):
        return None
    slots = struct.iter_unpack("=qqq", found[HEAD.size :])
    return {(message_id, lease_id): Far(far) for message_id, lease_id, far in slots if far}


def forget(data: Path, workers: set[str]) -> None:
    """Remove the records of dead workers, except of these, which still hold leases."""
    for path in (data / FOLDER).glob("*.flight"):
        if path.stem not in workers and _read_if_dead(path) is not None:
            path.unlink(missing_ok=True)


def _read_if_dead(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return file.read()
    except OSError:
        return None


def boot_id() -> bytes:
    """Return what names this run of the machine; empty where it has no such name."""
    try:
        return BOOT_ID.read_bytes().strip()
    except OSError:
        return b""


def _path(data: Path, worker: str) -> Path:
    return data / FOLDER / f"{worker}.flight"
