"""What an endpoint may wish for: checked when it is said, so that nothing it asks for is missing later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.endpoints.types import KINDS, LONGEST_DESCRIPTION, LONGEST_URL, MOST_NAMES, MOST_SEGMENTS
from hudhud.events.queries import RESERVED
from hudhud.kit.config import settings
from hudhud.kit.egress import check_url, read_networks
from hudhud.kit.errors import InvalidInput
from hudhud.kit.text import is_one_line
from hudhud.segments.queries import get_segment
from hudhud.segments.types import SegmentNotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.endpoints.types import Wishes
    from hudhud.kit.db import Scope


def check(ws: Scope, wishes: Wishes) -> dict[str, object]:
    """Return the columns of an endpoint; raises `InvalidInput`."""
    _check_kinds(wishes.wants)
    _check_events(wishes)
    _check_segments(ws, wishes.segments)
    if len(wishes.description) > LONGEST_DESCRIPTION or not is_one_line(wishes.description):
        raise InvalidInput("description", wishes.description, f"use at most {LONGEST_DESCRIPTION} characters on one line")
    if len(wishes.url) > LONGEST_URL:
        raise InvalidInput("url", wishes.url, f"use at most {LONGEST_URL} characters")
    return {
        "url": check_url("url", wishes.url.strip(), read_networks(settings().private_networks)),
        "wants": [kind for kind in KINDS if kind in wishes.wants],
        "segments": None if wishes.segments is None else sorted(set(wishes.segments)),
        "events": sorted(set(wishes.events)),
        "description": wishes.description.strip(),
    }


def _check_kinds(wants: Sequence[str]) -> None:
    if not wants:
        raise InvalidInput("wants", list(wants), f"choose at least one of {', '.join(KINDS)}")
    if unknown := sorted(set(wants).difference(KINDS)):
        raise InvalidInput("wants", unknown[0], f"use some of {', '.join(KINDS)}")


def _check_events(wishes: Wishes) -> None:
    events = list(wishes.events)
    if ("event.tracked" in wishes.wants) is not bool(events):
        raise InvalidInput("events", events, "name the events that `event.tracked` shall tell of, and none without it")
    if len(set(events)) > MOST_NAMES:
        raise InvalidInput("events", len(events), f"name at most {MOST_NAMES} events")
    if ours := sorted(RESERVED.intersection(events)):
        raise InvalidInput("events", ours[0], "Hudhud makes events of this name itself; choose the kind of news that tells of them")


def _check_segments(ws: Scope, segments: Sequence[int] | None) -> None:
    if segments is None:
        return
    if not segments or len(set(segments)) > MOST_SEGMENTS:
        raise InvalidInput("segments", list(segments), f"choose 1 to {MOST_SEGMENTS} segments, or null for all")
    for segment_id in segments:
        try:
            get_segment(ws, segment_id)
        except SegmentNotFound as error:
            raise InvalidInput("segments", segment_id, "choose segments that there are") from error
