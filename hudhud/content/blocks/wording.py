"""Words that blocks bring themselves, by language."""

from __future__ import annotations

WORDS = {
    "en": {"quantity": "Quantity: {}", "until": 'Good up to and including {{ PATH | date: "%-d %B %Y" }}'},
    "et": {"quantity": "Kogus: {}", "until": 'Kehtib kuni {{ PATH | date: "%d.%m.%Y" }} (kaasa arvatud)'},
    "fa": {"quantity": "تعداد: {}", "until": "اعتبار تا پایان {{ PATH | jdate }}"},
    "ar": {"quantity": "الكمية: {}", "until": 'صالح حتى نهاية {{ PATH | date: "%Y/%m/%d" | digits }}'},
}


def word(language: str, name: str) -> str:
    """Return a word in a language, or in English."""
    return WORDS.get(language, WORDS.get(language.partition("-")[0], WORDS["en"]))[name]


def until(language: str, path: str) -> str:
    """Return the words that say until when something is good; `path` is where the day stands."""
    return word(language, "until").replace("PATH", path)


def quantity(language: str, path: str) -> str:
    """Return the words that say how many; `path` is where the number stands."""
    return word(language, "quantity").replace("{}", "{{ " + path + " | digits }}")
