"""Was it a person? Rules over one hit and what surrounds it; numbered, so that history can be judged again by later ones."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# 2: two links within a second are no reader either, where a mail has few.
RULES = 2
# A burst: so many different links of one mail within so short a time is no reader.
BURST = timedelta(seconds=5)
BURST_LINKS = 3
AT_ONCE = timedelta(seconds=1)
# Gateways look at a mail before they let it in; a reader needs longer.
AT_DELIVERY = timedelta(seconds=2)
SOON = timedelta(seconds=15)
SCANNER = re.compile(
    r"bot\b|crawl|spider|scan|preview|python-|curl/|wget|okhttp|java/|go-http|libwww|headless|phantom|barracuda|mimecast|proofpoint|symantec"
    r"|trend ?micro|fireeye|sophos|cisco|ironport|safelinks|urldefense|microsoft office|existence|slackbot|facebookexternalhit|whatsapp|telegram",
    re.IGNORECASE,
)
# They fetch pictures on behalf of readers, some at opening, some long before: nobody can tell.
PICTURE_PROXY = re.compile(r"GoogleImageProxy|YahooMailProxy|via ggpht", re.IGNORECASE)
BARE_MOZILLA = re.compile(r"Mozilla/5\.0\s*\Z")


class Hit(NamedTuple):
    """An open or a click."""

    message_id: int
    kind: str
    link: int | None
    at: datetime
    method: str
    address: str


def judge(hit: Hit, agent: str, around: Sequence[Hit], accepted_at: datetime | None) -> tuple[str, str]:
    """Return the verdict (human, machine, unknown) and the rule that decided."""
    return _by_itself(hit, agent) or _by_company(hit, around) or _by_time(hit, accepted_at)


def _by_itself(hit: Hit, agent: str) -> tuple[str, str] | None:
    if hit.method != "GET":
        return "machine", "not_a_get"
    if not agent:
        return "machine", "no_agent"
    if PICTURE_PROXY.search(agent):
        return "unknown", "picture_proxy"
    if SCANNER.search(agent):
        return "machine", "scanner_agent"
    return ("machine", "privacy_protection") if hit.kind == "open" and BARE_MOZILLA.match(agent) else None


def _by_company(hit: Hit, around: Sequence[Hit]) -> tuple[str, str] | None:
    near = [other for other in around if other.message_id == hit.message_id and abs(other.at - hit.at) <= BURST]
    if any(other.method != "GET" for other in near):
        return "machine", "probed_before"
    clicks = [other for other in near if other.kind == "click"]
    if len({other.link for other in clicks}) >= BURST_LINKS:
        return "machine", "all_links_at_once"
    is_double = hit.kind == "click" and any(other.link != hit.link and abs(other.at - hit.at) < AT_ONCE for other in clicks)
    return ("machine", "two_links_at_once") if is_double else None


def _by_time(hit: Hit, accepted_at: datetime | None) -> tuple[str, str]:
    since = hit.at - accepted_at if accepted_at else None
    if since is not None and since <= AT_DELIVERY:
        return "machine", "at_delivery"
    if since is not None and since <= SOON:
        return "unknown", "soon_after_delivery"
    return "human", "browser"
