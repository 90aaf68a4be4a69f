"""From an audience to message rows: freeze it, then chunk by chunk sort out who gets it, with which variant, and when.

A chunk is one transaction: rows, who gets none, how far it came. The lock on the part's row is the claim and the transaction the fence: after a crash
PostgreSQL takes back what was not committed, and a worker that is frozen in the middle loses its session (workers/campaigns.py) before another goes on.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap64

from hudhud.campaigns.audience import Asking, find_audience, sort_out
from hudhud.campaigns.moments import Going, find_moments
from hudhud.campaigns.queries import find_editions, get_campaign
from hudhud.campaigns.types import SOURCE, STEP, Campaign, Out, Status, Variant
from hudhud.delivery import actions as delivery
from hudhud.delivery.types import Mailing
from hudhud.kit import sql
from hudhud.kit.lots import draw
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Scope

ROWS = sql.load("hudhud.campaigns", "materialising.sql")
# The first rows are there soon; the others take longer each, and less time together.
FIRST, USUAL = 1_000, 20_000
# So many people are looked through at most for those of a small share.
LOOK_THROUGH = 5
ALL, TEST, REST = "all", "test", "rest"
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Chunk:
    """What a chunk came to: how many of the audience were looked at, how many got rows, and whether the part is through."""

    seen: int
    planned: int
    is_over: bool


def look(ws: Scope, ch: Client, campaign_id: int, now: datetime) -> tuple[Campaign, BitMap64] | None:
    """Return a campaign that is to begin and whom it is for now; None: it is not to begin any more."""
    campaign = get_campaign(ws, campaign_id)
    if campaign.status is not Status.SCHEDULED or campaign.starts_at is None or campaign.starts_at > now:
        return None
    return campaign, find_audience(ws, ch, asking_of(campaign, now), now)


def freeze(ws: Scope, campaign: Campaign, people: BitMap64, now: datetime) -> bool:
    """Begin a campaign with its audience; return False if it was taken back, changed or begun meanwhile."""
    held = {"revision": campaign.revision, "launched_at": campaign.launched_at}
    if ws.value(ROWS.claim_start, id=campaign.id, now=now, **held) is None:
        return False
    people.run_optimize()
    ws.run(ROWS.keep_audience, id=campaign.id, people=bytes(people.serialize()))
    ws.run(ROWS.begin, id=campaign.id, now=now, audience=len(people))
    test = campaign.definition.test
    part = ALL if test is None or test.is_whole() else TEST
    ws.run(ROWS.open_part, id=campaign.id, part=part, at=now)
    return True


def open_rest(ws: Scope, campaign_id: int, now: datetime) -> None:
    """Let the rest of the audience have the winner, from now on."""
    ws.run(ROWS.open_part, id=campaign_id, part=REST, at=now)


def read_audience(ws: Scope, campaign_id: int) -> BitMap64:
    """Return the audience as it was frozen."""
    raw = ws.value(ROWS.read_audience, id=campaign_id)
    return BitMap64.deserialize(bytes(raw)) if raw else BitMap64()


def write_chunk(ws: Scope, campaign_id: int, now: datetime, usual: int = USUAL) -> Chunk | None:
    """Write the next rows of a campaign; None: there are none to write, or somebody else does."""
    row = ws.one(ROWS.claim_part, id=campaign_id)
    if row is None:
        return None
    campaign = get_campaign(ws, campaign_id)
    part = _Part(campaign, row)
    audience = read_audience(ws, campaign_id)
    people, position, is_over = part.take(audience, min(FIRST, usual) if row["position"] == 0 else usual)
    found = sort_out(ws, people, asking_of(campaign, campaign.frozen_at or now), now, audience)
    planned, passed, last_due_at = _plan(ws, part, found.recipients, now)
    if passed:
        found.excluded[Out.MOMENT_PASSED] = passed
    _exclude(ws, campaign_id, row, found.excluded)
    moved = {"position": position, "seen": len(people), "planned": planned, "last_due_at": last_due_at, "is_over": is_over}
    ws.run(ROWS.move_part, id=campaign_id, part=row["part"], now=now, **moved)
    return Chunk(len(people), planned, is_over)


def asking_of(campaign: Campaign, now: datetime) -> Asking:
    """Return whom a campaign is for, and what decides who of them gets it."""
    definition = campaign.definition
    templates = tuple(sorted({variant.template for variant in definition.variants if variant.template}))
    return Asking(definition.audience, definition.topic, templates, definition.seen_since(now), campaign.resend_of)


class _Part:
    """One part of a campaign's audience: who is in it, and who of them gets what."""

    def __init__(self, campaign: Campaign, row: dict[str, Any]) -> None:
        self.campaign, self.definition, self.row = campaign, campaign.definition, row
        test = self.definition.test
        self.lots = test.lots() if test is not None else 0
        self.salt = salt_of(campaign.id)

    def take(self, audience: BitMap64, size: int) -> tuple[list[int], int, bool]:
        """Return the next people of the part, up to which number everybody was looked at, and whether it is through."""
        after, looked, found = self.row["position"], 0, list[int]()
        for one in audience.iter_equal_or_larger(after + 1):
            if looked == size * LOOK_THROUGH or len(found) == size:
                return found, after, False
            after, looked = one, looked + 1
            if self.has(one):
                found.append(one)
        return found, after, True

    def has(self, person_id: int) -> bool:
        """Say whether somebody of the audience is in this part."""
        part: str = self.row["part"]
        return part == ALL or (draw(self.salt, person_id) < self.lots) == (part == TEST)

    def sort(self, people: Iterable[int]) -> dict[str, list[int]]:
        """Return who gets which variant."""
        groups: dict[str, list[int]] = defaultdict(list)
        for one in people:
            groups[variant_of(self.campaign, one, is_rest=self.row["part"] == REST).name].append(one)
        return groups


