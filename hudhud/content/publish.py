"""From an author's copy to a compiled one: check, compile, derive the text part. Runs in the render process."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from hudhud.content.blocks.checking import check_blocks
from hudhud.content.blocks.pieces import RAW
from hudhud.content.blocks.types import read_document
from hudhud.content.blocks.writing import write_document
from hudhud.content.brand import PLAIN
from hudhud.content.layout import frame_of, into_document
from hudhud.content.liquid import check
from hudhud.content.markup import compile_mjml
from hudhud.content.plain import from_html
from hudhud.content.program import Program
from hudhud.content.rawhtml import compile_html, compile_piece, escape_words
from hudhud.content.types import SOURCES, Compiled, Copy, TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudhud.content.brand import Look

MOST_CHARACTERS = 300_000


@dataclass(frozen=True, slots=True)
class Built:
    """A compiled copy and what writes mails of it; `left_out`: tags that text blocks could not hold, by block."""

    compiled: Compiled
    program: Program
    left_out: dict[str, set[str]] = field(default_factory=dict)


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Made:
    """HTML with Liquid and its links; the text part; what was read besides the copy's own texts: the frame, and what blocks became.

    `find_mistake` raises the mistake in that with its place, where a place can be told.
    """

    html: str
    links: list[str]
    text: str
    frame: str
    find_mistake: Callable[[], None] = _nothing
    left_out: dict[str, set[str]] = field(default_factory=dict)


def compile_copy(copy: Copy, language: str, look: Look = PLAIN) -> Compiled:
    """Compile one language; raises `TemplateError` that names the part, the line and the remedy."""
    return build(copy, language, look).compiled


def build(copy: Copy, language: str, look: Look = PLAIN) -> Built:
    """Compile one language; raises `TemplateError` that names the part, the line and the remedy."""
    place = f"languages.{language}"
    paths = _check_parts(copy, language, place)
    made = {"mjml": _from_mjml, "html": _from_html, "blocks": _from_blocks}[copy.mode](copy, language, look, place)
    try:
        paths += check(made.frame, language, escape=True, part=place).paths
    except TemplateError:
        made.find_mistake()
        raise
    compiled = Compiled(language, copy.subject, made.html, made.text, made.links, [list(path) for path in dict.fromkeys(paths)])
    try:
        program = Program(compiled)
    except TemplateError as error:
        # What was sound before it was compiled is not any more: the HTML came out of order.
        raise TemplateError(f"{place}.{SOURCES[copy.mode]}", str(error.data["problem"]), str(error.data["remedy"])) from error
    return Built(compiled, program, made.left_out)


def _check_parts(copy: Copy, language: str, place: str) -> list[tuple[str, ...]]:
    """Check the texts that stand in the copy itself: length, presence, Liquid; return what they read."""
    source = SOURCES[copy.mode]
    text: str = msgspec.json.encode(copy.document).decode() if copy.mode == "blocks" else getattr(copy, source)
    parts = {"subject": copy.subject, "preheader": copy.preheader, source: text, "text": copy.text}
    for name, part in parts.items():
        if len(part) > MOST_CHARACTERS:
            raise TemplateError(
                f"{place}.{name}", f"{len(part)} characters are too many", f"keep it under {MOST_CHARACTERS}", kind="too_long"
            )
    for name in ("subject", source):
        if not parts[name].strip():
            raise TemplateError(f"{place}.{name}", "it is empty", "write something", kind="empty")
    paths: list[tuple[str, ...]] = []
    for name, part in parts.items():
        if part and name != "document":
            paths += check(part, language, escape=name in ("mjml", "html", "preheader"), part=f"{place}.{name}").paths
    return paths


def _from_mjml(copy: Copy, language: str, look: Look, place: str) -> _Made:
    source = into_document(copy.mjml, language, escape_words(copy.preheader), look)
    document, links = compile_mjml(source, f"{place}.mjml")
    return _Made(document, links, copy.text or from_html(document), frame_of(copy.mjml, language, look))


def _from_html(copy: Copy, _language: str, _look: Look, place: str) -> _Made:
    document, links = compile_html(copy.html, escape_words(copy.preheader), f"{place}.html", inline_css=copy.inline_css)
    return _Made(document, links, copy.text or from_html(document), "")


def _from_blocks(copy: Copy, language: str, look: Look, place: str) -> _Made:
    """Compile blocks; the text part is made of the same blocks, with the same links."""
    part = f"{place}.document"
    blocks = read_document(copy.document, part)
    check_blocks(blocks.blocks, language, part)
    written = write_document(blocks, language, look, part)
    source = into_document(written.mjml, language, escape_words(copy.preheader), look)
    document, links = compile_mjml(source, part)
    for number, raw in enumerate(written.raw):
        document = document.replace(RAW.format(number), compile_piece(raw, part, links), 1)
        source = source.replace(RAW.format(number), raw, 1)
    text = copy.text or from_html(compile_piece(written.plain, part, links))
    find_mistake = partial(check_blocks, blocks.blocks, language, part, is_thorough=True)
    return _Made(document, links, text, source, find_mistake, written.left_out)
