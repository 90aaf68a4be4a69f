"""The pages behind the links in a mail's footer: plain HTML, no script, four languages."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS = {
    "en": {
        "title": "Unsubscribe",
        "ask": "Stop mails about “{topic}” from {workspace}?",
        "button": "Unsubscribe",
        "done": "Done. You will get no more mails about “{topic}”.",
        "choose": "Choose what you receive",
        "save": "Save",
        "saved": "Saved.",
        "which": "What would you like to receive from {workspace}?",
        "missing": "This link is not valid (any more).",
    },
    "et": {
        "title": "Loobumine",
        "ask": "Kas lõpetada kirjad teemal „{topic}“ saatjalt {workspace}?",
        "button": "Loobun",
        "done": "Valmis. Sa ei saa enam kirju teemal „{topic}“.",
        "choose": "Vali, mida soovid saada",
        "save": "Salvesta",
        "saved": "Salvestatud.",
        "which": "Mida sooviksid saada saatjalt {workspace}?",
        "missing": "See link ei kehti (enam).",
    },
    "fa": {
        "title": "لغو اشتراک",
        "ask": "نامه‌های «{topic}» از {workspace} متوقف شود؟",
        "button": "لغو اشتراک",
        "done": "انجام شد. دیگر نامه‌ای دربارهٔ «{topic}» نمی‌گیرید.",
        "choose": "انتخاب موضوع‌های دلخواه",
        "save": "ذخیره",
        "saved": "ذخیره شد.",
        "which": "از {workspace} چه نامه‌هایی می‌خواهید؟",
        "missing": "این پیوند معتبر نیست.",
    },
    "ar": {
        "title": "إلغاء الاشتراك",
        "ask": "هل تريد إيقاف رسائل «{topic}» من {workspace}؟",
        "button": "إلغاء الاشتراك",
        "done": "تم. لن تصلك رسائل أخرى حول «{topic}».",
        "choose": "اختر ما يصلك",
        "save": "حفظ",
        "saved": "تم الحفظ.",
        "which": "ماذا تحب أن يصلك من {workspace}؟",
        "missing": "هذا الرابط غير صالح.",
    },
}
STYLE = (
    "body{font:17px/1.6 system-ui,'Segoe UI',Vazirmatn,Tahoma,sans-serif;background:#f4f1ec;color:#2b2622;margin:0;padding:8vh 16px}"
    "main{max-width:30rem;margin:auto;background:#fff;border-radius:14px;padding:28px}h1{font-size:1.4rem;margin-top:0}"
    "button{font:inherit;font-weight:600;color:#fff;background:#b4531f;border:0;border-radius:8px;padding:12px 22px;cursor:pointer}"
    "button:focus-visible,a:focus-visible,input:focus-visible{outline:3px solid #2b2622;outline-offset:2px}a{color:#9a4416}label{display:block;padding:6px 0}"
    "@media (prefers-color-scheme:dark){body{background:#1f1a16;color:#efe8df}main{background:#2b2521}a{color:#f0a775}}"
)


def language_of(wanted: str | None) -> str:
    """A language that the pages speak."""
    short = (wanted or "").partition("-")[0]
    return short if short in WORDS else "en"


def name_in(names: dict[str, str], language: str) -> str:
    """A topic's name in a language, or in one that it has."""
    return names.get(language) or names.get("en") or next(iter(names.values()))


def _page(language: str, title: str, body: str) -> str:
    direction = "rtl" if language in ("fa", "ar") else "ltr"
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>'
    )


def ask(language: str, workspace: str, topic: str, token: str) -> str:
    """One button; opening the page changes nothing."""
    words = WORDS[language]
    question = escape(words["ask"].format(topic=topic, workspace=workspace))
    body = (
        f'<h1>{words["title"]}</h1><p>{question}</p><form method="post" action="/u/{escape(token)}"><button name="unsubscribe" value="1">{words["button"]}</button></form>'
        f'<p><a href="/u/{escape(token)}/preferences">{words["choose"]}</a></p>'
    )
    return _page(language, words["title"], body)


def done(language: str, topic: str, token: str) -> str:
    """The word was kept."""
    words = WORDS[language]
    text = escape(words["done"].format(topic=topic))
    return _page(
        language,
        words["title"],
        f'<h1>{words["title"]}</h1><p role="status">{text}</p><p><a href="/u/{escape(token)}/preferences">{words["choose"]}</a></p>',
    )


def preferences(language: str, workspace: str, choices: Sequence[dict[str, Any]], token: str, *, saved: bool) -> str:
    """A box for each topic."""
    words = WORDS[language]
    boxes = "".join(
        f'<label><input type="checkbox" name="topic" value="{escape(one["key"])}"{" checked" if one["state"] == "subscribed" else ""}> {escape(name_in(one["names"], language))}</label>'
        for one in choices
    )
    told = f'<p role="status">{words["saved"]}</p>' if saved else ""
    question = escape(words["which"].format(workspace=workspace))
    body = (
        f'<h1>{words["choose"]}</h1>{told}<form method="post" action="/u/{escape(token)}/preferences"><fieldset style="border:0;padding:0"><legend>{question}</legend>{boxes}'
        f'</fieldset><p><button name="save" value="1">{words["save"]}</button></p></form>'
    )
    return _page(language, words["choose"], body)


def missing(language: str) -> str:
    """No such link."""
    return _page(language, "404", f"<h1>404</h1><p>{WORDS[language]['missing']}</p>")
