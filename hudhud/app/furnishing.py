"""What a new workspace starts with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.consent.actions import create_default_topics
from hudhud.lifecycle import actions as lifecycle

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope


def furnish(ws: Scope, now: datetime) -> None:
    """Put in its topics and the stages of its lifecycle."""
    create_default_topics(ws, now)
    lifecycle.install(ws, now)
