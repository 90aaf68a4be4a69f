"""A place in the text of conditions that moves on, and what may stand there; what does not fit is refused by line and column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudhud.segments.conditions.nodes import MANY_OPS
from hudhud.segments.text.tokens import INSTANT, NUMBER, QUOTED, SIGN, WORD, BadText, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

# In names of their own these stand in quotation marks.
# fmt: off
RESERVED = frozenset({
    "all", "and", "any", "at", "average", "by", "contains", "date", "did", "everybody", "exactly", "false", "first",
    "from", "has", "in", "is", "journey", "last", "less", "lot", "max", "message", "min", "more", "none", "not", "of", "one", "or",
    "outside", "over", "pending", "place", "segment", "set", "share", "since", "starts", "subscribed", "sum", "then", "to", "true",
    "unsubscribed", "where", "with", "within", "without",
})
# fmt: on
OPS: Mapping[str, tuple[str, ...]] = {
    "is_not_set": ("is", "not", "set"),
    "is_set": ("is", "set"),
    "is_not": ("is", "not"),
    "is": ("is",),
    "more_than": ("more", "than"),
    "less_than": ("less", "than"),
    "at_least": ("at", "least"),
    "at_most": ("at", "most"),
    "contains": ("contains",),
    "starts_with": ("starts", "with"),
    "one_of": ("one", "of"),
    "has_any": ("has", "any", "of"),
    "has_all": ("has", "all", "of"),
    "has_none": ("has", "none", "of"),
}
SIGNS = {"=": "is", "!=": "is_not", ">": "more_than", "<": "less_than", ">=": "at_least", "<=": "at_most"}
UNITS = {"day": "days", "hour": "hours", "minute": "minutes"}


class Reader:
    """The parts of one text, and how far it is read; `marks` remembers where each node began, by the node's id."""

    def __init__(self, text: str) -> None:
        """Cut the text; raises `BadText`."""
        self.text = text
        self.tokens = list(tokens(text))
        self.place = 0
        self.marks: dict[int, int] = {}

    @property
    def next(self) -> Token:
        """The part that is to be read next."""
        return self.tokens[self.place]

    def sees(self, *wanted: str) -> bool:
        """Say whether these words or signs come next."""
        coming = self.tokens[self.place : self.place + len(wanted)]
        return [one.text.lower() for one in coming if one.kind in {WORD, SIGN}] == list(wanted)

    def take(self, *wanted: str) -> bool:
        """Read these words or signs if they come next."""
        found = self.sees(*wanted)
        self.place += len(wanted) if found else 0
        return found

    def expect(self, *wanted: str) -> None:
        """Read these words or signs; raises `BadText` if something else comes."""
        if not self.take(*wanted):
            raise self.refused(f"write `{' '.join(wanted)}` here")

    def refused(self, remedy: str, token: Token | None = None) -> BadText:
        """Return the error about a part, the next one unless given."""
        token = token or self.next
        return BadText(self.text, token.at, token.text or "the end of the text", remedy)

    def _of_kind(self, kinds: set[str], remedy: str) -> Any:  # noqa: ANN401 -- what a part says has the type of its kind
        token = self.next
        if token.kind not in kinds:
            raise self.refused(remedy)
        self.place += 1
        return token.value

    def name(self, what: str) -> str:
        """Read a name, in quotation marks or not."""
        token = self.next
        name: str = self._of_kind({WORD, QUOTED}, f'write {what} here, such as city or "Order Completed"')
        if token.kind == WORD and name.lower() in RESERVED:
            raise self.refused(f'this word has a meaning of its own; if it is {what}, write "{name}"', token)
        return name

    def whole(self, what: str) -> int:
        """Read a whole number."""
        token = self.next
        value = self._of_kind({NUMBER}, f"write {what} here, a whole number")
        if not isinstance(value, int):
            raise self.refused(f"write {what} here, a whole number", token)
        return value

    def number(self, what: str) -> float:
        """Read any number."""
        value: float = self._of_kind({NUMBER}, f"write {what} here, a number")
        return value

    def instant(self) -> str:
        """Read an instant."""
        value: str = self._of_kind({INSTANT}, "write an instant with its zone here, such as 2026-03-01T00:00:00Z")
        return value

    def value(self) -> Any:  # noqa: ANN401 -- text, a number, or true and false
        """Read one value."""
        if self.take("true"):
            return True
        if self.take("false"):
            return False
        return self._of_kind({QUOTED, NUMBER}, 'write a value here: a number, a text such as "Tartu", true or false')

    def comparison(self) -> dict[str, Any]:
        """Read `more than 5`, `is set`, `one of ("a", "b")`: an operator with its value."""
        for op, words in OPS.items():
            if self.take(*words):
                return self._compared(op)
        if self.next.kind == SIGN and (sign := SIGNS.get(self.next.text)):
            self.place += 1
            return self._compared(sign)
        raise self.refused(f"write a comparison here: {', '.join(' '.join(words) for words in OPS.values())}")

    def _compared(self, op: str) -> dict[str, Any]:
        if op in {"is_set", "is_not_set"}:
            return {"op": op}
        return {"op": op, "value": self.values() if op in MANY_OPS else self.value()}

    def values(self) -> list[Any]:
        """Read several values in brackets."""
        self.expect("(")
        values = [self.value()]
        while self.take(","):
            values.append(self.value())
        self.expect(")")
        return values

    def unit(self) -> str:
        """Read days, hours or minutes."""
        for one, many in UNITS.items():
            if self.take(one) or self.take(many):
                return many
        raise self.refused("write days, hours or minutes here")

    def count(self) -> dict[str, Any]:
        """Read how many times, if it is said."""
        for op in ("at_least", "at_most", "exactly"):
            if self.take(*op.split("_")):
                value = self.whole("how many times")
                if not (self.take("times") or self.take("time")):
                    raise self.refused("write `times` here")
                return {"count": {"op": op, "value": value}}
        return {}

    def where(self) -> dict[str, Any]:
        """Read filters on an event's properties, if there are any."""
        if not self.take("where"):
            return {}
        filters = [self._filter()]
        while self.take(","):
            filters.append(self._filter())
        return {"where": filters}

    def _filter(self) -> dict[str, Any]:
        return {"property": self.name("the name of a property"), **self.comparison()}

    def window(self) -> dict[str, Any]:
        """Read the time that is looked at, if it is said."""
        if self.take("in", "last"):
            return {"window": {"kind": "last", "amount": self.whole("how many days, hours or minutes"), "unit": self.unit()}}
        if self.take("from"):
            start = self.instant()
            self.expect("to")
            return {"window": {"kind": "between", "from": start, "to": self.instant()}}
        if self.take("since", "the", "day", "after", "entry"):
            return {"window": {"kind": "since_entry", "later_day": True}}
        if self.take("since", "entry"):
            return {"window": {"kind": "since_entry", "later_day": False}}
        return {}
