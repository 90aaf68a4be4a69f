"""Conditions of blocks as Liquid: what stands before a block and what stands behind it."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

from hudhud.content.types import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.content.blocks.types import Comparison, Condition

# Words of Liquid: after a dot it takes none of them for a name.
WORDS = frozenset(
    [
        "and",
        "as",
        "blank",
        "cols",
        "contains",
        "continue",
        "else",
        "empty",
        "false",
        "for",
        "if",
        "in",
        "limit",
        "nil",
        "not",
        "null",
        "offset",
        "or",
        "reversed",
        "true",
        "with",
    ]
)
SIGNS = {"more_than": ">", "less_than": "<", "at_least": ">=", "at_most": "<="}
# What is asked, and whether its opposite is meant.
FORMS = {
    "is": ("{path} == {value}", False),
    "is_not": ("{path} == {value}", True),
    "contains": ("{path} and {path} contains {value}", False),
    "does_not_contain": ("{path} and {path} contains {value}", True),
    "is_set": ('{path} != nil and {path} != ""', False),
    "is_not_set": ('{path} != nil and {path} != ""', True),
}


class Conditions:
    """Writes conditions; the names that it assigns differ from each other."""

    def __init__(self) -> None:
        """Begin to count."""
        self._numbers: Iterator[int] = count(1)

    def around(self, condition: Condition | None, place: str) -> tuple[str, str]:
        """Return what stands before and behind what is shown to whom the condition is about; raises `TemplateError`."""
        if condition is None or not (condition.all or condition.any):
            return "", ""
        before, after = "", ""
        if condition.any:
            name = f"shown_{next(self._numbers)}"
            before = f"{{% assign {name} = false %}}"
            for test in condition.any:
                start, end = self._one(test, place)
                before += f"{start}{{% assign {name} = true %}}{end}"
            before, after = before + f"{{% if {name} %}}", "{% endif %}"
        for test in condition.all:
            start, end = self._one(test, place)
            before, after = before + start, end + after
        return before, after

    def _one(self, test: Comparison, place: str) -> tuple[str, str]:
        if test.op in SIGNS:
            return self._comparison(test, place)
        form, is_opposite = FORMS[test.op]
        if test.op in ("is_set", "is_not_set"):
            question = form.format(path=say_path(test.path))
        else:
            question = form.format(path=say_path(test.path), value=literal(test.value, place))
        return ("{% unless " + question + " %}", "{% endunless %}") if is_opposite else ("{% if " + question + " %}", "{% endif %}")

    def _comparison(self, test: Comparison, place: str) -> tuple[str, str]:
        """Compare with a number as numbers, also where the attribute came as a text; with a text as texts (ISO dates sort so)."""
        name = f"value_{next(self._numbers)}"
        if isinstance(test.value, bool) or test.value is None:
            raise TemplateError(place, f"{test.op} compares with a number or a text", "give a value", kind="condition")
        how = "append: ''" if isinstance(test.value, str) else "plus: 0"
        value, path = literal(test.value, place), say_path(test.path)
        return (
            f"{{% assign {name} = {path} | default: 0 | {how} %}}{{% if {path} and {name} {SIGNS[test.op]} {value} %}}",
            "{% endif %}",
        )


def say_path(path: str) -> str:
    """Write a path as Liquid does: `person.limit` as `person["limit"]`."""
    root, *names = path.split(".")
    return root + "".join(f'["{name}"]' if name in WORDS else f".{name}" for name in names)


def literal(value: str | float | bool | None, place: str) -> str:  # noqa: FBT001 -- one of the kinds of values
    """Write a value as Liquid does; raises `TemplateError` for a text with both kinds of quotes, which Liquid cannot write."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        raise TemplateError(place, "a value is missing", "say what to compare with", kind="condition")
    if not isinstance(value, str):
        # Liquid knows no exponents.
        return format(Decimal(repr(value)), "f")
    if "%}" in value or "}}" in value or ("'" in value and '"' in value):
        raise TemplateError(
            place, f"{value[:40]!r} cannot be compared with", "leave out one kind of quotes, and }} and %}", kind="condition"
        )
    return f'"{value}"' if '"' not in value else f"'{value}'"
