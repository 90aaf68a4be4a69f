"""A block document as an MJML fragment, and as the plain HTML of which its text part is made.

Blocks that stand alone share a row as long as their ground is the same: a row costs half a kilobyte.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hudhud.content.blocks.conditions import Conditions
from hudhud.content.blocks.pieces import Piece, Setting, attributes, write, write_hero
from hudhud.content.blocks.products import write_products
from hudhud.content.blocks.types import Button, Columns, Hero, Products, Snippet, read_saved
from hudhud.content.layout import BARE, SERVICE, own_lines, words_of
from hudhud.content.types import TemplateError
from hudhud.content.values import choose_language

if TYPE_CHECKING:
    from hudhud.content.blocks.types import Block, Document, Saved, Simple
    from hudhud.content.brand import Brand, Look

GROUNDS = frozenset({"", "surface", "panel", "background"})
FOOTER = '<p>{why}</p><p><a href="{{{{ unsubscribe_url }}}}">{unsubscribe}</a><br><a href="{{{{ preferences_url }}}}">{preferences}</a></p>'
ADDRESS = "<p>{{ workspace.name }}{% if workspace.postal_address %}, {{ workspace.postal_address }}{% endif %}</p>"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a document: MJML without the frame, plain HTML, HTML to put into the places of `pieces.RAW`, and tags that text blocks could not hold, by block."""

    mjml: str
    plain: str
    raw: list[str]
    left_out: dict[str, set[str]]


@dataclass(slots=True)
class _Row:
    """Blocks that share a row, on one ground."""

    ground: str
    pieces: list[str] = field(default_factory=list)


class _Writer:
    def __init__(self, language: str, look: Look, place: str) -> None:
        self.language, self.look, self.place = language, look, place
        self.conditions = Conditions()
        self.left_out: dict[str, set[str]] = {}
        self.raw: list[str] = []
        self.mjml: list[str] = []
        self.plain: list[str] = []
        self.row: _Row | None = None
        self.lists = 0

    def setting(self, ground: str) -> Setting:
        return Setting(self.language, self.look.brand, ground not in GROUNDS, self.left_out, self.raw)

    def document(self, document: Document) -> Result:
        for block in document.blocks:
            if isinstance(block, Snippet):
                self._snippet(block)
            else:
                self._block(block)
        self._close()
        start = (SERVICE if document.service else "") if document.frame else BARE
        footer = footer_of(self.language, self.look.brand, is_service=document.service) if document.frame else ""
        return Result(start + "".join(self.mjml), "".join(self.plain) + footer, self.raw, self.left_out)

    def _snippet(self, block: Snippet) -> None:
        before, after = self._around(block)
        self._put(before)
        for one in saved_blocks(block, self.look, self.language, self.place):
            self._block(one)
        self._put(after)

    def _put(self, liquid: str) -> None:
        """Write what stands between rows."""
        if liquid:
            self._close()
            self.mjml.append(liquid)
            self.plain.append(liquid)

    def _block(self, block: Saved) -> None:
        match block:
            case Columns() | Products() | Hero():
                self._close()
                piece = self._wide(block)
                before, after = self._around(block)
                self.mjml.append(before + piece.mjml + after)
                self.plain.append(before + piece.plain + after)
            case _:
                self._simple(block)

    def _around(self, block: Block) -> tuple[str, str]:
        return self.conditions.around(block.show_if, f"{self.place}.blocks.{block.id}.show_if")

    def _wide(self, block: Columns | Products | Hero) -> Piece:
        match block:
            case Products():
                self.lists += 1
                return write_products(block, self.setting(""), self.lists)
            case Hero():
                return write_hero(block, self.setting(""))
        return self._columns(block)

    def _simple(self, block: Simple) -> None:
        # A button's ground is its own colour, not that of its row.
        ground = "" if isinstance(block, Button) else block.style.background
        if self.row is None or self.row.ground != ground:
            self._close()
            self.row = _Row(ground)
        before, after = self._around(block)
        piece = write(block, self.setting(ground))
        self.row.pieces.append(before + piece.mjml + after)
        self.plain.append(before + piece.plain + after)

    def _close(self) -> None:
        """Finish the row that is open."""
        if self.row is not None:
            self.mjml.append(f"<mj-section{self._ground(self.row.ground)}><mj-column>{''.join(self.row.pieces)}</mj-column></mj-section>")
        self.row = None

    def _ground(self, name: str) -> str:
        if not name:
            return ""
        css_class = f"hd-{name}" if name in GROUNDS else "hd-own"
        return attributes(background_color=self.look.brand.colours.get(name), css_class=css_class, padding="10px 8px")

    def _columns(self, block: Columns) -> Piece:
        at, columns, plain = self.setting(block.style.background), [], []
        for column in block.columns:
            width = f' width="{column.width}%"' if column.width else ""
            pieces = []
            for one in column.blocks:
                before, after = self._around(one)
                piece = write(one, at)
                pieces.append(before + piece.mjml + after)
                plain.append(before + piece.plain + after)
            columns.append(f'<mj-column{width} vertical-align="top">{"".join(pieces)}</mj-column>')
        inner = "".join(columns) if block.stack else f"<mj-group>{''.join(columns)}</mj-group>"
        return Piece(f"<mj-section{self._ground(block.style.background)}>{inner}</mj-section>", "".join(plain))


def write_document(document: Document, language: str, look: Look, place: str) -> Result:
    """Write a document; raises `TemplateError` whose field begins with `place`."""
    return _Writer(language, look, place).document(document)


def saved_blocks(block: Snippet, look: Look, language: str, place: str) -> list[Saved]:
    """Return the blocks of a snippet in a language, or what stands in for it; raises `TemplateError` for a snippet that there is not."""
    found = look.snippets.get(block.key)
    if not found:
        where = f"{place}.blocks.{block.id}.key"
        raise TemplateError(
            where, f"there is no snippet {block.key!r}", "choose one that there is, or take the block out", kind="snippet_gone"
        )
    chosen = choose_language(language, look.language, found)
    return read_saved(found[chosen], f"snippets.{block.key}.{chosen}")


def footer_of(language: str, brand: Brand, *, is_service: bool) -> str:
    """Return what stands at the end of the text part."""
    words = words_of(language)
    own = "".join(f"<p>{line}</p>" for line in own_lines(brand, language))
    return f"<p>--</p>{own}" + (f"<p>{words['service']}</p>" if is_service else FOOTER.format(**words)) + ADDRESS
