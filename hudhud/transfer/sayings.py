"""What a row says about consent: words with their proof for the intake, and an address for the list of those never to be written to.

A "no" anywhere in a row outweighs every "yes" in it, and a "yes" without proof is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.consent.types import Refusal
from hudhud.kit.errors import InvalidInput
from hudhud.people.identifiers import NORMAL
from hudhud.transfer import values
from hudhud.transfer.refusals import said_no, whys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hudhud.consent.types import SuppressionReason
    from hudhud.transfer.rules import Mapping, Rule
    from hudhud.transfer.types import Why

WORDS = frozenset({"topic", "state", "channel", "address", "detail", "consent.source", "consent.text"})
REFUSALS: dict[str, Why] = {
    "unsubscribed": "unsubscribed",
    "suppressed": "manual",
    "suppressed.hard_bounce": "hard_bounce",
    "suppressed.complaint": "complaint",
}
GRAVEST: tuple[SuppressionReason, ...] = ("complaint", "hard_bounce", "manual")
MAX_TEXT = 2_000


def is_saying(kind: str, field: str) -> bool:
    """Say whether a field of this kind of file is about consent, not about the person."""
    if kind == "events":
        return False
    return (
        field.startswith("topic.")
        or field in REFUSALS
        or field in {"consent.source", "consent.text"}
        or (kind != "people" and field in WORDS)
    )


class Sayings:
    """Reads what the rows of one file say; raises `InvalidInput` that names the field."""

    def __init__(self, mapping: Mapping, rules: Sequence[Rule]) -> None:
        """Sort the rules that are about consent."""
        self.mapping = mapping
        self.words = [rule for rule in rules if rule.field in WORDS]
        self.topics = [(rule, rule.field.partition(".")[2]) for rule in rules if rule.field.startswith("topic.")]
        self.refusals = [(rule, REFUSALS[rule.field]) for rule in rules if rule.field in REFUSALS]

    def read(self, cells: Sequence[str], message: dict[str, Any], own: dict[str, Any]) -> Refusal | None:
        """Put a row's words into its message and attributes; return the address that must not be written to, if there is one."""
        said = {rule.field: text for rule in self.words if (text := _text(rule, cells))}
        channel = self._channel(said, own)
        reasons = self._reasons(cells)
        states = self._states(cells, said)
        proof = {
            "source": said.get("consent.source", self.mapping.consent_source).strip()[:MAX_TEXT],
            "text": said.get("consent.text", "")[:MAX_TEXT],
        }
        if self._is_no(reasons, channel):
            states |= dict.fromkeys([*states, *((key, "email") for key in self.mapping.marketing)], "unsubscribed")
            proof["at"] = reasons.get("unsubscribed", "") or reasons.get("complaint", "")
        if not proof["source"] and any(state != "unsubscribed" for state in states.values()):
            raise InvalidInput("consent.source", None, "say where and how they agreed; without proof no consent is taken")
        for (key, channel), state in states.items():
            own.setdefault("subscriptions", {}).setdefault(key, {})[channel] = state
        if states and (told := {name: text for name, text in proof.items() if text}):
            message["context"] = {**message.get("context", {}), "consent": told}
        return self._refusal(reasons, said, message, own, channel)

    def _channel(self, said: dict[str, str], own: dict[str, Any]) -> str:
        """Return by what the row names an address; a list of addresses has one in each row."""
        if self.mapping.kind != "suppressions":
            return "email"
        if address := said.get("address"):
            channel = channel_of(said.get("channel", ""), address)
            own[channel] = NORMAL[channel](address)
        if not own.get("email") and not own.get("phone"):
            raise InvalidInput("email", None, "the row names no address")
        return "email" if own.get("email") else "phone"

    def _is_no(self, reasons: dict[Why, str], channel: str) -> bool:
        """Say whether the person unsubscribed; from a list of addresses nobody becomes a person who need not."""
        if self.mapping.kind == "suppressions":
            return "unsubscribed" in reasons and channel == "email"
        return not reasons.keys().isdisjoint({"unsubscribed", "complaint", "manual"})

    def _reasons(self, cells: Sequence[str]) -> dict[Why, str]:
        """Return why the row's person or address is not to be written to, and since when it is so."""
        found: dict[Why, str] = {}
        for rule, default in self.refusals:
            cell = _text(rule, cells)
            if default == "unsubscribed":
                if (since := said_no(cell, self.mapping.dates)) is not None:
                    found["unsubscribed"] = found.get("unsubscribed") or since
            else:
                reasons, since = whys(cell, default, self.mapping.dates)
                found |= dict.fromkeys(reasons, since)
        if not found and self.mapping.refused:
            found[self.mapping.refused] = ""
        return found

    def _states(self, cells: Sequence[str], said: dict[str, str]) -> dict[tuple[str, str], str]:
        states = {(key, "email"): state for key, state in self.mapping.consent.items()}
        for rule, key in self.topics:
            if state := values.consent(_text(rule, cells)):
                states[key, "email"] = state
        if topic := said.get("topic"):
            if topic not in self.mapping.topics:
                raise InvalidInput("topic", topic, f"there are {', '.join(self.mapping.topics)}")
            if state := values.consent(said.get("state", "")):
                states[topic, said.get("channel", "email")] = state
        return states

    def _refusal(
        self, reasons: dict[Why, str], said: dict[str, str], message: dict[str, Any], own: dict[str, Any], channel: str
    ) -> Refusal | None:
        reason = next((one for one in GRAVEST if one in reasons), None)
        if reason is None and channel == "phone" and "unsubscribed" in reasons:
            # There is no topic by phone to unsubscribe from: the number itself is kept out.
            reason = "manual"
        if reason is None:
            return None
        if not own.get(channel):
            if reason == "hard_bounce":
                raise InvalidInput(
                    "suppressed.hard_bounce", reason, "the row names no address that bounced; map the column with it to email"
                )
            return None  # what they said stands as their word
        at = reasons.get(reason) or message.get("timestamp")
        # A note that no database text can hold costs nobody their "no".
        detail = said.get("detail", "")[:MAX_TEXT].encode("utf-8", "replace").decode().replace("\0", "�")
        return Refusal(channel, NORMAL[channel](own[channel]), reason, detail, datetime.fromisoformat(at) if at else None)


