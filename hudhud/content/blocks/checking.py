"""Every text and address of a document by itself, so that a mistake is told with the block it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudhud.content.blocks.types import Columns, Hero, Social
from hudhud.content.links import PLAIN_SCHEMES, is_page
from hudhud.content.liquid import check
from hudhud.content.markup import LIQUID
from hudhud.content.rawhtml import compile_piece
from hudhud.content.types import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hudhud.content.blocks.types import AnyBlock

TEXTS, HTML, LINKS, PICTURES = ("text", "title", "label", "alt"), ("html",), ("href", "url"), ("src", "image")


def check_blocks(blocks: Sequence[AnyBlock], language: str, place: str, *, is_thorough: bool = False) -> None:
    """Check tags and addresses in blocks, `is_thorough` all Liquid; raises `TemplateError` whose field is `<place>.blocks.<id>.<field>`.

    A tag must end in the text in which it begins. Whatever else is wrong shows in the whole, and is looked for here only then.
    """
    for block_id, name, source in texts_of(blocks):
        part = f"{place}.blocks.{block_id}.{name}"
        if is_thorough or "{%" in source:
            check(source, language, escape=True, part=part)
        kind = name.rpartition(".")[2]
        if kind in HTML and "href" in source.lower():
            compile_piece(source, part, [])
        elif kind in LINKS:
            _check_link(source, part)
        elif kind in PICTURES and source:
            _check_picture(source, part)


def texts_of(blocks: Sequence[AnyBlock]) -> Iterator[tuple[str, str, str]]:
    """Yield (id of the block, name of the field, text) of all that may hold Liquid; an image's empty `href` is no link."""
    for block in blocks:
        if isinstance(block, Columns):
            for column in block.columns:
                yield from texts_of(column.blocks)
            continue
        for name in (*TEXTS, *HTML, *LINKS, *PICTURES):
            value = getattr(block, name, None)
            if isinstance(value, str) and (value or (name == "href" and not hasattr(block, "src"))):
                yield block.id, name, value
        yield from _inner(block)


def _inner(block: AnyBlock) -> Iterator[tuple[str, str, str]]:
    button = getattr(block, "button", None)
    if isinstance(button, str):
        yield block.id, "button", button
    if isinstance(block, Hero) and block.button:
        yield block.id, "button.text", block.button.text
        yield block.id, "button.href", block.button.href
    if isinstance(block, Social):
        for number, link in enumerate(block.links):
            yield block.id, f"links.{number}.url", link.url


def _check_link(source: str, part: str) -> None:
    if LIQUID.search(source) or is_page(source) or source.partition(":")[0].lower() in PLAIN_SCHEMES:
        return
    raise TemplateError(
        part, f"the link {source[:80]!r} leads nowhere", "write an address that begins with https://, mailto: or tel:", kind="link_nowhere"
    )


def _check_picture(source: str, part: str) -> None:
    if not LIQUID.search(source) and not is_page(source):
        raise TemplateError(
            part, f"{source[:80]!r} is no address of a picture", "write an address that begins with https://", kind="picture_nowhere"
        )
