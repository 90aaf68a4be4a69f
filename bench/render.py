"""Render + MIME: from a claimed message to the bytes that go on the wire, signed links included, per core."""

from __future__ import annotations

import email.message
import email.policy
import html
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psutil

from bench.figures import Figure
from bench.shop import open_shop
from bench.stack import Stack
from hudhud.consent.actions import create_default_topics
from hudhud.content.actions import publish
from hudhud.content.sandbox import Sandbox
from hudhud.delivery.compose import Composer, Ready
from hudhud.delivery.types import Chunk, Claimed
from hudhud.kit.crypto import Keys

if TYPE_CHECKING:
    from hudhud.kit.db import Scope

MAILS, CHUNK = 20_000, 500
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILL = "We picked what goes well with what you bought, from people who know it and who will answer when you write. "
MJML = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Dear {{ person.first_name | default: 'friend' }} in {{ person.city | default: '-' }}, your order {{ event.order_id }} of {{ event.total }} {{ event.currency }}:</mj-text>
{% for item in event.items %}<mj-text>{{ item.name }}: {{ item.price }}</mj-text>{% endfor %}
FILLING
<mj-button href="https://shop.example.com/cart?from=mail">Cart</mj-button>
<mj-text><a href="https://shop.example.com/new?a=1&amp;b=2">New</a> <a href="https://shop.example.com/sale">Sale</a>
<a href="https://shop.example.com/help">Help</a> <a href="https://shop.example.com/">Shop</a></mj-text>
<mj-text>{{ workspace.postal_address }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""


def measure(*, mails: int = MAILS) -> list[Figure]:
    """Write mails for many people; CPU time of worker and render process together decides what a core can do."""
    with Stack() as stack:
        workspace_id, _ = open_shop(stack)
        sandbox = Sandbox()
        try:
            with stack.db.workspace(workspace_id) as ws:
                create_default_topics(ws, NOW)
                topic_id, version_id = _topic(ws), publish_mail(ws, sandbox)
            messages = [_claimed(workspace_id, topic_id, version_id, number) for number in range(1, mails + 1)]
            composer = Composer(Keys((b"x" * 32,)), sandbox, "https://mail.bench.example")
            _write(stack, composer, messages[:CHUNK])
            cpu, began = _cpu(), time.perf_counter()
            size, kept = _write(stack, composer, messages)
            took, cpu = time.perf_counter() - began, _cpu() - cpu
        finally:
            sandbox.close()
    _check(kept, mails)
    note = f"{size / mails / 1000:.1f} kB a mail on the wire; {mails / took:,.0f}/s by the wall clock"
    return [
        Figure(
            "render + MIME, per core", mails / cpu, "messages/s", target=10_000, floor=_floor(mails), floor_name="join by hand", note=note
        )
    ]


def publish_mail(ws: Scope, sandbox: Sandbox) -> int:
    """Publish the mail of the benchmarks; return its version."""
    filling = "".join(f"<mj-text>{number}. {FILL}</mj-text>" for number in range(2))
    languages = {"en": {"subject": "Your order, {{ person.first_name | default: 'friend' }}", "mjml": MJML.replace("FILLING", filling)}}
    return publish(ws, sandbox, "bench", {"en": "Bench"}, languages, actor="bench", now=NOW)


def event_of(number: int) -> dict[str, Any]:
    """Return what Liquid calls `event` for one person."""
    items = [{"name": f"Thing {number + i} & more", "price": f"{number % 90 + i}.90"} for i in range(3)]
    return {"order_id": f"A-{number}", "total": f"{number % 500}.50", "currency": "EUR", "items": items}


def _topic(ws: Scope) -> int:
    row = ws.conn.execute("SELECT id FROM topic WHERE key = 'newsletter'").fetchone()
    assert row is not None
    return int(row[0])


def _claimed(workspace_id: int, topic_id: int, version_id: int, number: int) -> Claimed:
    return Claimed(
        id=number,
        workspace_id=workspace_id,
        lease_id=1,
        attempts=1,
        person_id=number,
        address=f"person{number}@bench.example",
        stream="marketing",
        topic="newsletter",
        topic_id=topic_id,
        template="bench",
        version_id=version_id,
        source_kind="journey",
        attributes={"first_name": f"Anna {number}", "city": "Tallinn"},
        language="en",
        event=event_of(number),
        given={},
    )


def _write(stack: Stack, composer: Composer, messages: list[Claimed]) -> tuple[int, dict[int, bytes]]:
    """Write all, chunk by chunk; like a worker, let each chunk go when the next one is there. Keep the mails that are looked at."""
    size, kept = 0, dict[int, bytes]()
    for start in range(0, len(messages), CHUNK):
        chunk = messages[start : start + CHUNK]
        with stack.db.everywhere() as everywhere:
            letterheads = composer.load(everywhere, Chunk(1, chunk, 0, is_full=True))
        made = composer.compose(chunk, letterheads, NOW)
        ready = [one for one in made if isinstance(one, Ready)]
        assert len(ready) == len(made), made
        size += sum(len(one.data) for one in ready)
        for one in (ready[0], ready[-1]):
            kept[one.message.id] = one.data
    return size, kept


def _cpu() -> float:
    """Return the CPU seconds of this process and of the render process below it."""
    times = [process.cpu_times() for process in (psutil.Process(), *_renderers())]
    return float(sum(one.user + one.system for one in times))


def _renderers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "hudhud.content.renderer" in child.cmdline()]


def _check(kept: dict[int, bytes], mails: int) -> None:
    """The mails must say the right thing to the right person, read back by the standard library."""
    assert len(kept) == 2 * mails // CHUNK
    for number, data in kept.items():
        parsed = email.message_from_bytes(data, policy=email.policy.default)
        assert isinstance(parsed, email.message.EmailMessage)
        body = parsed.get_body(("html",))
        assert body is not None
        shown = body.get_content()
        assert parsed["subject"] == f"Your order, Anna {number}"
        assert f"Thing {number + 2} &amp; more" in shown
        assert shown.count("https://mail.bench.example/t/c/") >= 5


def _floor(mails: int) -> float:
    """Join constant pieces and 16 escaped values, as a program written for this one mail would."""
    pieces = [FILL * 5] * 17
    began = time.process_time()
    for number in range(mails):
        event = event_of(number)
        values = [
            f"Anna {number}",
            "Tallinn",
            event["order_id"],
            event["total"],
            "EUR",
            *(text for item in event["items"] for text in item.values()),
            *["x" * 60] * 5,
        ]
        parts = [pieces[0]]
        for value, piece in zip(values, pieces[1:], strict=False):
            parts += (html.escape(value), piece)
        "".join(parts).encode()
    return mails / (time.process_time() - began)
