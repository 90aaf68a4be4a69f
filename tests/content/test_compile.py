"""From an author's copy to HTML: links exactly as written, direction, names and filters checked, compiled equal to interpreted."""

from __future__ import annotations

import email
import email.policy
import re
from html import escape, unescape
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from liquid.exceptions import UndefinedError

from hudhud.content.links import BadLink, is_page
from hudhud.content.liquid import jdate, money, without_nulls
from hudhud.content.program import Program, refusal
from hudhud.content.publish import compile_copy
from hudhud.content.types import FIRST_LINK, Compiled, Copy, TemplateError
from hudhud.kit.crypto import Keys
from tests.make import fragment

WORKSPACE = {"name": "Shop", "postal_address": "Pikk 1", "url": "https://shop.example", "currency": "EUR"}
KEYS = Keys((b"k" * 32,))
BASE_URL = "https://m.example"


def values(**event: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """What every mail has, and a trigger."""
    return {"person": {"first_name": "Ada", "id": 7}, "event": event, "workspace": WORKSPACE}


def write_raw(program: Program, facts: dict[str, Any]) -> tuple[bytes, list[str]]:
    """Write message 5; return it from its Subject header on, and its own link targets."""
    _, body, targets = program.write(facts, 5, KEYS.derive("mail", 5), "1")
    return body, targets


def compiled(body: str, *, language: str = "en", subject: str = "Hello", text: str = "") -> Compiled:
    """Compile a fragment."""
    return compile_copy(Copy(subject, fragment(body), text=text), language)


def write(copy: Compiled, **event: Any) -> tuple[email.message.EmailMessage, list[str]]:  # noqa: ANN401 -- any JSON
    """Write one mail; return it parsed by the standard library, and its own link targets."""
    body, targets = write_raw(Program(copy, BASE_URL), values(**event))
    parsed = email.message_from_bytes(b"From: a@b.example\r\nMIME-Version: 1.0\r\n" + body, policy=email.policy.default)
    assert isinstance(parsed, email.message.EmailMessage)
    return parsed, targets


def html_of(copy: Compiled, **event: Any) -> str:  # noqa: ANN401 -- any JSON
    """The HTML part as a mail reader decodes it."""
    part = write(copy, **event)[0].get_body(("html",))
    assert part is not None
    return str(part.get_content())


def targets_of(copy: Compiled, **event: Any) -> list[str]:  # noqa: ANN401 -- any JSON
    """Where the links of a mail lead, in order."""
    parsed, own = write(copy, **event)
    part = parsed.get_body(("html",))
    assert part is not None
    found = []
    for token in re.findall(r'href="https://m\.example/t/c/([\w-]+)"', part.get_content()):
        message_and_number = KEYS.verify_numbered("mail", token)
        assert message_and_number is not None
        assert message_and_number[0] == 5
        found.append([*copy.links, *own][message_and_number[1] - FIRST_LINK])
    return found


URLS = st.builds(
    lambda host, path, query: f"https://{host}.example/{path}?{query}",
    st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True),
    st.text(st.characters(blacklist_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], blacklist_characters="{}%\\"), max_size=12),
    st.lists(st.sampled_from(["a=1", "&", "copy=2", "&lt;", "&amp;", "q=\"'", "amp", "#x", "é", "مریم", "<b>"]), max_size=6).map("".join),
)


@settings(max_examples=25, deadline=None)
@given(URLS)
def test_a_click_leads_to_exactly_what_the_author_wrote(url: str) -> None:
    copy = compiled(f'<a href="{escape(url)}">x</a>')
    assert targets_of(copy) == [url]


@settings(max_examples=40, deadline=None)
@given(URLS)
def test_a_target_from_a_value_is_kept_exactly(url: str) -> None:
    assert targets_of(DYNAMIC, link=url) == [url, f"{url}&me=7"]


DYNAMIC = compiled('<a href="{{ event.link }}">x</a><a href="{{ event.link }}&me={{ person.id }}">y</a>')


def test_an_ampersand_that_is_not_escaped_stays_an_ampersand() -> None:
    assert targets_of(compiled('<a href="https://x.example/?a=1&copy=2&b=3">x</a>')) == ["https://x.example/?a=1&copy=2&b=3"]


def test_liquid_with_less_than_and_quotes_survives_mjml() -> None:
    copy = compiled('{% if event.n < 3 %}few "of" them{% else %}many{% endif %} <span title="{{ event.t | default: "q" }}">.</span>')
    assert 'few "of" them' in html_of(copy, n=1)
    assert "many" in html_of(copy, n=5)
    assert 'title="q"' in html_of(copy, n=5)
    assert 'title="&lt;b&gt;&#34;"' in html_of(copy, n=5, t='<b>"')


