"""Why was this message sent, held or skipped: each thing that the consent gate asks, with the value that decided it at that moment.

The moment is that of the last attempt or verdict; of a message that still waits it is now. Consent is read from the proof log as it stood then. The
list of suppressions keeps no history: what was put there later is not held against a message, what has been taken off since shows in its reason.
Every line has a `code` and `data` for translation, and `text` in English.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.delivery.caps import OWN_NAME
from hudhud.delivery.queries import find_outcomes, get_hold, get_message, get_quiet_hours
from hudhud.delivery.types import Line, Reason, State
from hudhud.kit import sql
from hudhud.kit.localtime import Hours, zone_named

if TYPE_CHECKING:
    from datetime import datetime

    from hudhud.delivery.types import Message, Outcome
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery", "explain.sql")
WAITING = frozenset({State.PLANNED, State.CLAIMED, State.HANDING_OVER, State.DEFERRED})
SENT = frozenset({State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED, State.IN_DOUBT})
AFTERWARDS = frozenset({State.DELIVERED, State.BOUNCED, State.COMPLAINED})
SUPPRESSED = "suppressed_"
# What a proof may show to everybody who may see the person: not the address of their computer.
PRIVATE = frozenset({"ip", "agent", "user_agent"})


@dataclass(frozen=True)
class WhyMessage:
    """The answer: what became of a message, as of when, by which rules, and from which step it came."""

    message_id: int
    person_id: int
    state: str
    reason: str
    verdict: str  # sent | waits | skipped | failed
    as_of: datetime
    source: dict[str, Any]
    lines: list[Line]


def why(ws: Scope, message_id: int, now: datetime) -> WhyMessage:
    """Explain a message; raises `NotFound`."""
    message = get_message(ws, message_id)
    outcomes = find_outcomes(ws, message_id)
    at = _moment(message, outcomes, now)
    seen = ws.one(QUERIES.find_circumstances, id=message_id, at=at)
    assert seen is not None
    lines = [
        _person(seen),
        _topic(message, seen),
        _address(message, seen),
        _suppression(message, seen, at),
        *_consent(message, seen),
        *_silence(message, seen, at),
        *_hours(seen, at),
        *_quiet_hours(ws, message, seen, at),
        *_cap(ws, message),
        *_expiry(message, at),
        *_journey(message, seen),
        *_campaign(message, seen),
        *_seen(message),
        _template(message, seen),
        _delivery(message, outcomes),
    ]
    source = {
        "kind": message.source_kind,
        "key": seen["source_key"],
        "run_id": message.source_id,
        "step": message.step,
        "visit": message.visit,
    }
    return WhyMessage(message.id, message.person_id, message.state, message.reason, _verdict(message), at, source, lines)


def _moment(message: Message, outcomes: list[Outcome], now: datetime) -> datetime:
    """Return as of when it was decided; what comes back of a mail that has left is told later, and decided nothing."""
    if message.state in WAITING:
        return now
    decided = [one.at for one in outcomes if one.state not in AFTERWARDS]
    return decided[-1] if decided else message.state_at


def _verdict(message: Message) -> str:
    if message.state in SENT:
        return "sent"
    if message.state in WAITING:
        return "waits"
    return "skipped" if message.state == State.SKIPPED else "failed"


def _person(seen: dict[str, Any]) -> Line:
    data = {"person_id": seen["person_id"], "is_merged": seen["is_merged"], "erased_at": seen["erased_at"]}
    if seen["person_id"] is None:
        return Line("person", "there is no such person any more", holds=False, data=data)
    if seen["erased_at"] is not None:
        return Line("person", f"the person was erased at {seen['erased_at'].isoformat()}", holds=False, data=data)
    text = f"it goes to person {seen['person_id']}, with whom this one was joined" if seen["is_merged"] else "the person is there"
    return Line("person", text, holds=True, data=data)


def _topic(message: Message, seen: dict[str, Any]) -> Line:
    data = {"topic": message.topic, "stream": seen["stream"]}
    if seen["stream"] is None:
        return Line("topic", f"there is no topic {message.topic!r}", holds=False, data=data)
    asks = "needs no consent" if seen["stream"] == "transactional" else "needs consent"
    return Line("topic", f"its topic is {message.topic}, which is {seen['stream']} and {asks}", holds=True, data=data)


def _address(message: Message, seen: dict[str, Any]) -> Line:
    address = message.address or seen["address"]
    text = f"its address is {address}" if address else f"the person has no address for {message.channel}"
    return Line("address", text, address is not None and message.reason != "no_address", {"address": address, "channel": message.channel})


def _suppression(message: Message, seen: dict[str, Any], at: datetime) -> Line:
    since = seen["suppressed_at"]
    listed = seen["suppression"] if since is not None and since <= at else None
    told = message.reason.removeprefix(SUPPRESSED) if message.reason.startswith(SUPPRESSED) else None
    reason = told or listed
    data = {"reason": reason, "since": since if listed else None, "is_listed_now": seen["suppression"] is not None}
    if reason is None:
        return Line("suppression", "the address was not suppressed", holds=True, data=data)
    # What a mail's own bounce has put there came after it.
    return Line("suppression", f"the address is suppressed: {reason}", holds=message.state in SENT, data=data)


def _consent(message: Message, seen: dict[str, Any]) -> list[Line]:
    if seen["stream"] != "marketing":
        return []
    proof = {name: value for name, value in (seen["proof"] or {}).items() if name not in PRIVATE}
    data = {"state": seen["consent"], "since": seen["consent_at"], "source": seen["consent_source"], "proof": proof}
    if seen["consent"] is None:
        return [Line("consent", "the person had never been asked", holds=False, data=data)]
    holds = seen["consent"] == "subscribed"
    text = f"consent was {seen['consent']} since {seen['consent_at'].isoformat()}, by {seen['consent_source']}"
    if not holds and message.state in SENT:
        # The word is older than the mail, and reached us after it.
        return [Line("consent", f"{text}; that became known only after it had left", holds=None, data={**data, "is_late": True})]
    return [Line("consent", text, holds, data)]


def _silence(message: Message, seen: dict[str, Any], at: datetime) -> list[Line]:
    """The break that a person has taken from all marketing, as it stood then."""
    until = seen["silent_until"]
    if seen["stream"] != "marketing" or (message.reason != Reason.PERSON_PAUSED and (until is None or until <= at)):
        return []
    text = "the person takes a break" + (f" until {until.isoformat()}" if until else "")
    return [Line("silence", text, holds=message.state in SENT, data={"until": until})]


def _hours(seen: dict[str, Any], at: datetime) -> list[Line]:
    if seen["hours"] is None:
        return []
    opens_at = max(at, msgspec.json.decode(seen["hours"], type=Hours).spell(at, seen["zone"]).first)
    clock = f"{opens_at.astimezone(zone_named(seen['zone'])):%Y-%m-%d %H:%M}"
    data = {"opens_at": opens_at, "local": clock, "zone": seen["zone"], "told_by": seen["told_by"]}
    text = "its hours were open" if opens_at == at else f"its hours begin at {clock} in {seen['zone']}"
    return [Line("hours", text, opens_at == at, data)]


def _quiet_hours(ws: Scope, message: Message, seen: dict[str, Any], at: datetime) -> list[Line]:
    """The workspace's quiet hours as they are now, for who waits or was skipped for them: they keep no history."""
    quiet = get_quiet_hours(ws)
    if quiet is None or seen["stream"] != "marketing" or (message.state not in WAITING and message.reason != Reason.QUIET_HOURS):
        return []
    opens_at = max(at, Hours(since=quiet["to"], until=quiet["from"]).spell(at, seen["zone"]).first)
    clock = f"{opens_at.astimezone(zone_named(seen['zone'])):%Y-%m-%d %H:%M}"
    data = {**quiet, "opens_at": opens_at, "local": clock, "zone": seen["zone"], "told_by": seen["told_by"]}
    is_open = opens_at == at and message.reason != Reason.QUIET_HOURS
    said = "its own hours lie within them" if opens_at == at else f"until {clock} in {seen['zone']}"
    return [
        Line(
            "quiet_hours",
            "no quiet hours where the person lives" if is_open else f"quiet hours where the person lives: {said}",
            is_open,
            data,
        )
    ]


