"""Which values a copy cannot do without: it is written for somebody of whom nothing is known, and given one value after the other. Runs in the render process."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from liquid.exceptions import LiquidError, UndefinedError

from hudhud.content.program import OPEN, Thing
from hudhud.content.values import SAMPLE_COUPON

if TYPE_CHECKING:
    from hudhud.content.program import Program

NAMED = re.compile(r"^((?:person|event|run)(?:\.[\w-]+)+) is undefined$")
# What a value may be: a word and an address at once, a number, a list of things, a day.
CANDIDATES: tuple[Any, ...] = ("https://shop.example/x", 7, [Thing(0)], "2027-01-04")
MOST = 60


def find_needed(program: Program) -> list[str]:
    """Return the paths without whose values nobody gets the mail, in the order in which they are read."""
    values: dict[str, Any] = {root: {} for root in OPEN} | {"coupon": dict(SAMPLE_COUPON)}
    values["workspace"] = {"name": "Shop", "url": "https://shop.example", "currency": "EUR", "postal_address": "1 Main Street"}
    values |= {"unsubscribe_url": "https://shop.example/u", "preferences_url": "https://shop.example/p"}
    needed: dict[str, int] = {}
    for _ in range(MOST):
        path = _missing(program, values)
        if path is None:
            break
        # Known already, or nothing that can be given: what was given last is not what is asked for.
        if not path or path in needed:
            path = next(reversed(needed), "")
            if not path or needed[path] + 1 >= len(CANDIDATES):
                break
        needed[path] = needed.get(path, -1) + 1
        _put(values, path, CANDIDATES[needed[path]])
    return list(needed)


def _missing(program: Program, values: dict[str, Any]) -> str | None:
    """Return the path that is missing; empty: it goes wrong otherwise; None: the mail can be written."""
    try:
        program.preview(values)
    except UndefinedError as error:
        found = NAMED.match(str(error.args[0]))
        return found[1] if found else ""
    except (LiquidError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        return ""
    return None


def _put(values: dict[str, Any], path: str, value: Any) -> None:  # noqa: ANN401 -- any Liquid value
    *names, last = path.split(".")
    for name in names:
        inner = values.get(name)
        values[name] = inner if isinstance(inner, dict) else {}
        values = values[name]
    values[last] = value
