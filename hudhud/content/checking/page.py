"""What a mail's HTML looks like to a reader: pictures without words, and texts that can hardly be read on their ground (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
SILENT = frozenset({"head", "style", "script", "title"})
DECLARED = re.compile(r"(?:^|;)\s*(color|background-color|background|font-size|font-weight|display)\s*:\s*([^;]+)", re.IGNORECASE)
HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})\b", re.IGNORECASE)
RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", re.IGNORECASE)
NAMES = {
    "white": "#ffffff",
    "black": "#000000",
    "red": "#ff0000",
    "blue": "#0000ff",
    "green": "#008000",
    "gray": "#808080",
    "grey": "#808080",
}
PIXELS = re.compile(r"([\d.]+)\s*px")
LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
ENOUGH, ENOUGH_FOR_LARGE = 4.5, 3.0
LARGE_PX, LARGE_BOLD_PX, BOLD = 24.0, 18.66, 600


class Faint(NamedTuple):
    """A text that is hard to read: some of it, its colour, its ground, and how they differ (1 to 21)."""

    text: str
    color: str
    background: str
    ratio: float


@dataclass(frozen=True, slots=True)
class _Look:
    tag: str
    color: str
    background: str
    size: float
    weight: int
    is_hidden: bool


@dataclass(slots=True)
class Page:
    """What was found: pictures without words (their addresses), faint texts, how much text there is."""

    wordless: list[str] = field(default_factory=list)
    faint: list[Faint] = field(default_factory=list)
    letters: int = 0


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open = [_Look("", "#000000", "#ffffff", 16.0, 400, is_hidden=False)]
        self.seen: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if (
            tag == "img"
            and "hudhud_pixel" not in (values.get("src") or "")
            and not (values.get("alt") or "").strip()
            and values.get("role") != "presentation"
        ):
            self.page.wordless.append((values.get("src") or "")[:200])
        if tag not in VOID:
            self.open.append(self._look(tag, values))

    def _look(self, tag: str, values: dict[str, str | None]) -> _Look:
        around = self.open[-1]
        style = {name.lower(): value.strip() for name, value in DECLARED.findall(values.get("style") or "")}
        ground = to_hex(style.get("background-color") or style.get("background") or values.get("bgcolor") or "")
        size = PIXELS.search(style.get("font-size", ""))
        is_heading = tag in ("b", "strong", "th", "h1", "h2", "h3")
        return _Look(
            tag,
            to_hex(style.get("color") or values.get("color") or "") or around.color,
            ground or around.background,
            float(size[1]) if size else around.size,
            _weight(style.get("font-weight"), 700 if is_heading else around.weight),
            around.is_hidden or style.get("display", "").startswith("none") or tag in SILENT,
        )

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self.open) - 1, 0, -1):
            if self.open[place].tag == tag:
                del self.open[place:]
                return

    def handle_data(self, data: str) -> None:
        text, look = LIQUID.sub("", data).strip(), self.open[-1]
        if look.is_hidden or not (text or data.strip()):
            return
        self.page.letters += len(text)
        pair = (look.color, look.background)
        is_large = look.size >= LARGE_PX or (look.size >= LARGE_BOLD_PX and look.weight >= BOLD)
        ratio = contrast(*pair)
        if pair not in self.seen and ratio < (ENOUGH_FOR_LARGE if is_large else ENOUGH) and any(letter.isalnum() for letter in text):
            self.seen.add(pair)
            self.page.faint.append(Faint(text[:60], *pair, round(ratio, 1)))


def read_page(document: str) -> Page:
    """Read the HTML of a mail, Liquid in it."""
    reader = _Reader()
    reader.feed(document)
    reader.close()
    return reader.page


def _weight(declared: str | None, usual: int) -> int:
    if not declared:
        return usual
    return int(declared) if declared.isdigit() else {"bold": 700, "bolder": 700, "normal": 400}.get(declared.lower(), usual)


def to_hex(colour: str) -> str:
    """Return a colour as `#rrggbb`; empty where it is none that can be reckoned with."""
    if found := HEX.search(colour):
        digits = found[1].lower()
        return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))  # noqa: PLR2004 -- #rrggbb
    if found := RGB.search(colour):
        return "#" + "".join(f"{min(int(part), 255):02x}" for part in found.groups())
    return NAMES.get(colour.split(" ", maxsplit=1)[0].strip().lower(), "")


def contrast(one: str, other: str) -> float:
    """Return how much two colours differ in brightness, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]  # noqa: PLR2004 -- WCAG's constants
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
