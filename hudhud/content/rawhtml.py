"""Mails that are HTML already: everything stays as it was written but the targets of links, which are counted, and the picture before `</body>`.

Only where the author asks for it are style sheets written into the elements; then the HTML is parsed and written anew.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import css_inline

from hudhud.content.markup import ENTITY, LIQUID, PIXEL, TAG, TOKEN, Masked, mask_href, unmask

if TYPE_CHECKING:
    from collections.abc import Callable

# Also without quotes, as HTML allows.
HREF = re.compile(r"""(?<![\w-])href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>`]+))""", re.IGNORECASE)
# Outlook reads what stands in these comments.
FOR_OUTLOOK = re.compile(r"<!--\[if\b.*?\]>.*?<!\[endif\]-->", re.DOTALL | re.IGNORECASE)
END = re.compile(r"</body\s*>", re.IGNORECASE)
BODY = re.compile(r"<body\b(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE)
HIDDEN = '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden">{}</div>'
# In these a comment would be text.
TEXT_ONLY = re.compile(r"<(style|title|script|textarea)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)

BARE_AMPERSAND = re.compile(rf"&(?!{ENTITY.pattern[1:]})")
SPARED = re.compile(f"{TEXT_ONLY.pattern}|{TAG.pattern}", re.DOTALL | re.IGNORECASE)


def compile_html(source: str, preheader: str, part: str, *, inline_css: bool = False) -> tuple[str, list[str]]:
    """Compile a whole mail; return (HTML with Liquid, targets of static links). Raises `TemplateError`."""
    masked = Masked("")
    document = mask_links(_mask(source, masked, in_comments=inline_css), masked, part)
    if inline_css:
        document = css_inline.inline(document, keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False)
    document = _insert(document, PIXEL, END, is_before=True)
    if preheader:
        document = _insert(document, HIDDEN.format(preheader), BODY, is_before=False)
    return unmask(document, masked), masked.links


def compile_piece(source: str, part: str, links: list[str]) -> str:
    """Compile HTML that is part of a mail; targets of static links that are new are put behind `links`. Raises `TemplateError`."""
    masked = Masked("", links=links)
    return unmask(mask_links(_mask(source, masked, in_comments=False), masked, part), masked)


def _mask(source: str, masked: Masked, *, in_comments: bool) -> str:
    """Replace Liquid by tokens; `in_comments`: tags between elements by comments, which no parser moves out of tables."""
    flat = LIQUID.sub(lambda found: masked.token(found[0]), source)
    if not in_comments:
        return flat

    def wrap(text: str) -> str:
        return TOKEN.sub(lambda found: f"<!--{found[0]}-->" if masked.pieces[int(found[1])].startswith("{%") else found[0], text)

    return _between(flat, SPARED, wrap)


def _between(text: str, spared: re.Pattern[str], change: Callable[[str], str]) -> str:
    """Change what stands between matches."""
    pieces, position = [], 0
    for found in spared.finditer(text):
        pieces += [change(text[position : found.start()]), found[0]]
        position = found.end()
    return "".join([*pieces, change(text[position:])])


def mask_links(document: str, masked: Masked, part: str) -> str:
    """Replace the targets of links and areas by tokens, also in what Outlook alone reads."""

    def in_tag(tag: re.Match[str]) -> str:
        if tag[2] is None:
            whole = tag[0]
            if not FOR_OUTLOOK.fullmatch(whole):
                return whole
            return "<!" + TAG.sub(in_tag, whole[2:-1]) + ">"
        if tag[1] or not is_link(tag[2]):
            return tag[0]
        return HREF.sub(lambda found: f'href="{mask_href(_value(found), masked, part)}"', tag[0])

    return _between(document, TEXT_ONLY, lambda text: TAG.sub(in_tag, text))


def is_link(tag: str) -> bool:
    """Whether an element's `href` is what one clicks at: links, areas of pictures, and Outlook's own shapes (`v:roundrect`)."""
    return tag.lower() in ("a", "area", "v")


def _value(found: re.Match[str]) -> str:
    return next(value for value in found.groups() if value is not None)


def _insert(document: str, piece: str, at: re.Pattern[str], *, is_before: bool) -> str:
    places = list(at.finditer(document))
    if not places:
        return document + piece if is_before else piece + document
    place = places[-1].start() if is_before else places[0].end()
    return document[:place] + piece + document[place:]


def escape_text(text: str) -> str:
    """Escape a plain text that may hold Liquid, for HTML and for attributes; Liquid stays as it is."""
    pieces, position = [], 0
    for found in LIQUID.finditer(text):
        pieces += [html.escape(text[position : found.start()]), found[0]]
        position = found.end()
    return "".join([*pieces, html.escape(text[position:])])


def escape_words(text: str) -> str:
    """Escape what would begin a tag in a plain text that may hold Liquid and HTML's names of characters; both stay as they are."""
    pieces, position = [], 0
    for found in [*LIQUID.finditer(text), None]:
        words = text[position : found.start() if found else len(text)]
        pieces += [BARE_AMPERSAND.sub("&amp;", words).replace("<", "&lt;").replace(">", "&gt;"), found[0] if found else ""]
        position = found.end() if found else len(text)
    return "".join(pieces)
