"""A test of variants: what its share has shown, and who goes to the rest.

It is looked at once, when the time that the author gave is over, so nothing is gained by looking often. The winner is the best with the certainty that was asked
for, by the posteriors of the rates (kit/posteriors.py); of variants that are all alike one is declared in one of so many tests only, however many there are, as
each must be better with a share of the doubt. Where nothing is shown, the author's rule decides, and it is said that it did.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hudhud.accounts.actions import record_audit
from hudhud.campaigns.materialising import ROWS, TEST, open_rest
from hudhud.campaigns.queries import QUERIES, find_editions, get_campaign, to_campaign
from hudhud.campaigns.types import CampaignState, Clicked, Did, Status
from hudhud.kit import sql
from hudhud.kit.counts import Counts
from hudhud.kit.evidence import FEWEST_HITS, Tally, counted, find_best, people_needed
from hudhud.kit.posteriors import believe
from hudhud.segments.queries import Asked, total_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clickhouse_connect.driver.client import Client

    from hudhud.campaigns.types import Campaign
    from hudhud.kit.db import Scope
    from hudhud.kit.posteriors import Belief

TESTING = sql.load("hudhud.campaigns", "testing.sql")
PAGE = 20_000
WHOLE = 100
# Verdicts on opens and clicks take some seconds.
VERDICTS = timedelta(seconds=15)
# Which difference of rates is worth knowing, for the figure of how many people it takes.
DIFFERENCE = 0.2


@dataclass(frozen=True)
class Shown:
    """What a test has shown as of an instant: for each variant how many got it, how many did what counts, and what may be believed of it."""

    as_of: datetime
    ends_at: datetime | None
    tallies: dict[str, Tally]
    beliefs: dict[str, Belief]
    winner: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        best = max((one.best for one in self.beliefs.values()), default=None)
        variants = [
            {"name": name, "people": tally.people, "hits": tally.hits, "rate": tally.mean, **asdict(self.beliefs[name])}
            for name, tally in self.tallies.items()
        ]
        needed = people_needed(list(self.tallies.values()), 95.0, DIFFERENCE)
        ends_at = None if self.ends_at is None else self.ends_at.isoformat()
        return {
            "as_of": self.as_of.isoformat(),
            "ends_at": ends_at,
            "best": best,
            "shown": self.winner,
            "needed": needed,
            "variants": variants,
        }


RESULTS: Counts[Shown] = Counts()


def ends_at(ws: Scope, campaign: Campaign) -> datetime | None:
    """Return when the test is over; None: not all of its rows are there yet, or nobody waits for it."""
    part = next((row for row in ws.all(ROWS.find_parts, id=campaign.id) if row["part"] == TEST), None)
    test = campaign.definition.test
    if part is None or part["finished_at"] is None or test is None:
        return None
    last: datetime = part["last_due_at"] or part["finished_at"]
    return last.astimezone(UTC) + test.wait.length()


def measure(ws: Scope, ch: Client, campaign: Campaign, as_of: datetime) -> Shown:
    """Return what a test has shown; raises `CampaignState` where there is none."""
    test = campaign.definition.test
    if test is None:
        raise CampaignState("This campaign has no test.")
    names = {edition_id: name for name, edition_id in find_editions(ws, campaign.id).items()}
    kind = "click" if isinstance(test.metric, Clicked) else "open"
    # Who got the winner afterwards, because it was one, shows nothing about it.
    until = campaign.decided_at or as_of
    rows = ws.rows(TESTING.find_recipients, id=campaign.id, kind=kind, as_of=as_of, until=until)
    hits = _did(ws, ch, test.metric, rows, as_of) if isinstance(test.metric, Did) else [row[3] for row in rows]
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (_, edition_id, _, _), hit in zip(rows, hits, strict=True):
        found[names[edition_id]][0] += 1
        found[names[edition_id]][1] += bool(hit)
    tallies = {variant.name: counted(*found[variant.name]) for variant in campaign.definition.variants}
    beliefs = dict(zip(tallies, believe(list(tallies.values()), is_revenue=False), strict=True))
    return Shown(as_of, ends_at(ws, campaign), tallies, beliefs, find_winner(test.certainty, tallies, beliefs))


def _did(ws: Scope, ch: Client, metric: Did, rows: Sequence[tuple[Any, ...]], as_of: datetime) -> list[bool]:
    """Return for each recipient whether they did what counts after the mail had left."""
    assert ws.workspace_id is not None
    what, did = Asked(metric.name, metric.where, None), list[bool]()
    for start in range(0, len(rows), PAGE):
        spans = [(row[0], row[2].astimezone(UTC), as_of) for row in rows[start : start + PAGE]]
        found = total_within(ch, ws.workspace_id, what, spans, as_of)
        did += [found.get(place, (0, 0.0))[0] > 0 for place in range(len(spans))]
    return did


def find_winner(certainty: float, tallies: dict[str, Tally], beliefs: dict[str, Belief]) -> str | None:
    """Return the variant that is shown to be the best, if one is; `certainty` in percent."""
    if len(tallies) < 2 or sum(tally.hits for tally in tallies.values()) < FEWEST_HITS:  # noqa: PLR2004 -- one alone is no winner
        return None
    doubt = (1 - certainty / WHOLE) / len(tallies)
    best = list(tallies)[find_best(list(tallies.values()))]
    return best if beliefs[best].best >= 1 - doubt else None


def decide(ws: Scope, ch: Client, campaign_id: int, now: datetime) -> bool:
    """Decide a test whose time is over; return whether that was done. The rest gets the winner from now on, or waits for the author's word."""
    campaign = get_campaign(ws, campaign_id)
    over, test = ends_at(ws, campaign), campaign.definition.test
    if over is None or test is None or now < over + VERDICTS or ws.value(TESTING.claim, id=campaign_id) is None:
        return False
    shown = measure(ws, ch, campaign, now)
    figures = json.dumps(shown.to_dict())
    if shown.winner is not None:
        _declare(ws, campaign, shown.winner, "better", figures, now, by="hudhud")
    elif test.tie is not None or not _has_rest(ws, campaign):
        # Where everybody was in the test, nobody is asked who goes to the rest.
        _declare(ws, campaign, test.tie or campaign.definition.variants[0].name, "tie", figures, now, by="hudhud")
    else:
        ws.run(TESTING.leave_open, id=campaign_id, now=now, figures=figures)
    return True


