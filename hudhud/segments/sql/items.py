"""Values inside the items of a list, as ClickHouse expressions: on columns, where all items are objects, else on an item's text.

A list of objects is stored in one of several ways that depend on what else is in it. Where there are nothing but objects, as in nearly every list, each
path in them is columns of its own, read many times as quickly as text. What has numbers, nulls or lists among its objects is read as the text it comes to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hudhud.segments.sql.statement import Statement, Stored

ITEM = "item"
IS_OBJECT = f"JSONType({ITEM}) = 'Object'"
OBJECTS = "`Array(JSON)`"
MIXED = ("`Array(Dynamic)`", "`Array(Nullable(JSON))`")  # of which some may be objects
# Lists of nothing but texts, or nothing but numbers; and of anything.
TEXTS, ANYTHING = "Array(Nullable(String))", "Array(Dynamic)"
NUMBERS = ("Array(Nullable(Int64))", "Array(Nullable(Float64))", "Array(Nullable(UInt64))")
# What ClickHouse calls the kinds of JSON values, and the function that reads each.
READ = {
    "String": ("String", "JSONExtractString"),
    "Bool": ("Bool", "JSONExtractBool"),
    "Int64": ("Int64", "JSONExtractInt"),
    "UInt64": ("UInt64", "JSONExtractUInt"),
    "Float64": ("Double", "JSONExtractFloat"),
}


@dataclass(frozen=True, slots=True)
class InItem:
    """A value of any type at a path in an item: to be used where `Stored` is."""

    path: str

    def __str__(self) -> str:
        """As SQL that is null where there is nothing; an object is no value."""
        return f"if(JSONType({self.path}) IN ('Null', 'Object'), NULL, 1)"

    def typed(self, kind: str) -> str:
        """Return it as SQL where it is of this type, else null."""
        name, function = READ[kind]
        return f"if(JSONType({self.path}) = '{name}', {function}({self.path}), NULL)"

    def element(self, kind: str) -> str:
        """Return the same."""
        return self.typed(kind)

    def items(self) -> str:
        """Return the texts of the items of a list inside the item; none for what is no list."""
        return f"JSONExtractArrayRaw({self.path})"


@dataclass(slots=True)
class Objects:
    """The items of a stored list of objects: which of their columns are read, each with its name in the function of one item."""

    listed: Stored
    read: dict[str, str] = field(default_factory=dict)

    def column(self, path: str) -> str:
        """Return the name of an item's value at a path (SQL)."""
        return self.read.setdefault(f"{self.listed}.:{OBJECTS}.{path}", f"{ITEM}{len(self.read)}")

    def any(self, tests: list[str]) -> str:
        """Return the condition that one of them passes all tests, which name columns; false for any other list."""
        return f"arrayExists(({', '.join(self.read.values())}) -> {' AND '.join(tests)}, {', '.join(self.read)})"


@dataclass(frozen=True, slots=True)
class InObject:
    """A value of any type at a path in an object of a list: to be used where `Stored` is."""

    objects: Objects
    path: str

    def __str__(self) -> str:
        """As SQL that is null where there is nothing."""
        return self.objects.column(self.path)

    def typed(self, kind: str) -> str:
        """Return it as SQL where it is of this type, else null."""
        return self.objects.column(f"{self.path}.:{kind}")

    def element(self, kind: str) -> str:
        """Return the same for a value that is asked for in several types: it is read once, with whatever types it has."""
        return f"dynamicElement({self}, '{kind}')"

    def items(self) -> str:
        """Return the texts of the items of a list inside the item; none for what is no list."""
        return f"JSONExtractArrayRaw(ifNull(toJSONString({self}), ''))"


# An item that is a value itself, as in ["new", "loyal"].
MEMBER = InItem("member")


def item_path(statement: Statement, path: str) -> InItem:
    """Return the value at a path in an item; the path's steps are parameters."""
    return InItem(", ".join([ITEM, *(statement.bind(step, "String") for step in path.split("."))]))


def any_item(items: str, tests: list[str]) -> str:
    """Return the condition that one of these items is an object, which alone has values in it or lacks them, and passes all tests."""
    return f"arrayExists({ITEM} -> {' AND '.join([IS_OBJECT, *tests])}, {items})"


def any_member(items: str, test: str) -> str:
    """Return the condition that one of these items, each a value itself, passes the test."""
    return f"arrayExists({MEMBER.path} -> {test}, {items})"


def any_mixed_item(listed: Stored, tests: list[str]) -> list[str]:
    """Return conditions of which one holds where an item passes all tests in a list that has not only objects in it."""
    # Item by item, so that lists of another kind, which have none here, cost nothing.
    return [any_item(f"arrayMap(one -> ifNull(toJSONString(one), 'null'), {some})", tests) for some in map(listed.typed, MIXED)]
