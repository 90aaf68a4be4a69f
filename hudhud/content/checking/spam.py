"""Words by which filters, and readers, know mails that promise too much. A short list: filters look at senders much more than at words."""

from __future__ import annotations

import re

PHRASES = {
    "en": (
        "100% free", "act now", "cash bonus", "click here", "congratulations you", "earn money", "double your", "extra income", "free money", "guaranteed",
        "limited time only", "make money", "no obligation", "once in a lifetime", "risk free", "risk-free", "this is not spam", "urgent", "winner", "you have been selected",
    ),
    "et": (
        "100% tasuta", "ainult täna", "garanteeritud", "kiire raha", "kliki siia", "lisasissetulek", "oled võitnud", "palju õnne, oled", "raha tagasi garantii", "teeni raha",
        "tegutse kohe", "viimane võimalus",
    ),
    "fa": (
        "اینجا کلیک کنید", "برنده شدید", "برندهٔ خوش‌شانس", "بدون ریسک", "پول رایگان", "تضمینی", "درآمد اضافی", "فقط امروز", "فرصت آخر", "فوری", "کسب درآمد", "۱۰۰٪ رایگان",
    ),
    "ar": (
        "اضغط هنا", "اربح المال", "الفرصة الأخيرة", "بدون مخاطر", "تصرف الآن", "دخل إضافي", "عاجل", "لقد ربحت", "مال مجاني", "مجاني 100%", "مضمون", "اليوم فقط",
    ),
}  # fmt: skip
PATTERNS = {
    language: re.compile(rf"(?<!\w)({'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE) for language, words in PHRASES.items()
}


def find_phrases(text: str, language: str) -> list[str]:
    """Return the phrases of the list that stand in a text, each once; those of English are looked for in every language."""
    own = PATTERNS.get(language.partition("-")[0])
    patterns = [PATTERNS["en"]] if own is None or own is PATTERNS["en"] else [own, PATTERNS["en"]]
    return list(dict.fromkeys(found.lower() for pattern in patterns for found in pattern.findall(text)))
