"""Segments and journeys of the sample shop: the ready ones, as anybody would install them."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from hudhud.accounts.queries import get_workspace
from hudhud.coupons import actions as coupons
from hudhud.coupons.types import PoolWishes
from hudhud.demo.goods import SHOP
from hudhud.journeys import actions as journeys
from hudhud.journeys import recipes
from hudhud.lifecycle import actions as lifecycle
from hudhud.personas import actions as personas
from hudhud.personas.types import Sketch
from hudhud.segments import actions as segments
from hudhud.segments.queries import find_ready

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Scope

# In the order in which they are made: the newest stands first.
SEGMENTS = ("comparison", "first_time_buyers", "retention", "new_subscribers", "cart_left", "likely_to_leave", "champions")
JOURNEYS = ("welcome", "cart")
# The sample shop takes any code of these: it makes them as they are needed.
POOLS = {"welcome": ("WELCOME-######%", 7), "cart": ("CART-######%", 1)}


def install(ws: Scope, sandbox: Sandbox, now: datetime, actor: str) -> tuple[int, list[str]]:
    """Make the segments, install the ready journeys with their mails and start them; return how many and which."""
    lifecycle.install(ws, now)
    lifecycle.count_anew(ws, now)
    ready = {one.key: one for one in find_ready()}
    language = get_workspace(ws).language
    made = {}
    for key in SEGMENTS:
        names = ready[key].names
        made[key] = segments.create_segment(ws, names.get(language, names["en"]), ready[key].tree, now, by=actor)
    _introduce(ws, made, language, now, actor)
    for key, (pattern, days) in POOLS.items():
        wishes = PoolWishes(pattern.partition("-")[0].capitalize(), pattern, url=f"{SHOP}/?coupon={{code}}", valid_days=days)
        coupons.create_pool(ws, key, wishes, now, by=actor)
    for key in JOURNEYS:
        recipes.install(ws, sandbox, key, now, by=actor)
        journeys.start(ws, key, now, by=actor)
    return len(SEGMENTS), list(JOURNEYS)


def _introduce(ws: Scope, segment_ids: dict[str, int], language: str, now: datetime, actor: str) -> None:
    """Write the shop's three personas down (`personas.json`), each with one of its segments."""
    for one in json.loads(resources.files("hudhud.demo").joinpath("personas.json").read_bytes()):
        name, text, tone = (one[field].get(language, one[field]["en"]) for field in ("names", "texts", "tones"))
        personas.create_persona(ws, Sketch(name, text, tone, segment_ids[one["segment"]]), now, by=actor)
