"""What an adapter posts, and what the same provider's webhook then gives back of it: the message is found again, by our name alone."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from hudhud.delivery.channels.posted import name_in
from hudhud.delivery.outcomes.classify import classify
from hudhud.delivery.outcomes.names import find_message
from hudhud.delivery.outcomes.providers.readers import read_body
from hudhud.delivery.outcomes.types import PROVIDERS, Kind
from tests.delivery.conftest import KEYS
from tests.delivery.test_providers import MAIL, NAME, all_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudhud.delivery.channels.posted import Request

TO, AT = "ada@example.org", 1772366580
Sent = dict[str, Any]


def _sns(sent: Sent) -> object:
    tags = {tag["Name"]: [tag["Value"]] for tag in sent["EmailTags"]}
    bounce = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": TO}], "feedbackId": "1"}
    return {
        "Type": "Notification",
        "Message": json.dumps({"eventType": "Bounce", "mail": {"messageId": "0100", "tags": tags}, "bounce": bounce}),
    }


def _mailgun(sent: Sent) -> object:
    variables = {name.removeprefix("v:"): value for name, value in sent.items() if name.startswith("v:")}
    failed = {"event": "failed", "severity": "permanent", "reason": "suppress-bounce", "recipient": TO, "timestamp": AT, "id": "1"}
    return {"signature": {}, "event-data": {**failed, "user-variables": variables}}


def _sparkpost(sent: Sent) -> object:
    event = {"type": "bounce", "bounce_class": "10", "rcpt_to": TO, "event_id": "1", "rcpt_meta": sent["recipients"][0]["metadata"]}
    return [{"msys": {"message_event": event}}]


def _resend(sent: Sent) -> object:
    tags = {tag["name"]: tag["value"] for tag in sent["tags"]}
    return {
        "type": "email.bounced",
        "data": {"email_id": "1", "to": [TO], "tags": tags, "bounce": {"type": "Permanent", "subType": "General"}},
    }


# What each gives back of what it was sent, after its documentation; nothing else of ours stands in it.
GIVES_BACK: dict[str, Callable[[Sent], object]] = {
    "ses": _sns,
    "postmark": lambda sent: {"RecordType": "Bounce", "Type": "HardBounce", "ID": 1, "Email": TO, "Metadata": sent["Metadata"]},
    "mailgun": _mailgun,
    "sendgrid": lambda sent: [
        {
            "event": "bounce",
            "bounce_classification": "Invalid Address",
            "email": TO,
            "timestamp": AT,
            "sg_event_id": "1",
            **sent["custom_args"],
        }
    ],
    "brevo": lambda sent: {"event": "hard_bounce", "email": TO, "ts_epoch": AT, "X-Mailin-custom": sent["headers"]["X-Mailin-custom"]},
    "mailjet": lambda sent: {
        "event": "bounce",
        "hard_bounce": True,
        "email": TO,
        "time": AT,
        "MessageID": 1,
        "CustomID": sent["Messages"][0]["CustomID"],
    },
    "sparkpost": _sparkpost,
    "resend": _resend,
    "mailersend": lambda sent: {
        "type": "activity.hard_bounced",
        "data": {"id": "1", "type": "hard_bounced", "email": {"recipient": {"email": TO}, "tags": sent["tags"]}},
    },
}


def sent_of(request: Request) -> Sent:
    """Return what was posted: the object, or the fields of a form."""
    if request.headers["Content-Type" if "Content-Type" in request.headers else "content-type"] == "application/json":
        return dict(json.loads(request.body))
    fields = re.findall(rb'name="([^"]+)"\r\n\r\n(.*?)\r\n--', request.body, re.DOTALL)
    return {name.decode(): value.decode() for name, value in fields}


def test_a_sender_s_name_is_not_taken_for_ours() -> None:
    odd = MAIL.data.replace(b"From: ", b'From: "Message-ID: <1.x@y" ', 1)
    assert name_in(msgspec.structs.replace(MAIL, data=odd)) == NAME == name_in(MAIL)


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_report_finds_the_message_that_was_posted(kind: str) -> None:
    body = json.dumps(GIVES_BACK[kind](sent_of(all_of("http://x.example")[kind].write(MAIL)))).encode()
    (report,) = read_body(kind, body).reports
    assert find_message(KEYS, report.tokens) == MAIL.message.id
    assert report.address == TO
    assert classify(report.evidence).kind is Kind.HARD_BOUNCE