def salt_of(campaign_id: int) -> str:
    """Return by which lots people are drawn."""
    return f"{SOURCE}:{campaign_id}"


def variant_of(campaign: Campaign, person_id: int, *, is_rest: bool) -> Variant:
    """Return which variant somebody gets: the only one, the one of their lot, or, if they are of the rest, the winner."""
    definition = campaign.definition
    if is_rest:
        assert campaign.winner is not None
        return definition.variant(campaign.winner)
    if definition.test is None or len(definition.variants) == 1:
        return definition.variants[0]
    lots = definition.test.lots()
    return definition.variants[draw(salt_of(campaign.id), person_id) * len(definition.variants) // lots]


def _plan(ws: Scope, part: _Part, recipients: Sequence[int], now: datetime) -> tuple[int, list[int], datetime | None]:
    """Write rows; return how many, for whom the moment was over, and the last moment."""
    editions = find_editions(ws, part.campaign.id)
    planned, passed, last = 0, list[int](), list["datetime"]()
    for name, people in part.sort(recipients).items():
        variant = part.definition.variant(name)
        # Each variant at its share of the pace would be slower than said: they go one after the other.
        going = Going(part.row["opened_at"], part.row["part"] == REST, part.row["planned"] + planned, part.row["last_due_at"], planned)
        timed = find_moments(ws, part.definition, variant, people, going)
        passed += timed.passed
        if timed.due:
            last.append(max(at for _, at in timed.due))
            planned += delivery.plan_mailing(ws, _mailing(part, variant, editions[name], timed.due), now)
    return planned, passed, max(last, default=None)


def _mailing(part: _Part, variant: Variant, edition_id: int, due: Sequence[tuple[int, datetime]]) -> Mailing:
    definition, campaign = part.definition, part.campaign
    moments = {at for _, at in due}
    return Mailing(
        campaign_id=campaign.id,
        step=STEP,
        topic=definition.topic,
        template=variant.template,
        edition_id=edition_id,
        person_ids=[one for one, _ in due],
        due_at=due[0][1],
        due_ats=[at for _, at in due] if len(moments) > 1 else [],
        expires_at=definition.ends_at,
        seen_since=definition.seen_since(campaign.frozen_at or part.row["opened_at"]),
    )


def _exclude(ws: Scope, campaign_id: int, row: dict[str, Any], excluded: dict[str, list[int]]) -> None:
    if not excluded:
        return
    reasons = sorted(excluded)
    ws.run(
        ROWS.exclude,
        id=campaign_id,
        part=row["part"],
        chunk=row["position"],
        reasons=[str(reason) for reason in reasons],
        counts=numbers(len(excluded[reason]) for reason in reasons),
        people=[bytes(BitMap64(excluded[reason]).serialize()) for reason in reasons],
    )


def end_some(ws: Scope, campaign_id: int, now: datetime, after: int, limit: int = USUAL) -> int | None:
    """Give some rows of a cancelled campaign that wait their end; return up to whom, None: all were looked at."""
    return delivery.end_waiting(ws, campaign_id, STEP, now, after, limit)


def close(ws: Scope, campaign_id: int, now: datetime) -> bool:
    """Note that no row of a cancelled campaign waits any more, if that is so; who was not looked at yet is left out as cancelled."""
    if ws.value(ROWS.claim_closing, id=campaign_id) is None or ws.value(ROWS.is_waiting, id=campaign_id):
        return False
    campaign = get_campaign(ws, campaign_id)
    for row in _unfinished(ws, campaign, now):
        people, position, _ = _Part(campaign, row).take(read_audience(ws, campaign_id), campaign.audience or 0)
        _exclude(ws, campaign_id, row, {Out.CANCELLED: people} if people else {})
        moved = {"position": position, "seen": len(people), "planned": 0, "last_due_at": None, "is_over": True}
        ws.run(ROWS.move_part, id=campaign_id, part=row["part"], now=now, **moved)
    ws.run(ROWS.close, id=campaign_id, now=now)
    return True


def _unfinished(ws: Scope, campaign: Campaign, now: datetime) -> list[dict[str, Any]]:
    """Return the parts that were not gone through, the rest that nobody has opened among them."""
    parts = {row["part"]: row for row in ws.all(ROWS.find_parts, id=campaign.id)}
    if TEST in parts and REST not in parts:
        open_rest(ws, campaign.id, now)
        parts = {row["part"]: row for row in ws.all(ROWS.find_parts, id=campaign.id)}
    return [row for row in parts.values() if row["finished_at"] is None]