def channel_of(channel: str, address: str) -> str:
    """Return by which channel an address is reached; raises `InvalidInput`."""
    found = channel or ("phone" if address.startswith("+") else "email")
    if found not in NORMAL:
        raise InvalidInput("channel", found, f"use one of {', '.join(NORMAL)}")
    return found


def _text(rule: Rule, cells: Sequence[str]) -> str:
    text = rule.value(cells)
    return text.removeprefix("'") if rule.type == "own" else text


class _Line(msgspec.Struct):
    """A line of a list of addresses, as our export writes it."""

    address: str
    channel: str = ""
    reason: str = "manual"
    detail: str = ""
    at: str = ""


def refusal_of(raw: bytes) -> Refusal:
    """Read a JSON line of a list of addresses; raises `InvalidInput`."""
    try:
        line = msgspec.json.decode(raw, type=_Line)
    except msgspec.DecodeError as error:
        raise InvalidInput(
            "line", raw[:80].decode("utf-8", "replace"), f'write {{"address": "ann@example.com", "reason": "manual"}} ({error})'
        ) from None
    channel = channel_of(line.channel, line.address)
    reason = next((one for one in GRAVEST if one in whys(line.reason, "manual", "iso")[0]), None)
    if reason is None:
        raise InvalidInput("reason", line.reason, f"use one of {', '.join(GRAVEST)}; who unsubscribed comes in a list of consent")
    at = datetime.fromisoformat(values.instant(line.at)) if line.at else None
    return Refusal(channel, NORMAL[channel](line.address), reason, line.detail[:MAX_TEXT], at)


def check_proof(traits: bytes, context: bytes) -> None:
    """Raise `InvalidInput` for an identify call in a list of consent that says nothing about it, or yes without proof."""
    said = msgspec.json.decode(traits).get("subscriptions")
    if not isinstance(said, dict) or not said:
        raise InvalidInput("traits.subscriptions", said, 'say what they said, e.g. {"newsletter": {"email": "subscribed"}}')
    states = {state for one in said.values() for state in (one.values() if isinstance(one, dict) else [one])}
    proof = msgspec.json.decode(context).get("consent")
    if states - {"unsubscribed", False} and not (isinstance(proof, dict) and proof.get("source")):
        raise InvalidInput("context.consent.source", None, "say where and how they agreed; without proof no consent is taken")
