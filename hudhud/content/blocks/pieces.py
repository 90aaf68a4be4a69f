"""Single blocks as MJML, and as the plain HTML of which a text part is made. Each function answers both."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatch
from typing import TYPE_CHECKING

from hudhud.content.blocks.rich import clean
from hudhud.content.blocks.types import Button, CouponCode, Divider, Heading, Html, Image, Note, Social, SocialLink, Spacer, Text
from hudhud.content.blocks.wording import until
from hudhud.content.layout import direction_of
from hudhud.content.rawhtml import escape_text

if TYPE_CHECKING:
    from hudhud.content.blocks.types import Block, Hero, Simple, Style
    from hudhud.content.brand import Brand

PADDING = {"none": "0 24px", "small": "4px 24px", "medium": "10px 24px", "large": "26px 24px"}
CLASS_OF = {"text": "hd-text", "heading": "hd-heading", "muted": "hd-muted", "accent": "hd-accent"}
# Looks like Liquid, so that MJML does not see into it; no author can write it, as there is no such name.
RAW = "{{{{ hudhud_raw_{} }}}}"
SIZES = {1: ("25px", "1.3"), 2: ("20px", "1.35"), 3: ("17px", "1.4")}


@dataclass(slots=True)
class Setting:
    """Where a block stands: language, brand, whether its row has a ground of its own.

    `left_out` gathers tags that text blocks could not hold, `raw` the HTML of html blocks, which MJML never sees: `RAW` stands for it.
    """

    language: str
    brand: Brand
    is_own_ground: bool = False
    left_out: dict[str, set[str]] = field(default_factory=dict)
    raw: list[str] = field(default_factory=list)

    def colour(self, name: str) -> str:
        """Return a colour as `#rrggbb`."""
        return self.brand.colours.get(name)

    def align(self, style: Style, usual: str = "start") -> str:
        """Return left, center or right."""
        is_right = (direction_of(self.language) == "rtl") == ((style.align or usual) == "start")
        return "center" if (style.align or usual) == "center" else "right" if is_right else "left"

    def css_class(self, colour: str, usual: str) -> str:
        """Return the class by which a dark screen recolours a text: none on a ground of its own, that of the usual colour where it has its own."""
        return "hd-own" if self.is_own_ground else CLASS_OF.get(colour or usual, CLASS_OF[usual])


@dataclass(frozen=True, slots=True)
class Piece:
    """A block as MJML, and as plain HTML (headings, paragraphs, links) for the text part."""

    mjml: str
    plain: str = ""


def attributes(**values: str) -> str:
    """Write attributes; those that are empty are left out. Values may hold Liquid."""
    return "".join(f' {name.strip("_").replace("_", "-")}="{escape_text(value)}"' for name, value in values.items() if value)


def _look(block: Block, at: Setting, usual: str) -> str:
    style = block.style
    return attributes(
        color=at.colour(style.color) if style.color else "",
        css_class=at.css_class(style.color, usual),
        align=at.align(style) if style.align else "",
        padding=PADDING.get(style.padding, ""),
    )


@singledispatch
def write(block: Simple, at: Setting) -> Piece:
    """Write a block that stands in a column."""
    message = f"no way to write {type(block).__name__}"
    raise NotImplementedError(message)


@write.register
def _(block: Heading, at: Setting) -> Piece:
    size, height = SIZES[block.level]
    text, tag = escape_text(block.text), f"h{block.level}"
    style = f"margin:0;font-size:{size};line-height:{height};font-weight:700"
    kind = ' mj-class="title"' if block.level == 1 else f' font-size="{size}" line-height="{height}"'
    colour = "" if block.style.color else attributes(color=at.colour("heading"))
    padding = "" if block.style.padding or block.level == 1 else ' padding="16px 24px 4px"'
    mjml = f'<mj-text{kind}{colour}{padding}{_look(block, at, "heading")}><{tag} style="{style}">{text}</{tag}></mj-text>'
    return Piece(mjml, f"<{tag}>{text}</{tag}>")


@write.register
def _(block: Text, at: Setting) -> Piece:
    return _rich(
        block,
        block.html,
        at,
        {"small": ' mj-class="muted"', "lead": ' mj-class="lead"'}.get(block.size, ""),
        "muted" if block.size == "small" else "text",
    )


@write.register
def _(block: Note, at: Setting) -> Piece:
    return _rich(block, block.html, at, ' mj-class="muted"', "muted")


def _rich(block: Block, source: str, at: Setting, kind: str, usual: str) -> Piece:
    body, left_out = clean(source)
    if left_out:
        at.left_out[block.id] = left_out
    return Piece(f"<mj-text{kind}{_look(block, at, usual)}>{body}</mj-text>", f"<p>{body}</p>")


@write.register
def _(block: Image, at: Setting) -> Piece:
    style = block.style
    mjml = "<mj-image" + attributes(
        src=block.src,
        href=block.href,
        width=f"{block.width}px" if block.width else "",
        align=at.align(style, "center"),
        border_radius="" if block.rounded else "0",
        padding=PADDING.get(style.padding, ""),
    )
    alt = escape_text(block.alt)
    shown = f'<img alt="{alt}">' if block.alt.strip() else ""
    linked = f'<a href="{escape_text(block.href)}">{shown}</a>' if block.href else shown
    return Piece(f'{mjml} alt="{alt}" />', f"<p>{linked}</p>")


@write.register
def _(block: Button, at: Setting) -> Piece:
    style = block.style
    ground, colour = style.background, style.color
    mjml = "<mj-button" + attributes(
        href=block.href,
        background_color=at.colour(ground) if ground else "",
        color=at.colour(colour) if colour else "",
        css_class="hd-own" if at.is_own_ground or ground or colour else "hd-button",
        width="100%" if block.full_width else "",
        align=at.align(style) if style.align else "",
        padding=PADDING.get(style.padding, ""),
    )
    text = escape_text(block.text)
    return Piece(f"{mjml}>{text}</mj-button>", f'<p><a href="{escape_text(block.href)}">{text}</a></p>')


@write.register
def _(block: Divider, at: Setting) -> Piece:
    own = attributes(border_color=at.colour(block.style.color) if block.style.color else "")
    known = attributes(
        css_class="hd-own" if block.style.color or at.is_own_ground else "hd-line", padding=PADDING.get(block.style.padding, "")
    )
    return Piece(f"<mj-divider{own}{known} />", "<p>--</p>")


@write.register
def _(block: Spacer, at: Setting) -> Piece:  # noqa: ARG001 -- every block is written in a setting
    return Piece(f'<mj-spacer height="{block.height}px" />')


@write.register
def _(block: CouponCode, at: Setting) -> Piece:
    root = f"coupon.{block.pool}" if block.pool else "coupon"
    label, code, end = escape_text(block.label), "{{ " + root + ".code }}", until(at.language, f"{root}.expires_on")
    style = (
        f"display:inline-block;border:2px dashed {at.colour(block.style.color or 'accent')};border-radius:{at.brand.radius}px;"
        "padding:10px 22px;font-size:22px;line-height:1.3;font-weight:700;letter-spacing:2px"
    )
    parts = [f"{label}<br />" if label else "", f'<span dir="ltr" style="{style}">{code}</span>']
    if block.show_end:
        parts.append(f'{{% if {root}.expires_on %}}<br /><span style="font-size:13px">{end}</span>{{% endif %}}')
    aligned = attributes(
        align=at.align(block.style, "center"),
        css_class=at.css_class(block.style.color, "text"),
        padding=PADDING.get(block.style.padding, "12px 24px"),
    )
    plain = f"<p>{label} {code}</p>" + (f"{{% if {root}.expires_on %}}<p>{end}</p>{{% endif %}}" if block.show_end else "")
    return Piece(f"<mj-text{aligned}>{''.join(parts)}</mj-text>", plain)


@write.register
def _(block: Social, at: Setting) -> Piece:
    links = block.links or [SocialLink(network=one.network, url=one.url) for one in at.brand.social]
    shown = [f'<a href="{escape_text(one.url)}">{escape_text(one.network)}</a>' for one in links]
    if not shown:
        return Piece("")
    body = " &#183; ".join(shown)
    aligned = attributes(
        align=at.align(block.style, "center"), css_class=at.css_class("", "text"), padding=PADDING.get(block.style.padding, "")
    )
    return Piece(f"<mj-text{aligned}>{body}</mj-text>", "".join(f"<p>{one}</p>" for one in shown))


@write.register
def _(block: Html, at: Setting) -> Piece:
    padding = attributes(padding=PADDING.get(block.style.padding, ""), css_class=at.css_class("", "text"))
    at.raw.append(block.html)
    return Piece(f"<mj-text{padding}>{RAW.format(len(at.raw) - 1)}</mj-text>", f"<div>{block.html}</div>")


def write_hero(block: Hero, at: Setting) -> Piece:
    """Write words over a picture, or over a ground where there is none."""
    style, at = block.style, Setting(at.language, at.brand, is_own_ground=True)
    ground, colour = at.colour(style.background or "accent"), at.colour(style.color or "on_accent")
    align = at.align(style, "center")
    title, text = escape_text(block.title), escape_text(block.text)
    words = attributes(color=colour, align=align, css_class="hd-own")
    heading = f'<mj-text{words} padding="12px 24px 6px"><h1 style="margin:0;font-size:30px;line-height:1.25;font-weight:700">{title}</h1></mj-text>'
    body = heading + (f'<mj-text{words} font-size="18px">{text}</mj-text>' if text else "")
    plain = f"<h1>{title}</h1><p>{text}</p>"
    if block.button:
        href, label = escape_text(block.button.href), escape_text(block.button.text)
        # The colours of the ground the other way round.
        body += (
            f'<mj-button href="{href}" background-color="{colour}" color="{ground}" align="{align}" css-class="hd-own">{label}</mj-button>'
        )
        plain += f'<p><a href="{href}">{label}</a></p>'
    if not block.image:
        return Piece(
            f'<mj-section background-color="{ground}" padding="32px 8px" css-class="hd-own"><mj-column>{body}</mj-column></mj-section>',
            plain,
        )
    frame = attributes(
        mode="fixed-height",
        height=f"{block.height}px",
        background_height=f"{block.height}px",
        background_width="600px",
        background_url=block.image,
        background_color=ground,
        background_position="center center",
        vertical_align="middle",
        css_class="hd-own",
    )
    return Piece(f"<mj-hero{frame}>{body}</mj-hero>", plain)
