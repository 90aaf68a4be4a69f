"""The block document: a mail as a list of typed blocks, in JSON. Fields that are not known are refused.

Texts (`text`, `title`, `label`, `alt` …), `html` and addresses (`href`, `src`, `image`) may hold Liquid. `html` of a text block is a small set
of tags (`blocks/rich.py`), of an html block whatever the author wants. Colours are names of the brand kit or `#rrggbb`; `start` and `end` follow
the language's direction.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from hudhud.content.types import TemplateError

VERSION = 1
MOST_BLOCKS, MOST_COLUMNS, MOST_COMPARISONS = 200, 4, 10

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,40}\Z")]
# A colour of the brand kit by its name, or one of its own; empty: what the block usually has.
Colour = Annotated[str, msgspec.Meta(pattern=r"^(|text|heading|muted|accent|on_accent|surface|panel|background|line|#[0-9a-fA-F]{6})\Z")]
# Where a value stands: `person.plan`, `event.cart.total`.
Path = Annotated[str, msgspec.Meta(pattern=r"^(person|event|run|coupon|workspace)(\.[A-Za-z_][A-Za-z0-9_-]*){1,6}\Z")]
PathOrNone = Annotated[str, msgspec.Meta(pattern=r"^(|(person|event|run|coupon|workspace)(\.[A-Za-z_][A-Za-z0-9_-]*){1,6})\Z")]
KeyOrNone = Annotated[str, msgspec.Meta(pattern=r"^(|[a-z0-9_]{1,64})\Z")]
Key = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{1,64}\Z")]
Align = Literal["", "start", "center", "end"]
Operator = Literal["is", "is_not", "contains", "does_not_contain", "more_than", "less_than", "at_least", "at_most", "is_set", "is_not_set"]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What everything in a document has in common: a field that is not known is an error, not ignored."""


class Comparison(Part, frozen=True, kw_only=True):
    """One comparison; `value` is not given for `is_set` and `is_not_set`. A value that is missing is like nothing: `is_not` is then true."""

    path: Path
    op: Operator
    value: str | int | float | bool | None = None


class Condition(Part, frozen=True, kw_only=True):
    """All of these and, if any are given, at least one of those."""

    all: Annotated[list[Comparison], msgspec.Meta(max_length=MOST_COMPARISONS)] = []
    any: Annotated[list[Comparison], msgspec.Meta(max_length=MOST_COMPARISONS)] = []


class Style(Part, frozen=True, kw_only=True):
    """How a block looks where it differs from the brand kit. `background` fills the row in which the block stands."""

    align: Align = ""
    color: Colour = ""
    background: Colour = ""
    padding: Literal["", "none", "small", "medium", "large"] = ""


class Block(Part, frozen=True, kw_only=True, tag_field="type"):
    """`id` is the author's (an editor's) and names the block in errors; `show_if` empty: for everybody."""

    id: Id
    show_if: Condition | None = None
    style: Style = Style()


class Heading(Block, frozen=True, kw_only=True, tag="heading"):
    """A line of plain text; level 1 is the largest."""

    text: str
    level: Literal[1, 2, 3] = 1


class Text(Block, frozen=True, kw_only=True, tag="text"):
    """Paragraphs, lists, links: the tags of `blocks/rich.py`; others are left out."""

    html: str
    size: Literal["small", "normal", "lead"] = "normal"


class Image(Block, frozen=True, kw_only=True, tag="image"):
    """A picture. `alt` is what is read aloud and shown where pictures are off; empty: it is an ornament. `width` in pixels, 0: all there is."""

    src: str
    alt: str
    href: str = ""
    width: Annotated[int, msgspec.Meta(ge=0, le=600)] = 0
    rounded: bool = True


class Button(Block, frozen=True, kw_only=True, tag="button"):
    """A link that is hard to overlook."""

    text: str
    href: str
    full_width: bool = False


class Divider(Block, frozen=True, kw_only=True, tag="divider"):
    """A line."""


class Spacer(Block, frozen=True, kw_only=True, tag="spacer"):
    """Room, in pixels."""

    height: Annotated[int, msgspec.Meta(ge=4, le=200)] = 24