def _has_rest(ws: Scope, campaign: Campaign) -> bool:
    seen = sum(int(row["seen"]) for row in ws.all(ROWS.find_parts, id=campaign.id))
    return seen < (campaign.audience or 0)


def choose(ws: Scope, ch: Client, campaign_id: int, name: str, now: datetime, *, by: str) -> None:
    """Let the author choose who goes to the rest, before the test is over or where it has shown nothing. Raises `CampaignState`, `InvalidInput`."""
    campaign = to_campaign(ws.one(QUERIES.lock, id=campaign_id), campaign_id)
    test = campaign.definition.test
    if test is None or test.is_whole() or campaign.frozen_at is None or campaign.status is not Status.RUNNING:
        raise CampaignState("Nobody waits for a winner here.", status=campaign.status)
    if campaign.decided_at is not None:
        raise CampaignState(f"“{campaign.winner}” goes to the rest already.", status=campaign.status)
    campaign.definition.variant(name)
    shown = measure(ws, ch, campaign, now)
    _declare(ws, campaign, name, "chosen", json.dumps(shown.to_dict()), now, by=by)


def _declare(ws: Scope, campaign: Campaign, winner: str, verdict: str, figures: str, now: datetime, *, by: str) -> None:
    ws.run(TESTING.decide, id=campaign.id, now=now, by=by, winner=winner, verdict=verdict, figures=figures)
    open_rest(ws, campaign.id, now)
    ws.run(QUERIES.ring)
    record_audit(ws, now, by, "campaign.winner", f"campaign:{campaign.id}", name=campaign.definition.name, winner=winner, verdict=verdict)


def get_results(ws: Scope, ch: Client, campaign: Campaign, now: datetime) -> dict[str, Any]:
    """Return what a test shows now, and the figures that decided, if it was decided."""
    shown = RESULTS.get(ws, ("test", campaign.id, campaign.winner), now, lambda: measure(ws, ch, campaign, now))
    decided_on = ws.value(TESTING.get_decided_on, id=campaign.id)
    return {"winner": campaign.winner, "verdict": campaign.verdict, "decided_on": decided_on, "now": shown.to_dict()}
