"""Block documents: the guide's example, what is refused and where, conditions, the right way round, the text part of the same blocks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hudhud.content.blocks.rich import clean
from hudhud.content.brand import Brand, Colours, Look, Place
from hudhud.content.publish import build
from hudhud.content.types import Copy, TemplateError
from tests.content.test_compile import html_of, targets_of, write

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "messages.md"
PRODUCTS = [
    {"name": f"Kettle {n}", "price": 10 + n, "url": f"https://shop.example/p/{n}?a=1&b=2", "image_url": "https://shop.example/i.png"}
    for n in range(5)
]


def blocks(*given: dict[str, Any], **document: Any) -> Copy:  # noqa: ANN401 -- any JSON
    """A copy of these blocks, each with an id of its own."""
    numbered = [{"id": f"b{number}", **block} for number, block in enumerate(given)]
    return Copy("Hello", mode="blocks", document={"version": 1, "blocks": numbered, **document})


def shown(*given: dict[str, Any], language: str = "en", look: Look = Look(), **event: Any) -> str:  # noqa: ANN401, B008 -- any JSON; a look is frozen
    """The HTML of these blocks."""
    return html_of(build(blocks(*given), language, look).compiled, **event)


def text_of(copy: Copy, language: str = "en", look: Look = Look(), **event: Any) -> str:  # noqa: ANN401, B008 -- any JSON; a look is frozen
    """The text part of a copy."""
    part = write(build(copy, language, look).compiled, **event)[0].get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_the_example_of_the_guide_is_a_mail_in_every_language() -> None:
    found = re.search(r"```json\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    copy = Copy("Autumn", mode="blocks", document=json.loads(found[1]))
    for language, direction in (("en", "ltr"), ("fa", "rtl"), ("ckb-IQ", "rtl")):
        built = build(copy, language)
        assert built.program.html.function is not None
        document = html_of(built.compiled, products=PRODUCTS)
        assert f'dir="{direction}"' in document
        assert document.count("Kettle") == 3 * 2
        assert "Ten percent" not in document
        assert ("direction:ltr" in document) == (direction == "ltr")
        words = text_of(copy, language, products=PRODUCTS)
        assert "Kettle 2" in words
        assert "Kettle 3" not in words


@pytest.mark.parametrize(
    ("block", "place", "problem"),
    [
        ({"type": "button", "text": "x"}, "document.blocks[0]", "missing required field `href`"),
        ({"type": "button", "text": "x", "href": "https://x.example", "colour": "red"}, "document.blocks[0]", "unknown field `colour`"),
        ({"type": "marquee"}, "document.blocks[0].type", "marquee"),
        ({"type": "divider", "style": {"color": "red"}}, "document.blocks[0].style.color", "regex"),
        ({"type": "button", "text": "x", "href": ""}, "document.blocks.b0.href", "leads nowhere"),
        ({"type": "button", "text": "x", "href": "javascript:alert(1)"}, "document.blocks.b0.href", "leads nowhere"),
        ({"type": "text", "html": '<a href="data:x">x</a>'}, "document.blocks.b0.html", "leads nowhere"),
        ({"type": "text", "html": "{{ nobody.x }}"}, "document.blocks.b0.html, line 1", "no variable"),
        ({"type": "heading", "text": "{% if person.a %}open"}, "document.blocks.b0.text", "endif"),
        ({"type": "html", "html": "{{ hudhud_raw_0 }}"}, "document.blocks.b0.html, line 1", "no variable"),
        ({"type": "image", "src": "data:image/png;base64,x", "alt": ""}, "document.blocks.b0.src", "no address of a picture"),
        ({"type": "snippet", "key": "gone"}, "document.blocks.b0.key", "no snippet"),
        ({"type": "divider", "show_if": {"all": [{"path": "person.a", "op": "is", "value": "\"'"}]}}, "b0.show_if", "cannot be compared"),
        ({"type": "divider", "show_if": {"all": [{"path": "x} %}{{", "op": "is_set"}]}}, "show_if.all[0].path", "regex"),
    ],
)
def test_what_is_wrong_is_told_with_its_block(block: dict[str, Any], place: str, problem: str) -> None:
    with pytest.raises(TemplateError) as caught:
        build(blocks(block), "en")
    assert f"languages.en.{place}" in caught.value.message or place in caught.value.message
    assert problem in caught.value.message


def test_what_is_empty_may_be_said() -> None:
    """An editor writes every field."""
    copy = blocks(
        {
            "type": "products",
            "otherwise": "",
            "button": "",
            "show_if": None,
            "style": {"align": "", "color": "", "background": "", "padding": ""},
        },
        {"type": "coupon", "pool": "", "label": "", "show_if": {"all": [], "any": []}},
    )
    assert build(copy, "en").compiled.links == []


def test_two_blocks_cannot_have_one_id() -> None:
    with pytest.raises(TemplateError, match="the id 'one'"):
        build(blocks({"type": "divider", "id": "one"}, {"type": "spacer", "id": "one"}), "en")


CASES: list[tuple[dict[str, Any], Any, bool]] = [
    ({"op": "is", "value": "pro"}, "pro", True),
    ({"op": "is", "value": "pro"}, None, False),
    ({"op": "is_not", "value": "pro"}, None, True),
    ({"op": "is_not", "value": "pro"}, "pro", False),
    ({"op": "contains", "value": "r"}, "pro", True),
    ({"op": "contains", "value": "r"}, ["r", "s"], True),
    ({"op": "does_not_contain", "value": "r"}, None, True),
    ({"op": "more_than", "value": 3}, 4, True),
    ({"op": "more_than", "value": 3}, "4", True),
    ({"op": "more_than", "value": 3}, None, False),
    ({"op": "less_than", "value": 3}, None, False),
    ({"op": "at_most", "value": 3.5}, 3.5, True),
    ({"op": "at_least", "value": "2027-01-04"}, "2027-01-05", True),
    ({"op": "at_least", "value": "2027-01-04"}, "2026-12-31", False),
    ({"op": "is_set"}, "", False),
    ({"op": "is_set"}, False, True),
    ({"op": "is_not_set"}, None, True),
    ({"op": "is", "value": True}, True, True),
    ({"op": "is", "value": 'say "x"'}, 'say "x"', True),
    ({"op": "more_than", "value": 1e-7}, 1, True),
    ({"op": "less_than", "value": 1e22}, 1, True),
    ({"op": "is", "value": "{% if %"}, "{% if %", True),
]


@pytest.mark.parametrize(("test", "value", "is_shown"), CASES)
def test_a_condition_shows_a_block_to_whom_it_is_about(test: dict[str, Any], value: object, is_shown: bool) -> None:  # noqa: FBT001
    condition = {"path": "event.v", **test}
    given: dict[str, Any] = {} if value is None else {"v": value}
    either = {"any": [condition, {"path": "event.never", "op": "is_set"}]}
    for show_if in ({"all": [condition]}, either, {"all": [condition], **either}):
        copy = blocks({"type": "text", "html": "SEEN", "show_if": show_if})
        assert ("SEEN" in html_of(build(copy, "en").compiled, **given)) == is_shown
        assert ("SEEN" in text_of(copy, **given)) == is_shown


@pytest.mark.parametrize("name", ["limit", "contains", "nil", "size"])
def test_a_value_may_be_called_like_a_word_of_liquid(name: str) -> None:
    tests = [{"path": f"event.{name}", "op": op, "value": 3} for op in ("is", "at_least")] + [{"path": f"event.{name}", "op": "is_set"}]
    copy = blocks(
        {"type": "text", "html": "SEEN", "show_if": {"all": tests}}, {"type": "products", "source": f"event.{name}", "when_empty": "skip"}
    )
    given: dict[str, Any] = {name: 3}
    assert "SEEN" in text_of(copy, **given)


def test_a_preheader_is_plain_text_in_every_mode() -> None:
    said = 'Is 3 < 4 & "5"? <img src=x onerror=y> {{ event.x }}&nbsp;'
    document = {"version": 1, "blocks": [{"type": "text", "id": "a", "html": "x"}]}
    sources: list[dict[str, Any]] = [
        {"mode": "blocks", "document": document},
        {"mjml": "<mj-section />"},
        {"mode": "html", "html": "<body></body>"},
    ]
    for source in sources:
        html = html_of(build(Copy("S", preheader=said, **source), "en").compiled, x="<b>")
        assert 'Is 3 &lt; 4 &amp; "5"? &lt;img src=x onerror=y&gt; &lt;b&gt;' in html
        assert "&amp;nbsp;" not in html


def test_a_grid_has_a_place_for_each_product_and_links_to_each() -> None:
    copy = build(blocks({"type": "products", "layout": "grid", "per_row": 2, "limit": 3, "button": "Buy"}), "en").compiled
    document = html_of(copy, products=PRODUCTS)
    assert [f"Kettle {n}<" in document for n in range(4)] == [True, True, True, False]
    assert targets_of(copy, products=PRODUCTS)[:2] == [PRODUCTS[0]["url"]] * 2


@pytest.mark.parametrize("given", [{}, {"products": []}])
def test_an_empty_list_hides_the_block_or_skips_the_person(given: dict[str, Any]) -> None:
    hidden = blocks({"type": "products", "button": "Buy"}, {"type": "text", "html": "REST"})
    assert "REST" in html_of(build(hidden, "en").compiled, **given)
    assert "Buy" not in html_of(build(hidden, "en").compiled, **given)
    skipped = build(blocks({"type": "products", "when_empty": "skip"}), "en").compiled
    with pytest.raises(Exception, match="products"):
        html_of(skipped, **given)
    assert "Kettle 1" in html_of(skipped, products=PRODUCTS)


def test_colours_are_the_brands_and_turn_dark_but_own_ones_stay() -> None:
    look = Look(
        Brand(
            colours=Colours(accent="#123456"), footer={"en": "Since 1999"}, social=[Place(network="Fediverse", url="https://f.example/@x")]
        )
    )
    document = shown(
        {"type": "button", "text": "x", "href": "https://x.example"},
        {"type": "text", "html": "brand", "style": {"color": "accent"}},
        {"type": "text", "html": "own", "style": {"background": "#abcdef"}},
        {"type": "social"},
        look=look,
    )
    assert "background:#123456" in re.sub(r"\s", "", document)
    assert re.search(r'class="hd-accent"[^>]*>\s*<div[^>]*color:#123456[^>]*>brand', document)
    assert re.search(r'class="hd-own"[^>]*>\s*<div[^>]*>own', document)
    assert "prefers-color-scheme: dark" in document
    assert document.count("https://m.example/t/c/") == 3
    assert "Since 1999" in document
    words = text_of(blocks({"type": "text", "html": "x"}), look=look)
    assert "Since 1999" in words
    assert "Fediverse" in words


def test_right_to_left_sides_are_named_by_the_language() -> None:
    one = {"type": "text", "html": "نوشته", "style": {"align": "start"}}
    assert re.search(r"text-align:\s*right;[^>]*>نوشته", shown(one, language="fa"))
    assert re.search(r"text-align:\s*left;[^>]*>نوشته", shown(one))
    # A country behind the language changes nothing of that.
    iran = shown({"type": "text", "html": "{{ event.n | digits }}"}, language="fa-IR", n=7)
    assert '<html lang="fa-IR" dir="rtl"' in iran
    assert "لغو اشتراک" in iran
    assert re.search(r"text-align:\s*right;[^>]*>۷", iran)
    end = {"type": "text", "html": "نوشته", "style": {"align": "end"}}
    assert re.search(r"text-align:\s*left;[^>]*>نوشته", shown(end, language="fa"))


def test_html_blocks_are_not_touched_but_their_links_count() -> None:
    odd = "<table><tr><td>a<td class='x'>b</table><p>open <a href=https://x.example/?a=1&amp;b=2>go</a> <!-- {{ person.first_name }} -->"
    copy = build(blocks({"type": "html", "html": odd}), "en").compiled
    assert targets_of(copy)[0] == "https://x.example/?a=1&b=2"
    start, _, rest = odd.partition("<a href=https://x.example/?a=1&amp;b=2>")
    document = html_of(copy)
    assert start in document
    assert rest.replace("{{ person.first_name }}", "Ada") in document


def test_snippets_come_in_the_language_or_what_stands_in_for_it() -> None:
    saved = {"help": {"en": [{"type": "text", "id": "s", "html": "Ask us"}], "fa": [{"type": "text", "id": "s", "html": "بپرسید"}]}}
    block = {"type": "snippet", "key": "help", "show_if": {"all": [{"path": "event.v", "op": "is_set"}]}}
    look = Look(Brand(), saved, "en")
    assert "بپرسید" in shown(block, language="fa", look=look, v=1)
    assert "Ask us" in shown(block, language="et", look=look, v=1)
    assert "Ask us" not in shown(block, language="et", look=look)


def test_service_mails_offer_no_way_out_and_bare_ones_no_frame() -> None:
    one = {"type": "text", "html": "x"}
    assert "/u/1" in shown(one)
    assert "/u/1" in text_of(blocks(one))
    for copy in (blocks(one, service=True), blocks(one, frame=False)):
        assert "/u/1" not in html_of(build(copy, "en").compiled)
        assert "/u/1" not in text_of(copy)
    assert "Pikk 1" in html_of(build(blocks(one, service=True), "en").compiled)
    assert "Pikk 1" not in html_of(build(blocks(one, frame=False), "en").compiled)


@pytest.mark.parametrize(
    ("source", "cleaned"),
    [
        ("<b>a<i>b</b>c", "<b>a<i>b</i></b>c"),
        ("a <script>alert(1)</script>b", "a b"),
        ('<a onclick="x" href="https://x.example/?a=1&copy=2">x</a>', '<a href="https://x.example/?a=1&copy=2">x</a>'),
        ("1 < 2 & 3", "1 &lt; 2 &amp; 3"),
        (
            '{% if person.a < 3 %}<b>x</b>{% endif %}{{ person.b | default: "<" }}',
            '{% if person.a < 3 %}<b>x</b>{% endif %}{{ person.b | default: "<" }}',
        ),
        ("<font color=red>x</font><img src=x onerror=y>", "x"),
        # Letters that the cleaner itself uses.
        ("\ue0007\ue001 {{ person.a }} \ue0000\ue001\ue000", "\ue0007\ue001 {{ person.a }} \ue0000\ue001\ue000"),
    ],
)
def test_rich_text_keeps_a_few_tags(source: str, cleaned: str) -> None:
    assert clean(source)[0] == cleaned
