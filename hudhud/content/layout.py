"""The look that all mails share: a fragment is put into `ready/layout.mjml`; direction and alignment follow the language, colours the brand kit."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from importlib import resources

from hudhud.content.brand import FONTS, PLAIN, Brand, Look
from hudhud.content.types import RIGHT_TO_LEFT

HEAD = re.compile(r"<mj-head\b[^>]*>", re.IGNORECASE)
ROOT = re.compile(r"<mjml\b[^>]*>", re.IGNORECASE)
FRAME = re.compile(r"\s*<!-- frame -->.*?<!-- /frame -->", re.DOTALL)
SLOT = re.compile(r"\[\[(\w+)\]\]")
CONTENT = "<!-- content -->"
# A fragment that begins with this is about an order or an account: it comes whatever one has subscribed to, so its footer offers no way out.
SERVICE = "<!-- service -->"
# A fragment that begins with this stands alone: no header and no footer.
BARE = "<!-- bare -->"
FOOTER = {
    "en": {
        "why": "You receive this mail because you agreed to it.",
        "service": "This mail is about what you ordered or asked us for.",
        "unsubscribe": "Unsubscribe",
        "preferences": "Choose what you receive",
    },
    "et": {
        "why": "Saad selle kirja, sest oled selleks nõusoleku andnud.",
        "service": "See kiri puudutab seda, mille tellisid või mida meilt palusid.",
        "unsubscribe": "Loobun kirjadest",
        "preferences": "Valin, mida soovin saada",
    },
    "fa": {
        "why": "این نامه را دریافت می‌کنید چون با آن موافقت کرده‌اید.",
        "service": "این نامه دربارهٔ چیزی است که سفارش داده یا از ما خواسته‌اید.",
        "unsubscribe": "لغو اشتراک",
        "preferences": "انتخاب موضوع‌های دلخواه",
    },
    "ar": {
        "why": "تصلك هذه الرسالة لأنك وافقت على استلامها.",
        "service": "هذه الرسالة عمّا طلبته منا.",
        "unsubscribe": "إلغاء الاشتراك",
        "preferences": "اختيار ما يصلك",
    },
}


def direction_of(language: str) -> str:
    """`rtl` or `ltr`."""
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def side_of(language: str) -> str:
    """Where lines begin: `right` or `left`."""
    return "right" if direction_of(language) == "rtl" else "left"


def words_of(language: str) -> dict[str, str]:
    """Return the footer's words in a language, or in English."""
    return FOOTER.get(language, FOOTER.get(language.partition("-")[0], FOOTER["en"]))


@lru_cache(maxsize=4)
def _layout(*, is_service: bool, is_bare: bool) -> str:
    lines = resources.files("hudhud.content.ready").joinpath("layout.mjml").read_text("utf-8").splitlines(keepends=True)
    if is_service:
        lines = [line.replace("[[why]]", "[[service]]") for line in lines if "unsubscribe_url" not in line]
    text = "".join(lines)
    return FRAME.sub("", text) if is_bare else text


def _alignment(language: str) -> str:
    """Defaults that every element gets unless its author says otherwise (mrml itself aligns left in any language)."""
    direction, side = direction_of(language), side_of(language)
    turned = "".join(f'<mj-{name} direction="{direction}" />' for name in ("section", "wrapper", "group", "column", "hero"))
    aligned = "".join(f'<mj-{name} align="{side}" />' for name in ("text", "table", "button", "accordion-title", "accordion-text"))
    return f"<mj-attributes>{turned}{aligned}</mj-attributes>"


def into_document(source: str, language: str, preheader: str, look: Look = PLAIN) -> str:
    """Make a whole MJML document of a fragment or a document: language, direction, alignment, preheader, and the brand round a fragment."""
    document = source if ROOT.search(source) is not None else _dress(source, language, look.brand)
    document = ROOT.sub(f'<mjml lang="{language}" dir="{direction_of(language)}">', document, count=1)
    head = _alignment(language) + (f"<mj-preview>{preheader}</mj-preview>" if preheader else "")
    if HEAD.search(document):
        return HEAD.sub(lambda found: found[0] + head, document, count=1)
    return ROOT.sub(lambda found: f"{found[0]}<mj-head>{head}</mj-head>", document, count=1)


