"""What each ready journey is expected to do with five people. Samples of events and traits are those of docs/guide/playbooks.md.

Ann does what the journey is for, Bob does nothing, Cat has done the step already (or does it twice), Dan did not agree to mail, Eve is not concerned.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.journeys.stage import T0

ANN, BOB, CAT, DAN, EVE = range(5)
GUIDE = Path("docs/guide/playbooks.md")
Deed = tuple[int, float, str, dict[str, Any]]  # who, hours after the beginning, event, properties that differ from the sample
Traits = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Playbook:
    """A story of so many days, and what comes of it: how many enter each node, how many mails may leave, how many runs end by the goal and by an exit."""

    days: int
    entered: dict[str, int]
    mails: dict[str, int]
    goal: int
    exited: int = 0
    deeds: tuple[Deed, ...] = ()
    traits: Traits = ({}, {}, {}, {}, {})
    subscribe: tuple[int, ...] = ()  # to the newsletter in the story itself
    enter: tuple[tuple[int, float], ...] = ()  # the segment, after so many hours
    begins: datetime = T0
    agreed: tuple[int, ...] = (ANN, BOB, CAT, EVE)


def read_samples() -> dict[str, dict[str, Any]]:
    """Read the sample events of the guide: name -> properties."""
    found = (json.loads(text) for text in re.findall(r'`(\{"event".*?\})`', GUIDE.read_text("utf-8")))
    return {one["event"]: one["properties"] for one in found}


SAMPLES = read_samples()
ORDER = "Order Completed"


def by_date(name: str, ann: str, cat: str) -> Traits:
    """Give Ann, Bob and Dan one date, Cat another, and Eve none."""
    return ({name: ann}, {name: ann}, {name: cat}, {name: ann}, {})


def each(who: tuple[int, ...], hours: float, event: str, **properties: object) -> tuple[Deed, ...]:
    """Let several do the same, a minute apart."""
    return tuple((one, hours + one / 60, event, properties) for one in who)


PLAYBOOKS: dict[str, Playbook] = {
    "birthday": Playbook(
        30,
        {"greet": 4, "two_weeks": 4, "greeted": 3},
        {"greet": 3},
        goal=1,
        traits=by_date("birthday", "1990-01-03", "--01-04"),
        deeds=((ANN, 120, ORDER, {}),),
    ),
    "anniversary": Playbook(
        30,
        {"thank": 3, "two_weeks": 3, "thanked": 2},
        {"thank": 2},
        goal=1,
        traits=by_date("customer_since", "2024-01-03", "2026-01-03"),
        deeds=((ANN, 120, ORDER, {}),),
    ),
    "holiday": Playbook(
        30,
        {"wish": 4, "two_weeks": 4, "wished": 3},
        {"wish": 4},
        goal=1,
        begins=datetime.fromisoformat("2026-12-28T12:00+00:00"),
        deeds=((ANN, 120, ORDER, {}),),
    ),
    "renewal": Playbook(
        60,
        {"month": 4, "till_week": 4, "week": 3, "till_day": 3, "day": 2, "after": 2, "lapsed": 2, "moved": 0},
        {"month": 3, "week": 2, "day": 1},
        goal=1,
        exited=1,
        traits=by_date("renews_on", "2026-02-10", "2026-02-10"),
        deeds=((ANN, 360, "Subscription Renewed", {}), (CAT, 864, "Subscription Cancelled", {})),
    ),
    "replenish": Playbook(
        30,
        {"remind": 3, "two_weeks": 3, "not_now": 2},
        {"remind": 2},
        goal=1,
        traits=by_date("runs_out_on", "2026-01-10", "2025-12-31"),
        deeds=((ANN, 144, ORDER, {}),),
    ),
    "browse": Playbook(
        20,
        {"four_hours": 3, "more": 3, "two_days": 3, "help": 2, "four_days": 2, "looked": 2},
        {"more": 2, "help": 1},
        goal=1,
        deeds=(
            (CAT, 0, ORDER, {}),
            *each((ANN, BOB, CAT, DAN, EVE), 0.1, "Product Viewed"),
            *each((ANN, BOB, CAT, DAN, EVE), 1.1, "Product Viewed"),
            *each((ANN, BOB, CAT, DAN), 2.1, "Product Viewed"),
            (ANN, 24, ORDER, {}),
        ),
    ),
    "wishlist": Playbook(
        20,
        {"tell": 4, "a_week": 4, "told": 3},
        {"tell": 3},
        goal=1,
        deeds=(
            *each((ANN, BOB, CAT, DAN), 0, "Product Added to Wishlist"),
            *each((ANN, BOB, CAT, DAN, EVE), 24, "Wishlist Price Dropped"),
            (ANN, 30, ORDER, {}),
            (CAT, 48, "Wishlist Price Dropped", {}),
        ),
    ),
    "shipped": Playbook(
        20,
        {"tell": 4, "two_weeks": 4, "not_told": 3},
        {"tell": 4},
        goal=1,
        deeds=(*each((ANN, BOB, CAT, DAN), 0, "Order Shipped"), (CAT, 1, "Order Shipped", {}), (ANN, 48, "Order Delivered", {})),
    ),
    "post_purchase": Playbook(
        35,
        {"confirm": 5, "delivered": 5, "two_days": 4, "well": 4, "a_week": 4, "reviewed": 3, "review": 2, "a_month": 3, "over": 0},
        {"confirm": 5, "well": 4, "review": 2},
        goal=1,
        exited=1,
        deeds=(
            *each((ANN, BOB, CAT, DAN), 0, ORDER),
            (DAN, 24, "Order Cancelled", {}),
            *each((ANN, CAT), 48, "Order Delivered"),
            (CAT, 144, "Product Reviewed", {}),
            (ANN, 480, ORDER, {"order_id": "A-1002"}),
        ),
    ),
    "onboarding": Playbook(
        50,
        {
            "begin": 4,
            "three_days": 4,
            "used": 4,
            "feature": 2,
            "four_days": 4,
            "check_in": 3,
            "a_week": 3,
            "used_thrice": 3,
            "tip": 2,
            "sixteen_days": 3,
            "answered": 3,
            "survey": 2,
            "two_weeks": 2,
            "over": 3,
        },
        {"begin": 4, "feature": 1, "check_in": 2, "tip": 1, "survey": 1},
        goal=1,
        deeds=(
            *each((ANN, BOB, CAT, DAN), 0, "Signed Up"),
            *each((ANN, CAT), 24, "Feature Used"),
            (CAT, 48, "Feature Used", {}),
            (CAT, 96, "Feature Used", {}),
            (ANN, 120, "Activated", {}),
            (CAT, 480, "Survey Answered", {}),
        ),
    ),
    "nurture": Playbook(
        40,
        {
            "resource": 4,
            "three_days": 4,
            "case_seen": 4,
            "case": 3,
            "four_days": 4,
            "webinar_seen": 3,
            "webinar": 2,
            "five_days": 3,
            "talk": 3,
            "two_weeks": 3,
            "not_yet": 3,
        },
        {"resource": 4, "case": 2, "webinar": 1, "talk": 2},
        goal=1,
        deeds=(
            *each((ANN, BOB, CAT, DAN), 0, "Resource Requested"),
            (CAT, 24, "Case Study Viewed", {}),
            (CAT, 25, "Webinar Registered", {}),
            (ANN, 144, "Demo Requested", {}),
        ),
    ),
    "welcome_slow": Playbook(
        45,
        {"gift": 3, "a_week": 3, "story": 3, "second_week": 3, "why": 2, "third_week": 2, "products": 2, "two_weeks": 2, "welcomed": 2},
        {"gift": 3, "story": 3, "why": 2, "products": 2},
        goal=1,
        agreed=(EVE,),
        subscribe=(ANN, BOB, CAT),
        deeds=((CAT, -12, ORDER, {}), (ANN, 240, ORDER, {})),
    ),
    "advocate": Playbook(
        80,
        {"refer": 3, "two_weeks": 3, "reviewed": 2, "review": 1, "a_month": 2, "over": 2},
        {"refer": 3, "review": 1},
        goal=1,
        deeds=(
            *(deed for day in range(3) for deed in each((ANN, BOB, CAT, DAN, EVE), 24 * day, ORDER)),
            *each((ANN, BOB, CAT, DAN), 72, ORDER),
            (CAT, 80, "Product Reviewed", {}),
            (ANN, 240, "Referral Completed", {}),
        ),
        enter=((ANN, 72), (BOB, 72 + 1 / 60), (CAT, 72 + 2 / 60)),
    ),
    "upgrade": Playbook(
        45,
        {"fit": 4, "five_days": 4, "trade_in": 3, "weeks": 3, "keeps": 3},
        {"fit": 3, "trade_in": 2},
        goal=1,
        deeds=(*each((ANN, BOB, CAT, DAN), 0, "Successor Released"), (CAT, 1, "Successor Released", {}), (ANN, 48, ORDER, {})),
    ),
}
