"""Ready mails as people get them, in four languages: whole with and without values, the right way round, nothing of Liquid or of the layout left."""

from __future__ import annotations

import email
import email.policy
import re
from importlib import resources
from typing import Any

import pytest

from hudhud.content.actions import read_ready
from hudhud.content.program import Program
from hudhud.content.publish import compile_copy
from hudhud.content.types import LANGUAGES, RIGHT_TO_LEFT, Copy
from hudhud.kit.crypto import Keys

READY = sorted(one.name for one in resources.files("hudhud.content.ready").iterdir() if one.joinpath("template.json").is_file())
SERVICE = {
    "confirm_subscription", "event_confirm", "event_soon", "event_tomorrow", "nurture_resource", "onboarding_start", "order_confirmed", "order_shipped", "referral_reward"
}  # fmt: skip
EVERYDAY = {"birthday_greeting", "order_shipped"}
KEYS = Keys((b"k" * 32,))
WORKSPACE = {"name": "Shop", "postal_address": "Pikk 1", "url": "https://shop.example", "currency": "EUR"}
PAGE = "https://shop.example/page"
PERSON = {
    "id": 7, "first_name": "Mari", "renews_on": "2027-02-10", "plan": "Pro", "renewal_url": PAGE,
    "runs_out_name": "Coffee", "runs_out_url": PAGE, "referral_url": PAGE, "event_on": "2027-03-04T18:00", "event_url": PAGE,
}  # fmt: skip
EVENT: dict[str, Any] = {
    "name": "Kettle", "price": 39, "old_price": 49, "url": PAGE, "image_url": f"{PAGE}.png", "order_id": "A-1001", "total": 78, "carrier": "Omniva",
    "tracking_number": "CC1", "tracking_url": PAGE, "expected_on": "2027-01-04", "order_url": PAGE, "resource": "Guide", "resource_url": PAGE,
    "products": [{"name": "Kettle", "sku": "k", "price": 39, "quantity": 2, "image_url": f"{PAGE}.png", "url": PAGE}],
    "items": [{"title": "How to brew", "summary": "Three ways", "url": PAGE}], "feature": "Import", "category": "Coffee",
    "topics": ["Newsletter"], "confirm_url": PAGE,
}  # fmt: skip
COUPON = {"code": "ABC-7", "expires_at": "2027-01-05T00:00:00+00:00", "expires_on": "2027-01-04", "url": PAGE}


def render(program: Program, person: dict[str, Any], event: dict[str, Any], coupon: dict[str, Any]) -> tuple[str, str, str]:
    """Return subject, HTML and text of one mail as a mail program decodes them."""
    facts = {"person": person, "event": event, "workspace": WORKSPACE, **({"coupon": coupon} if coupon else {})}
    body, _ = program.write(facts, 5, KEYS.derive("mail", 5), "1")[1:]
    mail = email.message_from_bytes(b"From: a@b.example\r\nMIME-Version: 1.0\r\n" + body, policy=email.policy.default)
    assert isinstance(mail, email.message.EmailMessage)
    parts = [mail.get_body((kind,)) for kind in ("html", "plain")]
    html, text = (str(part.get_content()) for part in parts if part is not None)
    return str(mail["Subject"]), html, text


@pytest.mark.parametrize("key", [pytest.param(key, marks=[] if key in EVERYDAY else [pytest.mark.long]) for key in READY])
def test_a_ready_mail_is_whole_in_every_language(key: str) -> None:
    names, languages = read_ready(resources.files("hudhud.content.ready").joinpath(key))
    assert set(names) == set(languages) == set(LANGUAGES)
    for language, copy in languages.items():
        program = Program(compile_copy(Copy(**copy), language), "https://m.example")
        # The oldest mails are written for carts, which have items; who confirms has asked for something.
        bare: dict[str, Any] = {"products": [{"sku": "k"}]} if key.startswith("cart") else {}
        if key == "confirm_subscription":
            bare = {"topics": ["Kiri"], "confirm_url": PAGE}
        for person, event, coupon in (({"id": 7}, bare, {}), (PERSON, EVENT, COUPON)):
            subject, html, text = render(program, person, event, coupon)
            assert f'<html lang="{language}" dir="{"rtl" if language in RIGHT_TO_LEFT else "ltr"}"' in html
            assert subject
            assert copy["preheader"]
            assert len(text.split()) > 20
            for part in (subject, html.partition("<body")[2], text):
                assert not re.search(r"\{\{|\}\}|\{%|%\}|\[\[|\bNone\b|\bundefined\b", part)
            # Arabic script where it belongs, and nowhere else.
            assert bool(re.search("[\u0600-\u06ff]", text)) == (language in RIGHT_TO_LEFT)
            assert ("/u/" in html) == (key not in SERVICE)
