"""A statement being written, and values in JSON columns as it reads them: texts of users become parameters, never SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hudhud.kit.clickhouse import Written

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(slots=True)
class Statement:
    """SQL with parameters; each row of the answer is (part, sets), `places` says where an atom's set is: (part, place)."""

    workspace_id: int = 0
    text: str = ""
    params: dict[str, object] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    bound: dict[tuple[str, str], str] = field(default_factory=dict)

    def bind(self, value: object, kind: str) -> str:
        """Add a parameter unless it is there already, return its placeholder."""
        placeholder = self.bound.get((kind, repr(value)))
        if placeholder is None:
            name = f"p{len(self.params)}"
            self.params[name] = value
            placeholder = self.bound[kind, repr(value)] = f"{{{name}:{kind}}}"
        return placeholder

    def bind_ids(self, name: str, ids: Sequence[int]) -> str:
        """Add a list of numbers once, return its placeholder."""
        if name not in self.lists:
            # Written here: the driver's own way takes 15 µs a number.
            self.lists[name] = self.bind(Written(f"[{','.join(map(str, ids))}]"), "Array(UInt64)")
        return self.lists[name]


@dataclass(frozen=True, slots=True)
class Stored:
    """A value of any type at a path in a JSON column."""

    text: str
    plain: bool

    def __str__(self) -> str:
        """As SQL."""
        return self.text

    def typed(self, kind: str) -> str:
        """Return it as SQL where it is of this type, else null; a plain path reads no values of other types."""
        return f"{self.text}.:{kind}" if self.plain else f"dynamicElement({self.text}, '{kind}')"

    def element(self, kind: str) -> str:
        """Return the same for a value that is asked for in several types: it is read once, with whatever types it has."""
        return f"dynamicElement({self.text}, '{kind}')"

    def listed(self, kind: str) -> str:
        """Return its items where it is a list of this type, else none."""
        return f"{self.text}.:`{kind}`" if self.plain else f"dynamicElement({self.text}, '{kind}')"


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is always there: to be used where `Stored` is, so that one that reads as a number compares as one."""

    column: str

    def __str__(self) -> str:
        """As SQL."""
        return self.column

    def typed(self, kind: str) -> str:
        """Return it as SQL where it is of this type, else null."""
        return self.column if kind == "String" else f"CAST(NULL, 'Nullable({kind})')"

    def element(self, kind: str) -> str:
        """Return the same."""
        return self.typed(kind)

    def items(self) -> str:
        """It is no list."""
        return "CAST([], 'Array(String)')"