def test_loops_over_sections_and_table_rows() -> None:
    body = (
        "{% for item in event.items %}<mj-section><mj-column><mj-text>A {{ item.name }}</mj-text></mj-column></mj-section>{% endfor %}"
        "<mj-section><mj-column><mj-table>{% for item in event.items limit: 2 %}<tr><td>B{{ forloop.index }} {{ item.name }}</td></tr>{% endfor %}</mj-table></mj-column></mj-section>"
    )
    copy = compile_copy(Copy("Hello", body), "en")
    document = html_of(copy, items=[{"name": "x"}, {"name": "<y>"}, {"name": "z"}])
    assert re.findall(r"A ([^<]+)<", document) == ["x", "&lt;y&gt;", "z"]
    rows = re.findall(r"<tr><td[^>]*>B(\d) ([^<]+)</td></tr>", document)
    assert rows == [("1", "x"), ("2", "&lt;y&gt;")]


def test_right_to_left_languages_turn_everything() -> None:
    document = html_of(compiled("سلام", language="fa"))
    assert '<html lang="fa" dir="rtl"' in document
    assert "direction: ltr" not in document
    assert "direction:ltr" not in document
    assert re.search(r"text-align:\s*right;[^>]*>سلام", document)
    assert "لغو اشتراک" in document
    english = html_of(compiled("Hello"))
    assert '<html lang="en" dir="ltr"' in english
    assert re.search(r"text-align:\s*left;[^>]*>Hello", english)


def test_an_author_keeps_the_last_word_about_alignment() -> None:
    body = '<mj-section direction="ltr"><mj-column><mj-text align="center">x</mj-text></mj-column></mj-section>'
    assert re.search(r"text-align:\s*center;[^>]*>x", html_of(compile_copy(Copy("Hello", body), "fa")))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("{{ perso.name }}", "there is no variable 'perso'"),
        ("{{ workspace.phone }}", "workspace has no 'phone'"),
        ("{{ person }}", "person alone is not a value"),
        ("{{ person.name | shout }}", "there is no filter 'shout'"),
        ("{{ person.name | hudhud_link }}", "there is no filter 'hudhud_link'"),
        ("{{ person.name | safe }}", "there is no filter 'safe'"),
        ("{% include '/etc/passwd' %}", "include"),
        ("{% raw %}{{ x }}{% endraw %}", "raw"),
        ("{% if person.a %}", "endif"),
        ('<a href="javascript:alert(1)">x</a>', "leads nowhere"),
        ('<a href="data:text/html,x">x</a>', "leads nowhere"),
    ],
)
def test_mistakes_are_named_when_the_template_is_saved(body: str, problem: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compile_copy(Copy("Hello", fragment("first\n" + body)), "en")
    assert problem in caught.value.message
    assert str(caught.value.data["field"]).startswith("languages.en.mjml")


def test_the_line_of_a_mistake_is_told() -> None:
    with pytest.raises(TemplateError, match=r"languages\.en\.subject, line 1"):
        compile_copy(Copy("{{ nobody.x }}", fragment("x")), "en")
    with pytest.raises(TemplateError, match=r"languages\.en\.mjml, line 3"):
        compile_copy(Copy("x", fragment("a\nb\n{{ nobody.x }}")), "en")


@pytest.mark.parametrize("given_null", [False, True])
def test_a_missing_value_refuses_the_mail_and_braces_never_leave(given_null: bool) -> None:  # noqa: FBT001
    copy = compiled("Your code: {{ event.code }}")
    with pytest.raises(UndefinedError) as caught:
        write_raw(Program(copy), without_nulls(values(**({"code": None} if given_null else {}))))
    refused = refusal(caught.value)
    assert refused.reason == "missing_value"
    assert "code" in refused.detail
    assert "{{" not in html_of(copy, code="A1")


def test_a_default_and_a_test_for_presence_make_a_value_optional() -> None:
    copy = compiled('{{ event.code | default: "none" }}{% if event.extra %}, {{ event.extra }}{% endif %}')
    assert "none" in html_of(copy)
    assert "none, x" in html_of(copy, extra="x")


@pytest.mark.parametrize("value", ["javascript:alert(1)", "//evil.example", "\\\\evil", "data:x", "http://", " ", "https:/x"])
def test_a_value_that_is_no_address_cannot_become_a_link(value: str) -> None:
    with pytest.raises(BadLink) as caught:
        write_raw(Program(DYNAMIC), values(link=value))
    assert refusal(caught.value).reason == "render_error"
    assert not is_page(value)


def test_what_is_not_seen_is_left_out_of_a_link() -> None:
    """Links are kept line by line: a line end in one would number those after it anew."""
    _, targets = write_raw(Program(DYNAMIC), values(link="https://x.example/a\nhttps://evil.example/\x00b\t\r"))
    assert [target.partition("&")[0] for target in targets] == ["https://x.example/ahttps://evil.example/b"] * 2


def test_the_text_part_is_made_from_the_html_or_given() -> None:
    made = write(compiled('Hi {{ person.first_name }}<br/><a href="https://x.example/">Shop</a>'))[0].get_body(("plain",))
    assert made is not None
    assert re.search(r"Hi Ada\r?\nShop \(https://m\.example/t/c/[\w-]+\)", made.get_content())
    given_text = write(compiled("x", text="Own words for {{ person.first_name }}"))[0].get_body(("plain",))
    assert given_text is not None
    assert given_text.get_content().strip() == "Own words for Ada"


def test_every_mail_has_an_unsubscribe_link_that_is_not_tracked() -> None:
    assert 'href="https://m.example/u/1"' in html_of(compiled("x"))
    assert targets_of(compiled("x")) == []


TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=120)