class Products(Block, frozen=True, kw_only=True, tag="products"):
    """A card for each item of a list, such as `event.products`: `name` or `title`, `url`, `image_url`, `price`, `quantity`, else left out.

    `otherwise` is read where there is no `source`. `when_empty`: leave the block out, or skip the person (reason `missing_value`).
    """

    source: Path = "event.products"
    otherwise: PathOrNone = ""
    layout: Literal["list", "grid"] = "list"
    limit: Annotated[int, msgspec.Meta(ge=1, le=12)] = 6
    per_row: Literal[2, 3] = 2
    show: list[Literal["image", "price", "quantity"]] = msgspec.field(default_factory=lambda: ["image", "price"])
    button: str = ""
    when_empty: Literal["hide", "skip"] = "hide"


class CouponCode(Block, frozen=True, kw_only=True, tag="coupon"):
    """The person's code, with `label` over it and, if `show_end`, until when it is good. `pool` empty: the coupon that the journey gave last."""

    label: str = ""
    pool: KeyOrNone = ""
    show_end: bool = True


class SocialLink(Part, frozen=True, kw_only=True):
    """Where one is found."""

    network: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    url: str


class Social(Block, frozen=True, kw_only=True, tag="social"):
    """Links to where one is found; none: those of the brand kit."""

    links: Annotated[list[SocialLink], msgspec.Meta(max_length=12)] = []


class Html(Block, frozen=True, kw_only=True, tag="html"):
    """HTML that is put into the row as it is; links in it are counted."""

    html: str


class HeroButton(Part, frozen=True, kw_only=True):
    """What a hero asks one to do."""

    text: str
    href: str


class Hero(Block, frozen=True, kw_only=True, tag="hero"):
    """Words over a wide picture; where pictures are off, over `style.background`."""

    title: str
    text: str = ""
    image: str = ""
    button: HeroButton | None = None
    height: Annotated[int, msgspec.Meta(ge=120, le=600)] = 320


class Note(Block, frozen=True, kw_only=True, tag="note"):
    """Small print; the tags of a text block."""

    html: str


class Snippet(Block, frozen=True, kw_only=True, tag="snippet"):
    """Saved blocks, by their key: what they are when the template is published."""

    key: Key


Simple = Heading | Text | Image | Button | Divider | Spacer | CouponCode | Social | Html | Note


class Column(Part, frozen=True, kw_only=True):
    """Blocks one below the other. `width` in percent of the row, 0: an equal share."""

    blocks: list[Simple]
    width: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0


class Columns(Block, frozen=True, kw_only=True, tag="columns"):
    """Columns beside each other; on a phone one below the other unless `stack` is false."""

    columns: Annotated[list[Column], msgspec.Meta(min_length=1, max_length=MOST_COLUMNS)]
    stack: bool = True


Saved = Simple | Columns | Products | Hero
AnyBlock = Saved | Snippet


class Document(Part, frozen=True, kw_only=True):
    """A whole mail. `service`: about an order or an account, so its footer offers no way to unsubscribe. `frame` false: no header or footer of the brand."""

    version: Literal[1]
    blocks: Annotated[list[AnyBlock], msgspec.Meta(max_length=MOST_BLOCKS)]
    service: bool = False
    frame: bool = True


def read_document(raw: Any, place: str) -> Document:  # noqa: ANN401 -- any JSON
    """Return the typed document; raises `TemplateError` whose field is the place in it, e.g. `languages.en.document.blocks[0].alt`."""
    document: Document = _convert(raw, Document, place)
    ids = [one.id for one in document.blocks] + [
        one.id for block in document.blocks if isinstance(block, Columns) for one in _inside(block)
    ]
    if twice := next((one for one in ids if ids.count(one) > 1), None):
        raise TemplateError(place, f"two blocks have the id {twice!r}", "give each block an id of its own", kind="block_shape")
    return document


def read_saved(raw: Any, place: str) -> list[Saved]:  # noqa: ANN401 -- any JSON
    """Return the typed blocks of a snippet, which holds no other snippets; raises `TemplateError`."""
    blocks: list[Saved] = _convert(raw, list[Saved], place)
    return blocks


def _convert(raw: Any, kind: Any, place: str) -> Any:  # noqa: ANN401 -- any JSON, any type
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$")
        raise TemplateError(
            place + where.rstrip("`"),
            problem[:1].lower() + problem[1:],
            "see the fields of blocks in docs/guide/messages.md",
            kind="block_shape",
        ) from None


def _inside(block: Columns) -> list[Simple]:
    return [one for column in block.columns for one in column.blocks]
