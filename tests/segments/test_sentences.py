from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given, settings

from hudhud.segments.sentences import LANGUAGES, describe
from hudhud.segments.types import from_json
from tests.segments.worlds import trees

SILENT = {
    "kind": "and",
    "of": [
        {
            "kind": "event",
            "name": "Order Completed",
            "count": {"op": "at_least", "value": 2},
            "where": [{"property": "total", "op": "more_than", "value": 50}],
        },
        {"kind": "not", "of": {"kind": "event", "name": "Order Completed", "window": {"kind": "last", "amount": 60, "unit": "days"}}},
        {
            "kind": "or",
            "of": [
                {"kind": "attribute", "name": "city", "op": "is_not", "value": "Tartu"},
                {"kind": "consent", "topic": "newsletter", "state": "subscribed"},
                {"kind": "segment", "segment_id": 7, "member": False},
            ],
        },
    ],
}
EXPECTED = {
    "en": "People who did “Order Completed” (where total is more than 50) at least 2 times and who did not do “Order Completed” in the last 60 days"
    " and (whose city is not “Tartu” or who are subscribed to “newsletter” (e-mail) or who are not in the segment “VIP”)",
    "et": "Inimesed, kellel on toimunud „Order Completed“ (kus total on suurem kui 50) vähemalt 2 korda ja kellel ei ole toimunud"
    " „Order Completed“ viimase 60 päeva jooksul ja (kelle city ei ole „Tartu“ või kes on tellinud „newsletter“ (e-post)"
    " või kes ei ole segmendis „VIP“)",
    "fa": "افرادی که «Order Completed» (که total بیشتر از ۵۰ است) را دست‌کم ۲ بار انجام داده‌اند و «Order Completed» را در ۶۰ روز گذشته"
    " انجام نداده‌اند و (city برابر «Tartu» نیست یا مشترک «newsletter» (ایمیل) هستند یا در بخش «VIP» نیستند)",
    "ar": "الأشخاص الذين قاموا بالحدث «Order Completed» (حيث total أكبر من ٥٠) مرتين على الأقل ولم يقوموا بالحدث «Order Completed»"
    " خلال آخر ٦٠ يومًا و(لديهم city لا يساوي «Tartu» أو اشتركوا في «newsletter» (البريد الإلكتروني) أو لا ينتمون إلى الشريحة «VIP»)",
}


@pytest.mark.parametrize("language", sorted(EXPECTED))
def test_a_tree_reads_as_a_sentence(language: str) -> None:
    assert describe(from_json(SILENT), language, {7: "VIP"}) == EXPECTED[language]


def test_few_and_many_and_nothing() -> None:
    def days(amount: int) -> str:
        return describe(from_json({"kind": "event", "name": "x", "window": {"kind": "last", "amount": amount}}), "ar")

    assert [days(n).rpartition("آخر ")[2] for n in (1, 2, 7, 30, 103)] == ["يوم", "يومين", "٧ أيام", "٣٠ يومًا", "١٠٣ أيام"]
    assert describe(from_json({"kind": "and", "of": []}), "et") == "Kõik inimesed"
    assert describe(from_json({"kind": "event", "name": "x", "count": {"op": "exactly", "value": 0}}), "tlh") == "People who did not do “x”"


def test_opposites_read_as_such() -> None:
    def never(count: dict[str, Any]) -> str:
        return describe(from_json({"kind": "not", "of": {"kind": "event", "name": "x", "count": count}}), "en").removeprefix("People who ")

    assert never({"op": "at_most", "value": 0}) == "did “x”"
    assert never({"op": "exactly", "value": 0}) == "did “x”"
    assert never({"op": "at_least", "value": 1}) == "did not do “x”"
    assert never({"op": "at_least", "value": 3}) == "did not do “x” at least 3 times"
    assert never({"op": "at_most", "value": 2}) == "did not do “x” at most 2 times"
    assert never({"op": "exactly", "value": 1}) == "did not do “x” exactly once"


def shape(words: object) -> object:
    """What a table has, with the names of its gaps."""
    if isinstance(words, dict):
        return {key: shape(value) for key, value in words.items()}
    if isinstance(words, list):
        return [shape(value) for value in words]
    return {name for _, name, _, _ in string.Formatter().parse(str(words)) if name}


def test_every_language_says_the_same_things() -> None:
    for table in LANGUAGES.values():
        assert shape(table) == shape(LANGUAGES["en"])


@given(tree=trees())
@settings(max_examples=100, deadline=None)
def test_every_tree_has_a_sentence_in_every_language(tree: dict[str, Any]) -> None:
    for language in LANGUAGES:
        sentence = describe(from_json(tree), language)
        assert sentence
        assert sentence == sentence.strip()
