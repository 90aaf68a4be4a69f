"""What a campaign came to, counted from its rows: where each of the audience stands, and what became of the mails.

Two sums always hold, as all is counted in one transaction: the audience is rows + who was left out + who was not looked at yet; rows are accepted + rejected +
skipped + in doubt + pending. Rates are those of the field: of what was delivered, and people instead of machines.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hudhud.campaigns.materialising import ROWS
from hudhud.campaigns.queries import find_editions, get_campaign
from hudhud.campaigns.states import state_of
from hudhud.campaigns.types import ORDER, State, Status
from hudhud.delivery.types import State as MessageState
from hudhud.kit import sql
from hudhud.kit.counts import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hudhud.campaigns.types import Campaign
    from hudhud.kit.db import Scope

NUMBERS = sql.load("hudhud.campaigns", "numbers.sql")
TAKEN = frozenset({MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.BOUNCED, MessageState.COMPLAINED})
# Figures of lists are counted anew so often: while mails leave, afterwards, and at each twentieth of its age; not any more when nobody has opened it for long.
BUSY, CALM, DAY = timedelta(seconds=5), timedelta(minutes=1), timedelta(days=1)
AGES, LAST_LOOK = 20, timedelta(days=90)
TIMES = 20  # a twentieth of a processor at most
ENDED = {MessageState.REJECTED: "rejected", MessageState.SKIPPED: "skipped", MessageState.IN_DOUBT: "in_doubt"}


@dataclass
class Tallied:
    """Rows of a campaign, or of one of its variants, and what became of them."""

    pending: int = 0
    accepted: int = 0
    rejected: int = 0
    skipped: int = 0
    in_doubt: int = 0
    bounced: int = 0
    complained: int = 0
    opened: int = 0
    clicked: int = 0
    machine_opened: int = 0
    machine_clicked: int = 0
    unsubscribed: int = 0
    reasons: dict[str, dict[str, int]] = field(default_factory=lambda: {"pending": {}, "rejected": {}, "skipped": {}})
    first_sent_at: datetime | None = None
    last_sent_at: datetime | None = None
    per_minute: int = 0

    def add(self, state: str, reason: str, count: int, first: datetime, last: datetime, lately: int) -> None:
        """Take over how many rows are in a state, for a reason, since when."""
        kind = "accepted" if state in TAKEN else ENDED.get(MessageState(state), "pending")
        setattr(self, kind, getattr(self, kind) + count)
        if state in {MessageState.BOUNCED, MessageState.COMPLAINED}:
            setattr(self, state, getattr(self, state) + count)
        if kind in self.reasons:
            self.reasons[kind][reason] = self.reasons[kind].get(reason, 0) + count
        if kind == "accepted":
            self.first_sent_at = min(first, self.first_sent_at or first)
            self.last_sent_at = max(last, self.last_sent_at or last)
            self.per_minute += lately

    @property
    def selected(self) -> int:
        """Return how many rows there are."""
        return self.pending + self.accepted + self.rejected + self.skipped + self.in_doubt

    @property
    def delivered(self) -> int:
        """Return how many were taken and did not come back."""
        return self.accepted - self.bounced

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        counts = ("pending", "accepted", "rejected", "skipped", "in_doubt", "bounced", "complained", "opened", "clicked")
        more = ("machine_opened", "machine_clicked", "unsubscribed")
        return {
            "selected": self.selected,
            **{name: getattr(self, name) for name in (*counts, *more)},
            "delivered": self.delivered,
            "rates": self._rates(),
            **{f"{kind}_for": _listed(found) for kind, found in self.reasons.items()},
            "first_sent_at": _text(self.first_sent_at),
            "last_sent_at": _text(self.last_sent_at),
            "per_minute": self.per_minute,
        }

    def _rates(self) -> dict[str, float | None]:
        return {
            "open": _part(self.opened, self.delivered),
            "click": _part(self.clicked, self.delivered),
            "click_to_open": _part(self.clicked, self.opened),
            "unsubscribe": _part(self.unsubscribed, self.delivered),
            "complaint": _part(self.complained, self.delivered),
            "bounce": _part(self.bounced, self.accepted),
        }


@dataclass(frozen=True)
class Numbers:
    """All of it as of an instant."""

    as_of: datetime
    figures: dict[str, Any]


COUNTS: Counts[Numbers] = Counts()


def get_numbers(ws: Scope, campaign: Campaign, now: datetime) -> dict[str, Any]:
    """Return what a campaign came to; where counting takes long, as of a while ago."""
    found = COUNTS.get(ws, ("campaign", campaign.id, campaign.status), now, lambda: Numbers(now, count(ws, campaign, now)))
    return {**found.figures, "as_of": found.as_of.isoformat()}


def count(ws: Scope, campaign: Campaign, now: datetime) -> dict[str, Any]:
    """Count all that there is of a campaign."""
    names = {edition_id: name for name, edition_id in find_editions(ws, campaign.id).items()}
    whole, variants = Tallied(), {variant.name: Tallied() for variant in campaign.definition.variants}
    for edition_id, *row in ws.rows(NUMBERS.count_rows, id=campaign.id, now=now):
        for tally in (whole, variants[names[edition_id]]):
            tally.add(*row)
    engaged = ws.rows(NUMBERS.count_engaged, id=campaign.id) if whole.accepted or whole.in_doubt else ()
    _fill(whole, variants, names, engaged, ("opened", "clicked", "machine_opened", "machine_clicked"))
    gone = ws.rows(NUMBERS.count_unsubscribed, id=campaign.id, since=campaign.frozen_at) if whole.accepted or whole.in_doubt else ()
    _fill(whole, variants, names, gone, ("unsubscribed",))
    excluded = dict(ws.rows(NUMBERS.count_excluded, id=campaign.id))
    audience = campaign.audience or 0
    parts = ws.all(ROWS.find_parts, id=campaign.id)
    return {
        "audience": audience,
        "excluded": _listed(excluded),
        "remaining": audience - whole.selected - sum(excluded.values()),
        **whole.to_dict(),
        "variants": [{"name": name, **tally.to_dict()} for name, tally in variants.items()],
        "is_done": bool(parts) and not whole.pending and _is_through(campaign, parts),
    }


def _is_through(campaign: Campaign, parts: list[dict[str, Any]]) -> bool:
    """Say whether no rows are to come any more: everybody was looked at."""
    if campaign.status is Status.CANCELLED:
        return campaign.closed_at is not None
    return all(row["finished_at"] is not None for row in parts) and (len(parts) > 1 or parts[0]["part"] != "test")


def _fill(
    whole: Tallied, variants: dict[str, Tallied], names: dict[int, str], rows: Iterable[tuple[Any, ...]], fields: tuple[str, ...]
) -> None:
    for edition_id, *counts in rows:
        for tally in (whole, variants[names[edition_id]]):
            for name, found in zip(fields, counts, strict=True):
                setattr(tally, name, getattr(tally, name) + found)


def _listed(found: dict[str, int]) -> list[dict[str, Any]]:
    ordered = sorted(found, key=lambda reason: (ORDER.get(reason, len(ORDER)), reason))
    return [{"reason": reason, "people": found[reason]} for reason in ordered]


def _part(some: int, whole: int) -> float | None:
    return some / whole if whole else None


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def find_state(ws: Scope, campaign: Campaign, now: datetime) -> State:
    """Return where a campaign stands."""
    is_writing = any(row["finished_at"] is None for row in ws.all(ROWS.find_parts, id=campaign.id))
    row = {"status": campaign.status, "undecided_at": campaign.undecided_at, "is_writing": is_writing}
    figures = get_numbers(ws, campaign, now) if campaign.status is Status.RUNNING and not is_writing else None
    return state_of(row, figures)


def keep(ws: Scope, campaign_id: int, now: datetime) -> None:
    """Count a campaign for lists, and say when to count it again: soon while its mails leave, seldom when nothing happens any more."""
    campaign = get_campaign(ws, campaign_id)
    began = time.monotonic()
    figures = count(ws, campaign, now)
    took = timedelta(seconds=time.monotonic() - began)
    age = now - (campaign.decided_at or campaign.frozen_at or now)
    is_busy = figures["pending"] or not figures["is_done"]
    wait = BUSY if is_busy and age < DAY else max(CALM, age / AGES)
    next_at = None if age > LAST_LOOK and not is_busy else now + max(wait, took * TIMES)
    ws.run(NUMBERS.keep_figures, id=campaign_id, now=now, next_at=next_at, figures=json.dumps(figures))
