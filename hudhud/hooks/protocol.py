"""What goes between us and the mapping process; it imports nothing else of ours, as it starts anew for each use."""

from __future__ import annotations

from typing import Any

import msgspec

MAX_MESSAGES = 20_000  # of one body
# Of what one message is nested: more than the log takes, and less than whoever reads the answer could not.
MAX_LEVELS = 200


class Given(msgspec.Struct, frozen=True):
    """A body as the mapping reads it."""

    received_at: str
    headers: dict[str, str]
    body: bytes


class Work(msgspec.Struct):
    """What is asked: bodies, with where their items are and what each item makes."""

    items: str
    mapping: str
    bodies: list[Given]


class Said(msgspec.Struct, frozen=True):
    """What the mapping made of one item: messages, or the problem."""

    messages: list[dict[str, Any]] = []
    problem: str = ""
