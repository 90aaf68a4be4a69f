"""The text form of conditions: read back it is the same tree, and what is wrong is named by line and column."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from hudhud.segments.conditions.nodes import Leaf
from hudhud.segments.text.form import from_text, to_text
from hudhud.segments.text.leaves import WRITE, write_plain
from hudhud.segments.text.tokens import BadText
from hudhud.segments.types import canonical, from_json
from tests.segments.worlds import trees

GUIDE = Path(__file__).parents[2] / "docs/guide/segments.md"
DID = {"kind": "event", "name": "Order Completed"}
CITY = {"kind": "attribute", "name": "city", "op": "is", "value": "Tartu"}
SAID: list[tuple[dict[str, Any], str]] = [
    (DID, 'did "Order Completed"'),
    ({"kind": "not", "of": {**DID, "window": {"kind": "last", "amount": 1}}}, 'did not "Order Completed" in last 1 day'),
    (
        {**DID, "count": {"op": "exactly", "value": 2}, "where": [{"property": "cart.total", "op": "at_least", "value": 5.0}]},
        'did "Order Completed" exactly 2 times where cart.total at least 5.0',
    ),
    (
        {
            "kind": "sequence",
            "steps": [{"name": "A", "where": [{"property": "x", "op": "is_set"}]}, {"name": "B"}, {"name": "C"}],
            "within": {"amount": 7, "after": "first"},
            "without": {"name": "D"},
        },
        'did "A" where x is set then "B" then "C" within 7 days of the first without "D"',
    ),
    (
        {"kind": "amount", "take": "sum", "property": "total", "name": "Order Completed", "op": "more_than", "value": 100},
        'sum of total over "Order Completed" more than 100',
    ),
    ({"kind": "message", "did": "opened", "template": "نوروز"}, "message opened template نوروز"),
    ({"kind": "journey", "journey": "welcome", "did": "reached_goal"}, "journey welcome reached_goal"),
    ({"kind": "date", "name": "born", "op": "in", "days": 7, "yearly": True}, "date born in 7 days every year"),
    ({"kind": "date", "name": "ends", "op": "more_than_in", "days": 7}, "date ends more than 7 days ahead"),
    ({"kind": "place", "countries": ["EE", "LV"], "cities": ["Tartu"]}, 'place in country ("EE", "LV"), city ("Tartu")'),
    (
        {"kind": "place", "outside": True, "near": {"latitude": -17.5, "longitude": 179.99, "km": 50}},
        "place outside 50 km around (-17.5, 179.99)",
    ),
    ({"kind": "company"}, "in company"),
    (
        {
            "kind": "not",
            "of": {"kind": "company", "where": [{"property": "@key", "op": "is", "value": "acme"}, {"property": "plan", "op": "is_set"}]},
        },
        'not in company where @key is "acme", plan is set',
    ),
    ({"kind": "share", "percent": 12.5, "salt": "spring sale"}, 'share 12.5 % by lot "spring sale"'),
    ({"kind": "consent", "topic": "news", "channel": "sms", "state": "unsubscribed"}, "unsubscribed from news by sms"),
    ({"kind": "not", "of": {"kind": "segment", "segment_id": 7, "member": False}}, "not outside segment 7"),
    ({"kind": "and", "of": []}, "everybody"),
    ({"kind": "or", "of": [CITY]}, 'any (city is "Tartu")'),
    ({"kind": "attribute", "name": "not", "op": "one_of", "value": ["a", 1, True]}, '"not" one of ("a", 1, true)'),
    ({"kind": "attribute", "name": "tags", "op": "has_any", "value": ["vip", 7]}, 'tags has any of ("vip", 7)'),
    ({"kind": "attribute", "name": "has", "op": "has_none", "value": ["a"]}, '"has" has none of ("a")'),
    (
        {"kind": "and", "of": [CITY, {"kind": "or", "of": [CITY, DID]}, {"kind": "and", "of": [DID, CITY]}]},
        'city is "Tartu"\nand (city is "Tartu" or did "Order Completed")\nand (did "Order Completed" and city is "Tartu")',
    ),
]


@pytest.mark.parametrize(("tree", "text"), SAID, ids=range(len(SAID)))
def test_a_condition_is_written_as_people_read_it(tree: dict[str, Any], text: str) -> None:
    assert to_text(from_json(tree)) == text
    assert from_text(text) == from_json(tree)


@given(tree=trees())
@settings(max_examples=300, deadline=None)
def test_what_was_written_reads_as_the_same_tree(tree: dict[str, Any]) -> None:
    made = from_json(tree)
    text = to_text(made)
    assert canonical(from_text(text)) == canonical(made)
    assert to_text(from_text(text)) == text
    assert canonical(from_text(text.replace("\n", "   # a remark\n\n"))) == canonical(made)


def test_a_long_group_stands_on_lines_of_its_own() -> None:
    cities = {"kind": "or", "of": [{**CITY, "value": "Tartu" * 5}] * 4}
    text = to_text(from_json({"kind": "and", "of": [DID, {"kind": "and", "of": [DID, cities]}]}))
    city = f'city is "{"Tartu" * 5}"'
    did = 'did "Order Completed"'
    assert text.splitlines() == [did, "and (", f"  {did}", "  and (", f"    {city}", *[f"    or {city}"] * 3, "  )", ")"]
    assert to_text(from_text(text)) == text


def test_signs_and_capitals_are_understood() -> None:
    assert from_text('age >= 18 AND Not city != "Tartu"') == from_text('age at least 18 and not city is not "Tartu"')


def test_every_leaf_has_words_or_is_json() -> None:
    plain = write_plain(from_json(CITY))  # type: ignore[arg-type]
    assert plain == 'attribute {"name": "city", "op": "is", "value": "Tartu"}'
    assert from_text(plain) == from_json(CITY)
    assert set(WRITE) <= set(Leaf.__args__)


WRONG = [
    ("", (1, 1), "a condition"),
    ('did "Order Completed" and', (1, 26), "a condition"),
    ('did "Order Completed"\n  in last week', (2, 11), "whole number"),
    ('city is "Tartu"\nand did "A" or did "B"', (2, 13), "brackets"),
    ("city is Tartu", (1, 9), '"Tartu"'),
    ('city resembles "Tartu"', (1, 6), "starts with"),
    ('city is "Tartu', (1, 9), '\\"'),
    ("(city is set", (1, 13), ")"),
    ("city is set)", (1, 12), "`and`"),
    ('did "A" at least 2 times then "B"', (1, 26), "not counted"),
    ('city is set and\n  did "A" in last 0 days', (2, 3), "36500 days"),
    ('did "A" since entry', (1, 1), "last"),
    ('place in city ("a"), city ("b")', (1, 22), "once"),
    ("place near", (1, 7), "outside"),
    ("place in 5 km around (91, 0)", (1, 1), "90"),
    ("zip is 007", (1, 8), "quotation marks"),
    ("did and", (1, 5), '"and"'),
    ("message forgotten", (1, 9), "opened"),
    ("share 0 % by lot a", (1, 1), "more than 0"),
    ("not " * 80 + "everybody", (1, 245), "segment of its own"),
    ("(" * 100_000, (1, 62), "segment of its own"),
    ("x" * 600_000, (1, 1), "500000"),
    ("not " * 12 + "everybody", (1, 5), "segment of its own"),
    ('did "A" from 2026-03-01T00:00:00Z to 2026-02-01T00:00:00Z', (1, 1), "later"),
    ("place {", (1, 7), '"'),
    ('zodiac {"sign": "lion"}', (1, 1), "kind"),
]


@pytest.mark.parametrize(("text", "place", "remedy"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_named_by_line_and_column(text: str, place: tuple[int, int], remedy: str) -> None:
    with pytest.raises(BadText) as caught:
        from_text(text)
    assert (caught.value.data["line"], caught.value.data["column"]) == place
    assert remedy in caught.value.message
    assert f"line {place[0]}, column {place[1]}: " in caught.value.message


def test_every_sample_of_the_guide_is_understood() -> None:
    guide = GUIDE.read_text("utf-8")
    rows = re.findall(r"^\| .* \| (.*) \|$", guide, re.MULTILINE)
    samples = [one for row in rows for one in re.findall(r"(?:^| · )`([^`]+)`", row)]
    assert len(samples) > 20
    for sample in [*samples, guide.split("```\n")[1]]:
        assert from_text(to_text(from_text(sample))) == from_text(sample)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85"], ids=ascii)
def test_a_remark_swallows_no_condition_wherever_the_text_was_written(end: str) -> None:
    assert canonical(from_text(f'city is "Tartu" # home{end}and did "Order Completed"')) == canonical(
        from_json({"kind": "and", "of": [CITY, DID]})
    )
