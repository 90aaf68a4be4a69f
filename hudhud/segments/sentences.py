"""Conditions as sentences that a marketer reads, in every language of the app; the words are in sentences.json."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from hudhud.segments.atoms import OPPOSITE
from hudhud.segments.types import And, Attribute, Between, Consent, Event, Last, Not, Or, SinceEntry, to_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from hudhud.segments.types import Condition, Count, Scalar, Value, Where, Window

LANGUAGES: dict[str, dict[str, Any]] = json.loads(resources.files("hudhud.segments").joinpath("sentences.json").read_text("utf-8"))
FALLBACK = "en"
# Arabic counts in four ways: one, two, 3 to 10, and more; the other languages repeat themselves.
FEW, MANY = 3, 11


def describe(tree: Condition, language: str, names: Mapping[int, str] | None = None) -> str:
    """Return a tree as one sentence; `names` are those of segments. An unknown language is answered in English."""
    words = Words(LANGUAGES.get(language.partition("-")[0], LANGUAGES[FALLBACK]), names or {})
    if isinstance(tree, And) and not tree.of:
        return str(words.table["everybody"])
    return words.fill("whole", of=words.phrase(tree, outermost=True))


class Words:
    """The words of one language."""

    def __init__(self, table: dict[str, Any], names: Mapping[int, str]) -> None:
        """Hold the language's table and the names of segments."""
        self.table = table
        self.names = names

    def fill(self, key: str, **values: str) -> str:
        """Fill a pattern; what a user wrote stays as it is."""
        return str(self.table[key]).format(**values)

    def phrase(self, node: Condition, *, holds: bool = True, outermost: bool = False) -> str:
        """Return the clause for a node, or for its opposite."""
        if isinstance(node, Not):
            return self.phrase(node.of, holds=not holds, outermost=outermost)
        if isinstance(node, And | Or):
            return self._group(node, holds=holds, outermost=outermost)
        if isinstance(node, Event):
            return self._event(node, holds=holds)
        if isinstance(node, Attribute):
            return self._attribute(node, holds=holds)
        if isinstance(node, Consent):
            pattern = self.table["consent"][node.state][0 if holds else 1]
            return str(pattern).format(topic=self.quoted(node.topic), channel=self.table["channels"].get(node.channel, node.channel))
        name = self.names.get(node.segment_id) or f"#{node.segment_id}"
        return str(self.table["segment"][0 if holds == node.member else 1]).format(name=self.quoted(name))

    def _group(self, node: And | Or, *, holds: bool, outermost: bool) -> str:
        if len(node.of) == 1:
            return self.phrase(node.of[0], holds=holds, outermost=outermost)
        if not node.of:
            return str(self.table["everybody"]) if holds else self.fill("not", of=self.table["everybody"])
        joined = str(self.table["and" if isinstance(node, And) else "or"]).join(self.phrase(part) for part in node.of)
        if not holds:
            return self.fill("not", of=joined)
        return joined if outermost else self.fill("group", of=joined)

    def _event(self, node: Event, *, holds: bool) -> str:
        never = (node.count.value == 0) == holds if node.count.op != "at_least" else node.count.value == 1 and not holds
        never = never and (node.count.value == 0 or node.count.op == "at_least")
        where = self.fill("where", of=str(self.table["and"]).join(self._where(part) for part in node.where)) if node.where else ""
        parts = {"name": self.quoted(node.name), "where": where, "window": self._window(node.window)}
        if never:
            return str(self.table["event"][1]).format(**parts)
        if node.count.value == 0:  # not "never": at least once
            return str(self.table["event"][0]).format(times="", **parts)
        pattern = self.table["event"][0] if holds else self.table["event_not"]
        return str(pattern).format(times=self._times(node.count), **parts)

    def _times(self, count: Count) -> str:
        if count.op == "at_least" and count.value == 1:
            return ""
        return str(self.table["times"][count.op]).format(times=self._number_of(self.table["time"], count.value))

    def _number_of(self, forms: list[str], number: int) -> str:
        last = number % 100
        form = 0 if number == 1 else 1 if number == 2 else 2 if FEW <= last < MANY else 3  # noqa: PLR2004 -- one, two, few, many
        return forms[form].format(self.number(number))

    def _window(self, window: Window) -> str:
        patterns = self.table["windows"]
        if isinstance(window, Last):
            return str(patterns["last"]).format(span=self._number_of(self.table["spans"][window.unit], window.amount))
        if isinstance(window, Between):
            return str(patterns["between"]).format(**{"from": self.instant(window.from_), "to": self.instant(window.to)})
        if isinstance(window, SinceEntry):
            return str(patterns["later_day" if window.later_day else "since_entry"])
        return str(patterns["ever"])

    def _where(self, where: Where) -> str:
        return self._compare(where.property, where.op, where.value, holds=True)

    def _attribute(self, node: Attribute, *, holds: bool) -> str:
        if node.name == "@created_at":
            when = self.table["instants"][node.op][0 if holds else 1]
            return self.fill("created", when=when, value=self.instant(to_instant("value", node.value)))
        name = self.table["names"].get(node.name, node.name)
        return str(self.table["attribute"]).format(self._compare(name, node.op, node.value, holds=holds))

    def _compare(self, name: str, op: str, value: Value, *, holds: bool) -> str:
        positive = OPPOSITE.get(op, op)  # type: ignore[call-overload]
        pattern = self.table["compare"][positive][0 if holds == (positive == op) else 1]
        return str(pattern).format(name=name, value=self._value(value))

    def _value(self, value: Value) -> str:
        if isinstance(value, tuple):
            return self._list(self._value(one) for one in value)
        return "" if value is None else self.scalar(value)

    def _list(self, texts: Iterable[str]) -> str:
        *first, last = texts
        return f"{str(self.table['list']).join(first)}{self.table['or']}{last}" if first else last

    def scalar(self, value: Scalar) -> str:
        """Return one value as it is read."""
        if isinstance(value, bool):
            return str(self.table["true" if value else "false"])
        return self.quoted(value) if isinstance(value, str) else self.number(value)

    def quoted(self, text: str) -> str:
        """Return text in the language's quotation marks."""
        return str(self.table["text"]).format(text)

    def number(self, number: float) -> str:
        """Return a number in the language's digits."""
        plain = str(int(number)) if float(number).is_integer() else str(number)
        return plain.translate(str.maketrans("0123456789", self.table["digits"]))

    def instant(self, instant: datetime) -> str:
        """Return an instant, to the minute, in UTC."""
        return instant.strftime("%Y-%m-%d %H:%M").translate(str.maketrans("0123456789", self.table["digits"]))
