"""What fields of a condition may hold; what is out of bounds is refused by path, value and remedy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hudhud.kit.errors import InvalidInput
from hudhud.segments.conditions.nodes import (
    BARE_OPS,
    EPOCH,
    ITEM_OPS,
    ITEMS,
    MANY_OPS,
    ORDER_OPS,
    TEXT_OPS,
    Between,
    Last,
    Op,
    Scalar,
    SinceEntry,
    Value,
    Window,
    Within,
)

MAX_VALUES = 1000
MAX_TEXT = 1000
MAX_NAME = 256
MAX_NUMBER = 2.0**63
MAX_WINDOW = timedelta(days=36_500)
EARLIEST, LATEST = EPOCH, datetime(2200, 1, 1, tzinfo=UTC)


def check_window(path: str, window: Window, *, journey: bool) -> None:
    """Raise `InvalidInput` for a window that is empty, endless or, outside of journeys, since an entry."""
    if isinstance(window, SinceEntry) and not journey:
        raise InvalidInput(f"{path}.kind", "since_entry", "only journeys know an entry; use `last` or `between` in a segment")
    if isinstance(window, Last):
        check_span(path, window)
    if isinstance(window, Between):
        for name, instant in (("from", window.from_), ("to", window.to)):
            if instant.tzinfo is None or not EARLIEST <= instant <= LATEST:
                raise InvalidInput(f"{path}.{name}", instant.isoformat(), "use an instant with its zone, such as 2026-03-01T00:00:00Z")
        if window.from_ >= window.to:
            raise InvalidInput(f"{path}.to", window.to.isoformat(), "it must be later than `from`")


def check_span(path: str, span: Last | Within) -> None:
    """Raise `InvalidInput` for no time and for more than a hundred years."""
    if not (0 < span.amount <= 10**8 and span.length <= MAX_WINDOW):
        raise InvalidInput(f"{path}.amount", span.amount, f"use 1 up to {MAX_WINDOW.days} days")


def check_value(at: str, op: Op, value: Value) -> None:
    """Raise `InvalidInput` for a value that the comparison does not take; `at` is what stands before `value` in its path."""
    if op in BARE_OPS:
        if value is not None:
            raise InvalidInput(f"{at}value", value, f"`{op}` takes no value")
        return
    if op in MANY_OPS:
        if not isinstance(value, tuple) or not 0 < len(value) <= MAX_VALUES:
            raise InvalidInput(f"{at}value", value, f"give a list of 1 to {MAX_VALUES} values")
        for place, one in enumerate(value):
            if op in ITEM_OPS and isinstance(one, bool):
                raise InvalidInput(f"{at}value[{place}]", one, "items of a list are compared with texts and numbers")
            check_scalar(f"{at}value[{place}]", one)
        return
    if value is None or isinstance(value, tuple):
        raise InvalidInput(f"{at}value", value, f"`{op}` takes one value")
    if op in TEXT_OPS and not (isinstance(value, str) and value):
        raise InvalidInput(f"{at}value", value, f"`{op}` takes text")
    if op in ORDER_OPS and isinstance(value, bool):
        raise InvalidInput(f"{at}value", value, f"`{op}` takes a number or text (dates as 2026-03-01)")
    check_scalar(f"{at}value", value)


def check_scalar(path: str, value: Scalar) -> None:
    """Raise `InvalidInput` for text that is too long and for numbers that are too large."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT or "\0" in value:
            raise InvalidInput(path, value, f"use at most {MAX_TEXT} characters, none of them NUL")
        _check_encodes(path, value)
    elif not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise InvalidInput(path, value, "use a number between -2^63 and 2^63")


def _check_encodes(path: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInput(path, value, "it contains half a character; type it again") from None


def check_text(path: str, value: str) -> None:
    """Raise `InvalidInput` for what is no name."""
    if not value.strip() or len(value) > MAX_NAME or "\0" in value:
        raise InvalidInput(path, value, f"use 1 to {MAX_NAME} characters")
    _check_encodes(path, value)


def check_path(path: str, value: str, *, in_list: bool = False) -> None:
    """Raise `InvalidInput` for what is no path to a value; `in_list` allows to reach into the items of one list."""
    check_text(path, value)
    if in_list and value.count(ITEMS) == 1 and f"{ITEMS}." in value and not value.startswith(ITEMS):
        value = value.replace(ITEMS, "")
    if ITEMS in value:
        raise InvalidInput(
            path, value, "reach into one list of objects, as in products[].category" if in_list else "name a value, not a list"
        )
    if "" in value.split("."):
        raise InvalidInput(path, value, "use names joined by single dots, such as cart.total")


def to_instant(path: str, value: object) -> datetime:
    """Read an ISO 8601 instant with its zone; raises `InvalidInput` naming `path`."""
    remedy = "use an instant with its zone, such as 2026-03-01T00:00:00Z"
    if not isinstance(value, str):
        raise InvalidInput(path, value, remedy)
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidInput(path, value, remedy) from None
    if instant.tzinfo is None or not EARLIEST <= instant <= LATEST:
        raise InvalidInput(path, value, remedy)
    return instant.astimezone(UTC)
