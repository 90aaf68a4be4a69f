"""Liquid as mails may use it: an allow-list of tags, filters and names, strict about what is missing.

python-liquid is the reference interpreter (content/codegen.py compiles the common part of it to Python). Only plain data
enters; there is no loader, and what an author can name is fixed (`ROOTS`).
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from liquid import Environment, FalsyStrictUndefined
from liquid.exceptions import FilterArgumentError as BadArgument
from liquid.exceptions import LiquidError, LiquidSyntaxError, UndefinedError
from liquid.undefined import is_undefined

from hudhud.content.links import BOOK, markup
from hudhud.content.types import ROOTS, TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from liquid.template import BoundTemplate

# Raw output, raw blocks, files and counters that outlive a message have no place in a mail.
REFUSED_TAGS = ("include", "render", "increment", "decrement", "ifchanged", "doc", "cycle")
REFUSED_FILTERS = ("safe", "escapejs", "base64_decode", "base64_encode", "base64_url_safe_decode", "base64_url_safe_encode")
RAW = re.compile(r"\{%-?\s*(raw|endraw)\b")

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "TRY": "₺"}
WITHOUT_CENTS = frozenset({"JPY", "KRW", "IRR", "IQD", "VND", "CLP"})
DIGITS = {"fa": "۰۱۲۳۴۵۶۷۸۹", "ar": "٠١٢٣٤٥٦٧٨٩"}
SEPARATORS = {"en": (",", "."), "et": ("\u00a0", ","), "fa": ("٬", "٫"), "ar": ("٬", "٫")}
NUMERALS = {language: str.maketrans("0123456789", own) for language, own in DIGITS.items()}
FIGURES = {
    language: NUMERALS.get(language, {}) | {ord(","): thousands, ord("."): decimal} for language, (thousands, decimal) in SEPARATORS.items()
}
JALALI_MONTHS = ("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند")


class Mail(Environment):
    """Limits that the engine itself knows; the rest is the render process's (content/sandbox.py)."""

    loop_iteration_limit = 10_000
    local_namespace_limit = 1_000_000
    output_stream_limit = 2_000_000
    context_depth_limit = 12
    # What stands in a block is printed, even if it is only white space: one rule less to know.
    suppress_blank_control_flow_blocks = False


@dataclass(frozen=True, slots=True)
class Use:
    """What a template reads: `paths` to values (`("person", "first_name")`), in order of appearance."""

    paths: list[tuple[str, ...]]


def digits(value: object, *, language: str) -> str:
    """Write numerals as the language does."""
    text = str(value)
    return text.translate(NUMERALS[language]) if language in NUMERALS else text


def money(value: object, currency: str = "EUR", *, language: str) -> str:
    """Format an amount: `{{ item.price | money: "EUR" }}`."""
    try:
        amount = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        message = f"money: {str(value)[:40]!r} is not a number"
        raise BadArgument(message, token=None) from None
    number = f"{amount:,.{0 if currency in WITHOUT_CENTS else 2}f}".translate(FIGURES.get(language, FIGURES["en"]))
    symbol = SYMBOLS.get(currency, currency)
    if language == "en":
        return f"{symbol}{number}" if currency in SYMBOLS else f"{symbol} {number}"
    return f"{number}\u00a0{symbol}"