@settings(max_examples=150, deadline=None)
@example("", "000000\x08\x80\x80\x80\x80\x80𐀀𐀀𐀀0")
@example("x" * 75, "y" * 76)
@example("é" * 12 + "abc", "=" * 25)
@example(" . ", ".\n...")
@given(TEXTS, TEXTS)
def test_a_mail_parses_back_to_what_was_written(first: str, second: str) -> None:
    """MIME: lines are short, and the standard library reads the very values (with line ends normalised)."""
    body, _ = write_raw(ECHO, values(a=first, b=second))
    assert max(len(line) for line in body.split(b"\r\n")) <= 76
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert b"\r" not in body.replace(b"\r\n", b"")
    assert b"\r\n." not in body
    parsed = email.message_from_bytes(b"MIME-Version: 1.0\r\n" + body, policy=email.policy.default)
    html, text = parsed.get_body(("html",)), parsed.get_body(("plain",))
    assert html is not None
    assert text is not None
    shown = text.get_payload(decode=True).decode().replace("\r\n", "\n")
    assert shown.startswith(f"[{_lines(first)}|{_lines(second)}]")
    assert f"[{_lines(first)}|{_lines(second)}]" in unescape(
        html.get_payload(decode=True).decode().replace("\r\n", "\n").replace("&#39;", "'")
    )


ECHO = Program(compile_copy(Copy("Hello", fragment("[{{ event.a }}|{{ event.b }}]"), text="[{{ event.a }}|{{ event.b }}]"), "en"))


def _lines(text: str) -> str:
    return re.sub(r"\r\n|\r", "\n", text)


def test_what_can_be_compiled_is_compiled() -> None:
    assert ECHO.html.function is not None
    assert Program(DYNAMIC).html.function is not None
    only_interpreted = Program(compiled("{% for i in (1..3) %}{{ i }}{{ event.a }}{% endfor %}"))
    assert only_interpreted.html.function is None
    assert "1x2x3x" in html_of(only_interpreted.compiled, a="x")


CASE = compiled(
    '{% case event.a %}{% when 1 %}one{% when "b", "c" %}two {{ event.b }}{% when "c" %}, three{% else %}other{% endcase %}.'
    "{% for i in event.list %}{% case i %}{% when 1 %}{% continue %}{% when event.stop %}{% break %}{% endcase %}{{ i }}{% endfor %}."
)


@pytest.mark.parametrize(
    ("given_values", "shown"),
    [
        ({"a": 1}, "one.."),
        ({"a": "b", "b": "<"}, "two &lt;.."),
        ({"a": "c", "b": "x"}, "two x, three.."),
        ({"a": "1"}, "other.."),
        ({}, "other.."),
        ({"a": 1, "list": [0, 1, 2, 3], "stop": 3}, "one.02."),
    ],
)
def test_a_case_is_compiled_and_says_what_the_reference_says(given_values: dict[str, Any], shown: str) -> None:
    program = Program(CASE, BASE_URL)
    assert program.html.function is not None
    body, _ = write_raw(program, values(**{"list": [], **given_values}))
    interpreted = Program(CASE, BASE_URL)
    interpreted.html.function = interpreted.text.function = None
    reference, _ = write_raw(interpreted, values(**{"list": [], **given_values}))
    for one in (body, reference):
        text = email.message_from_bytes(b"MIME-Version: 1.0\r\n" + one, policy=email.policy.default).get_body(("html",))
        assert text is not None
        assert f">{shown}<" in re.sub(r"\s+(?=<)", "", text.get_content())


def test_money_and_dates_speak_the_language() -> None:
    assert [money(1234.5, language=language) for language in ("en", "et", "fa", "ar")] == [
        "€1,234.50",
        "1\u00a0234,50\u00a0€",
        "۱٬۲۳۴٫۵۰\u00a0€",
        "١٬٢٣٤٫٥٠\u00a0€",
    ]
    assert money("9", "JPY", language="en") == "¥9"
    assert jdate("2026-03-21", language="fa") == "۱ فروردین ۱۴۰۵"
    assert jdate("2024-03-19T23:00:00", language="en") == "1402-12-29"
    assert jdate("1979-02-11", language="en") == "1357-11-22"
