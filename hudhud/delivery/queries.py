"""Reads about messages, the rules for sending, and the built-in mailbox."""

from __future__ import annotations

import email
import email.message
import email.policy
from typing import TYPE_CHECKING, Any

from hudhud.delivery.caps import Cap as Cap
from hudhud.delivery.caps import Room as Room
from hudhud.delivery.caps import longest as longest
from hudhud.delivery.caps import to_cap
from hudhud.delivery.editions import find_copies
from hudhud.delivery.foresight import Fate as Fate
from hudhud.delivery.foresight import Wanted as Wanted
from hudhud.delivery.foresight import foresee as foresee
from hudhud.delivery.rooms import QUERIES as ROOMS
from hudhud.delivery.types import Message, Outcome
from hudhud.kit import sql
from hudhud.kit.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery")
PLACEHOLDER = "https://example.invalid/unsubscribe"


def find_messages(
    ws: Scope,
    *,
    state: str | None = None,
    reason: str | None = None,
    person_id: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Message]:
    """A page of the log, newest first; `after` is the last id seen."""
    query = QUERIES.find_messages if person_id is None else QUERIES.find_messages_of
    return ws.into(Message, query, state=state, reason=reason, person_id=person_id, after=after, limit=limit)


def find_messages_of_campaign(
    ws: Scope, campaign_id: int, *, state: str | None, reason: str | None, edition_id: int | None, after: int | None, limit: int
) -> list[Message]:
    """A page of one campaign's messages, newest first; `after` is the last id seen."""
    asked = {"state": state, "reason": reason, "edition_id": edition_id, "after": after, "limit": limit}
    return ws.into(Message, QUERIES.find_messages_of_campaign, campaign_id=campaign_id, **asked)


def get_message(ws: Scope, message_id: int) -> Message:
    """One message; raises `NotFound`."""
    found = ws.into(Message, QUERIES.get_message, id=message_id)
    if not found:
        raise NotFound(f"There is no message {message_id}.")
    return found[0]


def find_outcomes(ws: Scope, message_id: int) -> list[Outcome]:
    """What became of each attempt, oldest first."""
    return ws.into(Outcome, QUERIES.find_outcomes, id=message_id)


def find_engagement(ws: Scope, message_id: int) -> list[dict[str, Any]]:
    """Opens and clicks with their verdicts, oldest first."""
    return ws.all(QUERIES.find_engagement, id=message_id)


def get_copy(ws: Scope, sandbox: Sandbox, message_id: int) -> dict[str, str] | None:
    """The copy as it was: subject, html, text (links lead straight to their targets); None when none was made."""
    row = ws.one(QUERIES.get_facts, id=message_id)
    if row is None:
        return None
    source = (row["version_id"], row["edition_id"])
    compiled = find_copies(ws, [source])[source][row["language"]]
    return sandbox.preview(compiled, {**row["facts"], "unsubscribe_url": PLACEHOLDER, "preferences_url": PLACEHOLDER})


def count_states(ws: Scope) -> list[dict[str, Any]]:
    """How many messages are in each state, by reason."""
    return ws.all(QUERIES.count_states)


def find_mails(ws: Scope, *, search: str = "", after: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """A page of the built-in mailbox, newest first."""
    return ws.all(QUERIES.find_mails, search=search.lower(), after=after, limit=limit)


def get_mail(ws: Scope, mail_id: int) -> dict[str, Any]:
    """One mail, parsed: headers, html, text; raises `NotFound`."""
    row = _mail(ws, mail_id)
    parsed = email.message_from_bytes(row.pop("body"), policy=email.policy.default)
    return {
        **row,
        "headers": {name: str(value) for name, value in parsed.items()},
        "html": _part(parsed, "html"),
        "text": _part(parsed, "plain"),
    }


def _part(parsed: email.message.EmailMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def get_source(ws: Scope, mail_id: int) -> str:
    """One mail's source text; raises `NotFound`."""
    return str(_mail(ws, mail_id)["body"].decode("utf-8", "replace"))


def _mail(ws: Scope, mail_id: int) -> dict[str, Any]:
    row = ws.one(QUERIES.get_mail, id=mail_id)
    if row is None:
        raise NotFound(f"There is no mail {mail_id} in the mailbox.")
    return row


def find_limits(ws: Scope) -> list[dict[str, Any]]:
    """The limits per receiving domain."""
    return ws.all(QUERIES.find_limits)


def find_caps(ws: Scope) -> list[Cap]:
    """Every cap of this workspace, the oldest first."""
    return [to_cap(row) for row in ws.rows(ROOMS.find_caps)]


def get_quiet_hours(ws: Scope) -> dict[str, str] | None:
    """The hours in which no marketing leaves: `from` and `to`; None: there are none."""
    row = ws.one(ROOMS.get_quiet)
    return row and {"from": row["since"], "to": row["until"]}


def find_who_got(ws: Scope, person_ids: Sequence[int], templates: Sequence[str], since: datetime) -> set[int]:
    """Return which of these people have got one of these templates since an instant, also as who they were before a merge."""
    asked = {"person_ids": sql.numbers(person_ids), "templates": list(templates), "since": since}
    return {row[0] for row in ws.rows(QUERIES.find_who_got, **asked)}


def find_topics(ws: Scope) -> dict[str, str]:
    """The stream of each topic."""
    return dict(ws.rows(QUERIES.find_topics))


def get_hold(ws: Scope, message_id: int) -> dict[str, Any] | None:
    """What held a message back: the cap, the messages that had the room, since when, until when it was to last, when it was over."""
    return ws.one(ROOMS.get_hold, id=message_id)
