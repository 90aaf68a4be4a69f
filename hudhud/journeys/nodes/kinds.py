"""All node kinds: a new kind is one file and one word here."""

from __future__ import annotations

from hudhud.journeys.nodes.branch import Branch
from hudhud.journeys.nodes.coupon import Coupon
from hudhud.journeys.nodes.delay import Delay
from hudhud.journeys.nodes.exit import Exit
from hudhud.journeys.nodes.goal import Goal
from hudhud.journeys.nodes.holdout import Holdout
from hudhud.journeys.nodes.leave import Leave
from hudhud.journeys.nodes.send import Send
from hudhud.journeys.nodes.split import Split
from hudhud.journeys.nodes.start import Start
from hudhud.journeys.nodes.test import ABTest
from hudhud.journeys.nodes.topic import Topic
from hudhud.journeys.nodes.update import Update
from hudhud.journeys.nodes.wait import Wait
from hudhud.journeys.nodes.webhook import Webhook

Kind = Send | Delay | Wait | Branch | Split | ABTest | Holdout | Update | Topic | Start | Leave | Webhook | Coupon | Goal | Exit

# Those whose work the effects role does (acting/doing.py), and all that the held out must not come to.
EFFECTS = frozenset({"update", "topic", "start", "leave", "webhook", "coupon"})
ACTING = EFFECTS | {"send"}
# Those that draw lots, each by a salt of its own.
DRAWING = frozenset({"split", "holdout", "test"})
