"""The look that all mails share: a fragment is put into `ready/layout.mjml`; direction and alignment follow the language."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from importlib import resources

from hudhud.content.types import RIGHT_TO_LEFT

HEAD = re.compile(r"<mj-head\b[^>]*>", re.IGNORECASE)
ROOT = re.compile(r"<mjml\b[^>]*>", re.IGNORECASE)
CONTENT = "<!-- content -->"
# A fragment that begins with this is about an order or an account: it comes whatever one has subscribed to, so its footer offers no way out.
SERVICE = "<!-- service -->"
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
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


@lru_cache(maxsize=2)
def _layout(*, is_service: bool) -> str:
    lines = resources.files("hudhud.content.ready").joinpath("layout.mjml").read_text("utf-8").splitlines(keepends=True)
    if is_service:
        lines = [line.replace("[[why]]", "[[service]]") for line in lines if "unsubscribe_url" not in line]
    return "".join(lines)


def _alignment(language: str) -> str:
    """Defaults that every element gets unless its author says otherwise (mrml itself aligns left in any language)."""
    direction, side = direction_of(language), "right" if language in RIGHT_TO_LEFT else "left"
    turned = "".join(f'<mj-{name} direction="{direction}" />' for name in ("section", "wrapper", "group", "column", "hero"))
    aligned = "".join(f'<mj-{name} align="{side}" />' for name in ("text", "table", "button", "accordion-title", "accordion-text"))
    return f"<mj-attributes>{turned}{aligned}</mj-attributes>"


def into_document(source: str, language: str, preheader: str) -> str:
    """Make a whole MJML document of a fragment or a document: language, direction, alignment, preheader."""
    is_document = ROOT.search(source) is not None
    document = source if is_document else _layout(is_service=source.lstrip().startswith(SERVICE)).replace(CONTENT, source)
    words = FOOTER.get(language, FOOTER["en"])
    if not is_document:
        for name, text in words.items():
            document = document.replace(f"[[{name}]]", html.escape(text))
    document = ROOT.sub(f'<mjml lang="{language}" dir="{direction_of(language)}">', document, count=1)
    head = _alignment(language) + (f"<mj-preview>{preheader}</mj-preview>" if preheader else "")
    if HEAD.search(document):
        return HEAD.sub(lambda found: found[0] + head, document, count=1)
    return ROOT.sub(lambda found: f"{found[0]}<mj-head>{head}</mj-head>", document, count=1)
