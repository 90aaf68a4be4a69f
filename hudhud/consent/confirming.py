"""Double opt-in: who is to be written to, one mail for each address in a day; and what people read where they agree."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, get_args

from hudhud.consent.types import ConfirmationMail, Law, ToConfirm, Wording
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.consent", "preferences.sql")
LONGEST_WORDING = 2_000
# So many mails in a month that nobody answers, and a mailbox gets no more of them: somebody else asks for it.
MOST_UNANSWERED = 4


def find_to_confirm(everywhere: Scope, now: datetime, limit: int) -> list[ToConfirm]:
    """Return who is to get a mail now, in all workspaces; nobody while another worker decides.

    Nobody whose mailbox got one within a day, or `MOST_UNANSWERED` within 30 days that nobody has answered.
    """
    if not everywhere.value(QUERIES.take_turn_to_mail):
        return []
    return everywhere.into(ToConfirm, QUERIES.find_to_confirm, now=now, limit=limit, most=MOST_UNANSWERED)


def add_mail(ws: Scope, one: ToConfirm, now: datetime) -> ConfirmationMail | None:
    """Note that a person is written to about all that they asked for and have not confirmed; None: nothing of that is left."""
    ws.run(QUERIES.forget_settled, person_id=one.person_id)
    found = ws.into(ConfirmationMail, QUERIES.add_mail, person_id=one.person_id, address=one.address, now=now)
    return found[0] if found else None


def read_ready_wordings() -> dict[str, dict[str, str]]:
    """Return texts to begin with, by law and language."""
    texts: dict[str, dict[str, str]] = json.loads(resources.files("hudhud.consent").joinpath("wordings.json").read_text("utf-8"))
    return texts


def set_wording(ws: Scope, law: Law, texts: dict[str, str], now: datetime, by: str) -> Wording | None:
    """Let people read this from now on where they agree; None: they do already. Raises `InvalidInput`."""
    if law not in get_args(Law):
        raise InvalidInput("law", law, f"use one of {', '.join(get_args(Law))}")
    given = {language: text.strip() for language, text in texts.items() if text.strip()}
    if not given:
        raise InvalidInput("texts", texts, 'give at least one language, e.g. {"en": "…"}')
    if long := [language for language, text in given.items() if len(text) > LONGEST_WORDING]:
        raise InvalidInput(f"texts.{long[0]}", given[long[0]], f"use {LONGEST_WORDING} characters at most")
    made = ws.into(Wording, QUERIES.add_wording, law=law, texts=json.dumps(given), now=now, by=by)
    return made[0] if made else None