def _cap(ws: Scope, message: Message) -> list[Line]:
    """The cap that has held it back, and the messages that had the room."""
    hold = get_hold(ws, message.id)
    if hold is None:
        return []
    has_room = hold["ended_at"] is not None and message.reason != Reason.CAPPED
    took = ", ".join(map(str, hold["taken_by"]))
    is_own = hold["cap"] == OWN_NAME
    who = "what the person wishes" if is_own else f"the cap {hold['cap']!r}"
    text = f"{who} held it from {hold['since'].isoformat()}: messages {took} had the room"
    if hold["ended_at"] is None:
        text += f"; there is to be room again at {hold['room_at'].isoformat()}"
    return [Line("wish" if is_own else "cap", f"{text}; it found room later" if has_room else text, has_room, hold)]


def _expiry(message: Message, at: datetime) -> list[Line]:
    if message.expires_at is None:
        return []
    text = f"it is worth something until {message.expires_at.isoformat()}"
    return [Line("expiry", text, at < message.expires_at, {"expires_at": message.expires_at})]


def _seen(message: Message) -> list[Line]:
    if message.reason != Reason.ALREADY_SEEN:
        return []
    return [
        Line(
            "seen",
            f"the person had got {message.template} already, and nobody gets it twice",
            holds=False,
            data={"template": message.template},
        )
    ]


