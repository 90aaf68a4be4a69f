"""All node kinds: a new kind is one file and one word here."""

from __future__ import annotations

from hudhud.journeys.nodes.branch import Branch
from hudhud.journeys.nodes.delay import Delay
from hudhud.journeys.nodes.exit import Exit
from hudhud.journeys.nodes.send import Send
from hudhud.journeys.nodes.wait import Wait

Kind = Send | Delay | Wait | Branch | Exit
