"""Who is recorded in which segment: a set that was written whole at some time, and who turned since.

A batch turns few people in many segments. It writes those, not the sets: they wait beside the set (`turned`) until they are large enough that writing the set anew
costs little for each. A set that was written whole never changes under its `version`, so a process that has read it need not read it again.
All writing is under the lock of the workspace's row in `segment_known`.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from pyroaring import BitMap64

from hudhud.kit import sql
from hudhud.segments.asking.sets import dump, load

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.segments.keeping", "stored.sql")
# Who turned waits until it takes so many bytes, or this part of the set: each batch writes it, so it is small beside the set, which is then written seldom.
LEAST_FOLDED, PART_FOLDED = 4096, 64
MOST_KEPT = 32 * 2**20  # bytes of sets that a process remembers


class Sets:
    """Sets that were read, by version, the latest used last; as many as take `most` bytes. Threads share it."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        """Begin with none."""
        self._most, self._bytes = most, 0
        self._kept: OrderedDict[Hashable, tuple[BitMap64, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, version: Hashable) -> BitMap64 | None:
        """Return a set, not to be changed."""
        with self._lock:
            found = self._kept.get(version)
            if found is not None:
                self._kept.move_to_end(version)
            return found and found[0]

    def put(self, version: Hashable, members: BitMap64, size: int) -> None:
        """Keep a set of so many bytes."""
        with self._lock:
            if version not in self._kept:
                self._kept[version] = (members, size)
                self._bytes += size
            while self._bytes > self._most:
                self._bytes -= self._kept.popitem(last=False)[1][1]


_sets = Sets()


def read_members(ws: Scope, segment_ids: Sequence[int], people: BitMap64 | None = None) -> dict[int, BitMap64]:
    """Return who is in these segments, or who of these `people` is."""
    found = ws.rows(QUERIES.read_versions, ids=list(segment_ids))
    stored = {row[0]: (_sets.get(row[1]), load(row[2])) for row in found}
    missing = [segment_id for segment_id, (members, _) in stored.items() if members is None]
    if missing:
        # Another version may have been written meanwhile: what turned since is that of the same row.
        for segment_id, version, turned, raw in ws.rows(QUERIES.read_sets, ids=missing):
            members = load(raw)
            _sets.put(version, members, len(raw))
            stored[segment_id] = (members, load(turned))
    return {segment_id: _among(members or BitMap64(), turned, people) for segment_id, (members, turned) in stored.items()}


def _among(members: BitMap64, turned: BitMap64, people: BitMap64 | None) -> BitMap64:
    return members ^ turned if people is None else (members & people) ^ (turned & people)


def write_members(ws: Scope, segment_id: int, members: BitMap64) -> None:
    """Write a whole set."""
    ws.run(QUERIES.set_members, id=segment_id, members=dump(members), count=len(members))


def turn_members(ws: Scope, turned: Mapping[int, BitMap64]) -> dict[int, int]:
    """Let people who are in these segments be out, and in who are out; return how many are in each then."""
    ids = [segment_id for segment_id, people in turned.items() if people]
    if not ids:
        return {}
    before = {row[0]: (load(row[1]), row[2]) for row in ws.rows(QUERIES.read_turned, ids=ids)}
    stored = read_members(ws, ids, BitMap64().union(*turned.values()))
    rows = []
    for segment_id in ids:
        people, leaving = turned[segment_id], turned[segment_id] & stored[segment_id]
        rows.append((segment_id, dump(before[segment_id][0] ^ people), len(people) - 2 * len(leaving)))
    columns = dict(zip(("ids", "turned", "grown"), map(list, zip(*rows, strict=True)), strict=True))
    sizes = {row[0]: row[1] for row in ws.rows(QUERIES.set_turned, **columns)}
    large = [segment_id for segment_id, raw, _ in rows if len(raw) > max(LEAST_FOLDED, before[segment_id][1] // PART_FOLDED)]
    for segment_id, members in read_members(ws, large).items():
        write_members(ws, segment_id, members)
    return sizes
