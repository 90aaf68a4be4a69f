"""Places in segments whose people are others by now: merged into somebody, or erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyroaring import BitMap64

from hudhud.segments.keeping.growth import record
from hudhud.segments.keeping.stored import read_members, turn_members

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hudhud.segments.keeping.membership import Desk, Live


def find_moved(desk: Desk, merged: Sequence[tuple[int, int]], segments: Sequence[Live] = ()) -> dict[int, int]:
    """Return who of the `merged` the segments know, or is in one of these: that is as far as ClickHouse has been told (it is what is asked)."""
    # Who is to be asked about again (`ask_again`) is not known, and was perhaps merged before that.
    unknown = BitMap64([actor for actor, _ in merged if actor not in desk.known])
    inside = read_members(desk.ws, [segment.id for segment in segments], unknown) if unknown and segments else {}
    held = BitMap64().union(*inside.values())
    return {actor: person for actor, person in merged if actor not in unknown or actor in held}


def hand_over(desk: Desk, segments: Sequence[Live], moved: Mapping[int, int]) -> None:
    """Give the places of merged people to those they were merged into."""
    if not moved:
        return
    leaving = BitMap64(moved)
    turned = {}
    for segment_id, before in read_members(desk.ws, [segment.id for segment in segments], leaving | BitMap64(moved.values())).items():
        after = (before - leaving) | BitMap64([moved[actor] for actor in before & leaving])
        turned[segment_id] = before ^ after
    record(desk.ws, turn_members(desk.ws, turned), [], desk.now)


def let_go(desk: Desk, segments: Sequence[Live], gone: BitMap64) -> None:
    """Take whoever was erased out of all places."""
    if gone:
        record(desk.ws, turn_members(desk.ws, read_members(desk.ws, [segment.id for segment in segments], gone)), [], desk.now)
