"""Template bombs (A-04, A-06): the poison is refused within a second or so, the rest goes on."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from hudhud.content import renderer as renderers
from hudhud.content.program import TooLong
from hudhud.content.protocol import BODIES_SIZE, Mail, WriteMails, Written
from hudhud.content.types import Compiled, Copy, TemplateError
from hudhud.content.values import sample_values
from tests.content.test_compile import values
from tests.make import fragment

if TYPE_CHECKING:
    from hudhud.content.sandbox import Sandbox

BOMBS = {
    "five replaces (153 characters)": "{% assign a = event.x %}" + "{% assign a = a | replace: 'x', a %}" * 5 + "{{ a | size }}",
    "nested loops": "{% for i in (1..100000) %}{% for j in (1..100000) %}{{ i }}{% endfor %}{% endfor %}",
    "a huge range": "{{ (1..99999999999) | join: ',' | size }}",
    "growing captures": "{% assign a = event.x %}" + "{% capture a %}{{ a }}{{ a }}{{ a }}{{ a }}{% endcapture %}" * 20 + "{{ a | size }}",
    "much output": "{% for i in (1..9999) %}" + "x" * 3000 + "{% endfor %}",
    "a number without end": "{% assign a = 9 %}" + "{% assign a = a | times: a %}" * 30 + "{{ a | size }}",
}


def mails(program: str, count: int = 3, **event: Any) -> list[Mail]:  # noqa: ANN401 -- any JSON
    """Mails for one program."""
    return [Mail(number, program, b"k" * 32, "token", msgspec.json.encode(values(**event))) for number in range(count)]


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_itself_only(sandbox: Sandbox, name: str) -> None:
    good = sandbox.publish({"en": Copy("Good", fragment("fine"))})["en"]
    # Past the check at publishing, as if a value had armed it.
    bomb = Compiled("en", "Bomb", BOMBS[name], "text", [], [["event", "x"]])
    batch = mails("good", 2) + mails(name, 1, x="x" * 60) + mails("good", 2)
    began = time.monotonic()
    heads = [f"X-Place: {place}\r\n".encode() for place in range(len(batch))]
    written = sandbox.write("https://m.example", {"good": good, name: bomb}, batch, heads)
    assert [one.reason or one.subject for one in written] == ["Good", "Good", "render_limit", "Good", "Good"]
    assert [one.body.startswith(head + b"Subject: Good") for one, head in zip(written, heads, strict=True)] == [
        True,
        True,
        False,
        True,
        True,
    ]
    assert time.monotonic() - began < 10


def test_time_is_counted_for_each_mail_and_not_for_all_of_a_batch(sandbox: Sandbox) -> None:
    slow = "{% for i in (1..5000) %}{% if i == 0 %}x{% endif %}{% endfor %}"
    copy = Compiled("en", "Slow", "html", slow, [], [])
    written = sandbox.write("https://m.example", {"slow": copy}, mails("slow", 60), [b""] * 60)
    assert {one.reason for one in written} == {""}


def test_mails_that_do_not_fit_into_shared_memory_go_through_the_pipe(sandbox: Sandbox) -> None:
    large = Compiled("en", "Large", "{{ event.x }}" + "{% for i in (1..9000) %}" + "x" * 190 + "{% endfor %}", "text", [], [["event", "x"]])
    texts = [f"I am {number}" for number in range(8)]
    batch = [mail for text in texts for mail in mails("large", 1, x=text)]
    written = sandbox.write("https://m.example", {"large": large}, batch, [f"X-Head: {text}\r\n".encode() for text in texts])
    assert sum(len(one.body) for one in written) > BODIES_SIZE
    assert sum(1 for one in written if not one.shared) > 2
    for one, text in zip(written, texts, strict=True):
        assert one.body.startswith(f"X-Head: {text}\r\nSubject: Large\r\n".encode())
        assert f"\r\n\r\n{text}xxx".encode() in one.body
        assert one.body.endswith(b"--\r\n")


def test_a_bomb_cannot_be_published(sandbox: Sandbox) -> None:
    with pytest.raises(TemplateError, match="too much"):
        sandbox.publish({"en": Copy("Bomb", fragment(BOMBS["a number without end"]))})
    assert sandbox.publish({"en": Copy("Good", fragment("fine"))})["en"].links == []


@pytest.mark.parametrize(
    "probe", ["{{ event.x.__class__ }}", "{{ event.x.__class__.__mro__ }}", "{{ event.x['__globals__'] }}", "{{ person.id.real }}"]
)
def test_only_plain_data_is_there(sandbox: Sandbox, probe: str) -> None:
    copy = sandbox.publish({"en": Copy("Hello", fragment(f"[{probe}]"))})["en"]
    (written,) = sandbox.write("https://m.example", {probe: copy}, mails(probe, 1, x="text"), [b""])
    assert written.reason == "missing_value"


def test_nobody_can_shorten_the_memory_that_is_shared(sandbox: Sandbox) -> None:
    with pytest.raises(PermissionError):
        os.ftruncate(sandbox._file, 1)


def test_a_preview_is_the_same_engine(sandbox: Sandbox) -> None:
    copy = sandbox.publish({"en": Copy("Hi {{ person.first_name }}", fragment('<a href="https://x.example/?a=1&amp;b=2">x</a>'))})["en"]
    pages = {"unsubscribe_url": "https://m.example/u/1", "preferences_url": "https://m.example/u/1/preferences"}
    shown = sandbox.preview(copy, {**values(), **pages})
    assert shown["subject"] == "Hi Ada"
    assert 'href="https://x.example/?a=1&amp;b=2"' in shown["html"]
    missing = sandbox.preview(copy, {**values(), **pages, "person": {}})
    assert missing == {"reason": "missing_value", "detail": "person.first_name is undefined"}


def test_a_preview_without_a_journey_has_samples_of_what_journeys_give(sandbox: Sandbox) -> None:
    html = fragment("{{ run.loyalty.points }} {{ run.loyalty.tier }} {{ coupon.code }} {{ coupon.spring.expires_on }} {{ coupon.url }}")
    copy = sandbox.publish({"en": Copy("{% if run.loyalty %}Hi{% endif %}", html)})["en"]
    pages = {"unsubscribe_url": "https://m.example/u/1", "preferences_url": "https://m.example/u/1/preferences"}
    shown = sandbox.preview(copy, {**values(), **pages, **sample_values(copy)})
    assert shown["subject"] == "Hi"
    assert "1 1 SAMPLE 2098-12-31 https://example.com/SAMPLE" in shown["html"]


def test_a_clock_that_strikes_late_leaves_no_mail_with_the_body_of_another(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The body is in the memory already when the mail is given up."""
    copy = Compiled("en", "Hi", "{{ event.x }}", "text", [], [["event", "x"]])
    batch = [replace(mail, facts=msgspec.json.encode(values(x=f"I am {number}"))) for number, mail in enumerate(mails("late", 3))]
    renderer = renderers.Renderer(sandbox._memory.obj)
    strikes = iter([True, False, False])

    def strike(message_id: int, **given: Any) -> Written:  # noqa: ANN401 -- as Written takes them
        if "shared" in given and next(strikes):
            raise TooLong
        return Written(message_id, **given)

    monkeypatch.setattr(renderers, "Written", strike)
    written = renderer.answer(WriteMails("https://m.example", {"late": copy}, batch)).written or []
    found = sandbox._put_together(written, [b""] * 3)
    assert [one.reason for one in found] == ["render_limit", "", ""]
    assert [f"I am {number}".encode() in one.body for number, one in enumerate(found)] == [False, True, True]
