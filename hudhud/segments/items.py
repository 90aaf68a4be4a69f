"""Values inside the items of a list, as ClickHouse expressions on an item's text.

A list of objects is stored in one of several ways that depend on what else came in its block (all of them objects, some empty, some numbers), so
it is read as the text that all of them come to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hudhud.segments.expressions import Statement

ITEM = "item"
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

    def items(self) -> str:
        """Return the texts of the items of a list inside the item; none for what is no list."""
        return f"JSONExtractArrayRaw({self.path})"


# An item that is a value itself, as in ["new", "loyal"].
MEMBER = InItem("member")


def item_path(statement: Statement, path: str) -> InItem:
    """Return the value at a path in an item; the path's steps are parameters."""
    return InItem(", ".join([ITEM, *(statement.bind(step, "String") for step in path.split("."))]))


def any_item(items: str, tests: list[str]) -> str:
    """Return the condition that one of these items passes all tests."""
    return f"arrayExists({ITEM} -> {' AND '.join(tests)}, {items})"
