"""The text part of a mail, made from its HTML: Liquid stays where it is, links stand behind their words."""

from __future__ import annotations

import re
from html.parser import HTMLParser

BLOCKS = frozenset({"p", "div", "tr", "table", "h1", "h2", "h3", "h4", "ul", "ol", "li", "br", "hr", "section", "blockquote"})
SILENT = frozenset({"head", "style", "script", "title"})
LIQUID = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
HIDDEN = re.compile(r"display:\s*none")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.silent = 0
        self.hidden = 0
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in SILENT:
            self.silent += 1
        elif self.hidden or (tag == "div" and HIDDEN.search(values.get("style") or "")):
            self.hidden += tag == "div"
        elif tag in BLOCKS:
            self.out.append("\n")
        elif tag == "a":
            self.hrefs.append(values.get("href") or "")
        elif tag == "img" and (values.get("alt") or "").strip():
            self.out.append(f"[{values['alt']}]")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent -= 1
        elif self.hidden:
            self.hidden -= tag == "div"
        elif tag in BLOCKS:
            self.out.append("\n")
        elif tag == "td":
            self.out.append(" ")
        elif tag == "a" and self.hrefs:
            href = self.hrefs.pop()
            if href and not href.startswith("#"):
                self.out.append(f" ({href})")

    def handle_data(self, data: str) -> None:
        if not self.silent and not self.hidden:
            self.out.append(re.sub(r"[ \t\r\n\f]+", " ", data))


def from_html(document: str) -> str:
    """Make the text part; Liquid inside attributes of links is kept, everything invisible is dropped."""
    pieces: list[str] = []

    def hide(found: re.Match[str]) -> str:
        pieces.append(found[0])
        return f"\ue000{len(pieces) - 1}\ue001"

    reader = _Reader()
    reader.feed(LIQUID.sub(hide, document))
    reader.close()
    lines = [line.strip() for line in "".join(reader.out).split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
    return re.sub("\ue000(\\d+)\ue001", lambda found: pieces[int(found[1])], text)
