"""Segments and journeys of the sample shop: the ready ones, as anybody would install them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.accounts.queries import get_workspace
from hudhud.journeys import actions as journeys
from hudhud.journeys import recipes
from hudhud.lifecycle import actions as lifecycle
from hudhud.segments import actions as segments
from hudhud.segments.queries import find_ready

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Scope

# In the order in which they are made: the newest stands first.
SEGMENTS = ("comparison", "first_time_buyers", "retention", "new_subscribers", "cart_left", "likely_to_leave", "champions")
JOURNEYS = ("welcome", "cart")


def install(ws: Scope, sandbox: Sandbox, now: datetime, actor: str) -> tuple[int, list[str]]:
    """Make the segments, install the ready journeys with their mails and start them; return how many and which."""
    lifecycle.install(ws, now)
    lifecycle.count_anew(ws, now)
    ready = {one.key: one for one in find_ready()}
    language = get_workspace(ws).language
    for key in SEGMENTS:
        names = ready[key].names
        segments.create_segment(ws, names.get(language, names["en"]), ready[key].tree, now, by=actor)
    for key in JOURNEYS:
        recipes.install(ws, sandbox, key, now, by=actor)
        journeys.start(ws, key, now, by=actor)
    return len(SEGMENTS), list(JOURNEYS)
