"""The small HTML of text blocks: a few tags, links, and Liquid anywhere; everything else is left out, what is open is closed."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from hudhud.content.markup import LIQUID

TAGS = frozenset({"p", "br", "strong", "b", "em", "i", "u", "s", "a", "ul", "ol", "li", "sup", "sub", "code", "span"})
# Their words are not words of the mail.
SILENT = frozenset({"script", "style", "title", "head", "template"})
HREF = re.compile(r"""(?<![\w-])href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>`]+))""", re.IGNORECASE)
HELD = re.compile("\ue000(\\d+)\ue001")
# An author's own two letters are held, too, lest they be taken for ours.
HOLDABLE = re.compile(f"{LIQUID.pattern}|[\ue000\ue001]", re.DOTALL)
PARAGRAPH = ' style="margin:0 0 12px"'
LIST = ' style="margin:0 0 12px;padding-inline-start:24px"'


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.open: list[str] = []
        self.left_out: set[str] = set()
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent += 1
        if tag not in TAGS:
            self.left_out.add(tag)
            return
        if tag == "br":
            self.out.append("<br />")
            return
        # As browsers do: these two end with the next one.
        if tag in self.open and (tag == "p" or (tag == "li" and self.open[-1] == "li")):
            self.handle_endtag(tag)
        self.open.append(tag)
        self.out.append(f"<{tag}{self._attributes(tag, attrs)}>")

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> str:
        if tag == "a":
            # As it stands in the source: what a link leads to is nobody's to rewrite.
            found = HREF.search(self.get_starttag_text() or "")
            target = next((value for value in found.groups() if value is not None), "") if found else ""
            return ' href="' + target.replace('"', "&quot;") + '"' if target else ""
        direction = dict(attrs).get("dir") or ""
        own = f' dir="{direction}"' if direction in ("ltr", "rtl", "auto") else ""
        return own + {"p": PARAGRAPH, "ul": LIST, "ol": LIST}.get(tag, "")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT and self.silent:
            self.silent -= 1
        if tag not in self.open:
            return
        while self.open:
            last = self.open.pop()
            self.out.append(f"</{last}>")
            if last == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.out.append(html.escape(data, quote=False))


def clean(source: str) -> tuple[str, set[str]]:
    """Return the HTML with only what a text block may hold, and the names of the tags that were left out."""
    pieces: list[str] = []

    def hold(found: re.Match[str]) -> str:
        pieces.append(found[0])
        return f"\ue000{len(pieces) - 1}\ue001"

    cleaner = _Cleaner()
    cleaner.feed(HOLDABLE.sub(hold, source))
    cleaner.close()
    while cleaner.open:
        cleaner.handle_endtag(cleaner.open[-1])
    text = "".join(cleaner.out)
    # The last paragraph brings no room of its own: the block has some.
    last = text.rfind(f"<p{PARAGRAPH}>")
    if last >= 0 and text.endswith("</p>"):
        text = f'{text[:last]}<p style="margin:0">{text[last + len(f"<p{PARAGRAPH}>") :]}'
    return HELD.sub(lambda found: pieces[int(found[1])], text), cleaner.left_out