def to_jalali(day: date) -> tuple[int, int, int]:
    """Convert to the Iranian calendar (arithmetic of 33-year cycles, right for 1799-2256)."""
    year = day.year - 1600
    days = 365 * year + (year + 3) // 4 - (year + 99) // 100 + (year + 399) // 400 + day.timetuple().tm_yday - 1 - 79
    cycles, days = divmod(days, 12_053)
    result = 979 + 33 * cycles + 4 * (days // 1461)
    days %= 1461
    if days >= 366:  # noqa: PLR2004 -- the leap year comes first in each group of four
        result, days = result + (days - 1) // 365, (days - 1) % 365
    if days < 186:  # noqa: PLR2004 -- six months of 31 days
        return result, 1 + days // 31, 1 + days % 31
    return result, 7 + (days - 186) // 30, 1 + (days - 186) % 30


def jdate(value: object, *, language: str) -> str:
    """Write an ISO date in the Iranian calendar: `{{ event.expires_at | jdate }}` gives ۵ آذر ۱۴۰۵."""
    try:
        day = datetime.fromisoformat(str(value)).date()
    except ValueError:
        message = f"jdate: {str(value)[:40]!r} is not an ISO date"
        raise BadArgument(message, token=None) from None
    year, month, number = to_jalali(day)
    if language == "fa":
        return digits(f"{number} {JALALI_MONTHS[month - 1]} {year}", language="fa")
    return f"{year:04}-{month:02}-{number:02}"


def hudhud_link(number: int, *, escaped: bool) -> str:
    """The address of static link `number` (written by the compiler, not by authors)."""
    return BOOK.static(int(number), escaped=escaped)


def hudhud_track(value: str, *, escaped: bool) -> str:
    """The address behind which `value`, a target that differs from person to person, is kept."""
    # A plain str: `Markup` cannot be sent back to the worker.
    return BOOK.dynamic(html.unescape(str(value)) if escaped else str(value), escaped=escaped)


def hudhud_pixel(_value: object) -> str:
    """The address of the picture that tells that a mail was opened."""
    return markup(BOOK.pixel())


@lru_cache(maxsize=32)
def environment(language: str, *, escape: bool) -> Mail:
    """Return the environment for HTML (`escape`) or plain text in one language."""
    env = Mail(autoescape=escape, undefined=FalsyStrictUndefined, strict_filters=True)
    for name in REFUSED_TAGS:
        env.tags.pop(name, None)
    for name in REFUSED_FILTERS:
        env.filters.pop(name, None)
    for function in (digits, money, jdate):
        env.filters[function.__name__] = partial(function, language=language.partition("-")[0])
    env.filters["hudhud_link"] = partial(hudhud_link, escaped=escape)
    env.filters["hudhud_track"] = partial(hudhud_track, escaped=escape)
    env.filters["hudhud_pixel"] = hudhud_pixel
    return env


def line_of(error: LiquidError, source: str) -> int | None:
    """The line that an error points at."""
    if error.token is None or error.token.start_index < 0:
        return None
    return source.count("\n", 0, error.token.start_index) + 1


def parse(source: str, language: str, *, escape: bool, part: str) -> BoundTemplate:
    """Parse; raises `TemplateError` that names `part`, the line and the remedy."""
    if RAW.search(source):
        raise TemplateError(part, "{% raw %} would send braces to people", "write the text without it", kind="raw")
    try:
        return environment(language, escape=escape).from_string(source)
    except LiquidSyntaxError as error:
        raise TemplateError(part, str(error.args[0]), "correct the Liquid syntax", line_of(error, source), kind="liquid") from error
    except LiquidError as error:
        raise TemplateError(
            part, str(error.args[0]), "use the tags and filters that mails have", line_of(error, source), kind="liquid"
        ) from error


def check(source: str, language: str, *, escape: bool, part: str, roots: Mapping[str, frozenset[str] | None] = ROOTS) -> Use:
    """Parse an author's text and check every name in it; return what it reads. `roots`: what it may name, with the members where these are fixed."""
    template = parse(source, language, escape=escape, part=part)
    analysis = template.analyze()
    for name, spans in analysis.filters.items():
        if name not in template.env.filters or name.startswith("hudhud_"):
            raise TemplateError(
                part, f"there is no filter {name!r}", "use one of the listed filters", _line(source, spans[0].index), kind="unknown_filter"
            )
    paths: dict[tuple[str, ...], None] = {}
    for root, variables in analysis.globals.items():
        for variable in variables:
            _check_name(root, variable.segments, part, _line(source, variable.span.index), roots)
            paths[_path(variable.segments)] = None
    return Use(list(paths))


def _line(source: str, index: int) -> int:
    return source.count("\n", 0, index) + 1


def _path(segments: Iterable[Any]) -> tuple[str, ...]:
    path: list[str] = []
    for segment in segments:
        if not isinstance(segment, str):
            break
        path.append(segment)
    return tuple(path[:2])


def _check_name(root: str, segments: list[Any], part: str, line: int, roots: Mapping[str, frozenset[str] | None]) -> None:
    if root not in roots:
        raise TemplateError(part, f"there is no variable {root!r}", f"use {', '.join(roots)}", line, kind="unknown_variable")
    members = roots[root]
    member = segments[1] if len(segments) > 1 else None
    if root in ("unsubscribe_url", "preferences_url"):
        if member is not None:
            raise TemplateError(part, f"{root} is a text and has no {member!r}", f"write {{{{ {root} }}}}", line, kind="unknown_variable")
    elif not isinstance(member, str):
        raise TemplateError(
            part, f"{root} alone is not a value", f"name one of its members, e.g. {root}.name", line, kind="unknown_variable"
        )
    elif members is not None and member not in members:
        raise TemplateError(part, f"{root} has no {member!r}", f"use one of {', '.join(sorted(members))}", line, kind="unknown_variable")


def is_missing(error: BaseException) -> bool:
    """Whether a render error says that a value is missing (and not that the template is wrong)."""
    return isinstance(error, UndefinedError)


def without_nulls(value: Any) -> Any:  # noqa: ANN401 -- JSON in, JSON out
    """Drop members that are null: to a template, null is the same as missing."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


__all__ = ["BadArgument", "Mail", "Use", "check", "environment", "is_missing", "is_undefined", "parse", "without_nulls"]