def _journey(message: Message, seen: dict[str, Any]) -> list[Line]:
    """That a message waits as its journey is paused."""
    if message.state not in WAITING or seen["paused_at"] is None:
        return []
    data = {"journey": seen["source_key"], "since": seen["paused_at"]}
    text = f"its journey {seen['source_key']} is paused since {seen['paused_at'].isoformat()}: it waits until the journey goes on"
    return [Line("journey", text, holds=False, data=data)]


def _campaign(message: Message, seen: dict[str, Any]) -> list[Line]:
    """That a message waits as its campaign is paused."""
    campaign = seen["campaign"]
    if message.state not in WAITING or campaign is None or campaign["status"] != "paused":
        return []
    data = {"campaign": message.source_id, "name": campaign["name"], "since": campaign["since"]}
    text = f"its campaign “{campaign['name']}” is paused since {campaign['since']}: it waits until the campaign goes on"
    return [Line("campaign", text, holds=False, data=data)]


def _template(message: Message, seen: dict[str, Any]) -> Line:
    is_there = message.version_id is not None or seen["has_template"]
    text = (
        f"its template is {message.template}" if is_there else f"there is no template {message.template!r}, or nothing of it is published"
    )
    return Line("template", text, is_there, {"template": message.template, "language": message.language})


def _delivery(message: Message, outcomes: list[Outcome]) -> Line:
    last = outcomes[-1] if outcomes else None
    data = {
        "state": message.state,
        "reason": message.reason,
        "attempts": message.attempts,
        "due_at": message.due_at,
        "code": last and last.code,
        "reply": last.reply if last else "",
    }
    text = f"{message.state} after {message.attempts} attempts" + (f": {message.reason}" if message.reason else "")
    holds = (
        True if message.state in SENT - {State.BOUNCED, State.COMPLAINED, State.IN_DOUBT} else None if message.state in WAITING else False
    )
    return Line("delivery", text, holds, data)