def frame_of(source: str, language: str, look: Look) -> str:
    """Return what is put round a source: nothing round a whole document."""
    if ROOT.search(source) is not None:
        return ""
    start = source.lstrip()
    return _dress(next((mark for mark in (SERVICE, BARE) if start.startswith(mark)), ""), language, look.brand)


def _dress(source: str, language: str, brand: Brand) -> str:
    """Put a fragment into the layout, and the brand into its slots."""
    start = source.lstrip()
    layout = _layout(is_service=start.startswith(SERVICE), is_bare=start.startswith(BARE))
    colours = {name: brand.colours.get(name) for name in brand.colours.__struct_fields__}
    slots = {
        **colours,
        **{name: html.escape(text) for name, text in words_of(language).items()},
        "font": FONTS[brand.font],
        "radius": str(brand.radius),
        "dark": dark_style(brand),
        "head": _head(brand, language),
        "own": _own(brand, language),
    }
    return SLOT.sub(lambda found: slots[found[1]], layout).replace(CONTENT, source)


def _head(brand: Brand, language: str) -> str:
    """Return what stands over every mail: the logo, else the workspace's name."""
    logo = brand.logo
    if logo is None:
        return f'<mj-text css-class="hd-accent" font-size="19px" font-weight="700" color="{brand.colours.accent}" padding="0 24px">{{{{ workspace.name }}}}</mj-text>'
    link = f' href="{html.escape(logo.href)}"' if logo.href else ""
    return f'<mj-image src="{html.escape(logo.src)}" alt="{html.escape(logo.alt)}" width="{logo.width}px" align="{side_of(language)}"{link} border-radius="0" padding="0 24px" />'


def _own(brand: Brand, language: str) -> str:
    return "".join(f'<mj-text mj-class="muted" padding="4px 24px">{line}</mj-text>' for line in own_lines(brand, language))


def own_lines(brand: Brand, language: str) -> list[str]:
    """Return the brand's own lines of the footer as HTML: links to where it is found, and its words."""
    words = brand.footer.get(language) or brand.footer.get(language.partition("-")[0], "")
    places = " &#183; ".join(
        f'<a class="hudhud-quiet" href="{html.escape(one.url)}">{html.escape(one.network)}</a>' for one in brand.social
    )
    return [line for line in (places, html.escape(words).replace("\n", "<br />")) if line]


def dark_style(brand: Brand) -> str:
    """Return the style of a dark screen: each place in the brand's dark colours. Blocks with colours of their own have no such places."""
    dark = brand.dark
    grounds = "".join(
        f".hd-{name}, .hd-{name} > table {{ background: {dark.get(name)} !important; background-color: {dark.get(name)} !important; }} "
        for name in ("surface", "panel", "background")
    )
    texts = "".join(
        f".hd-{name}, .hd-{name} div, .hd-{name} td {{ color: {dark.get(name)} !important; }} "
        for name in ("text", "heading", "muted", "accent")
    )
    return (
        ":root { color-scheme: light dark; supported-color-schemes: light dark; } @media (prefers-color-scheme: dark) { "
        f"body, body > div {{ background-color: {dark.background} !important; }} {grounds}{texts}"
        f".hd-text a, .hd-heading a, .hd-muted a, .hd-accent a {{ color: {dark.accent} !important; }} .hd-muted a.hudhud-quiet {{ color: {dark.muted} !important; }} "
        f".hd-button td, .hd-button a {{ background: {dark.accent} !important; color: {dark.on_accent} !important; }} "
        f".hd-line p {{ border-top-color: {dark.line} !important; }} }}"
    )
