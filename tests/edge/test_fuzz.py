"""F-39 at the door: whatever stands in a field, a header or an address, the answer is no 500."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from tests.harness.texts import REFUSED, TEXTS

if TYPE_CHECKING:
    from tests.edge.door import Door

FIELDS = (
    "type",
    "messageId",
    "userId",
    "anonymousId",
    "previousId",
    "groupId",
    "event",
    "name",
    "timestamp",
    "sentAt",
    "properties",
    "traits",
    "context",
    "writeKey",
)


def message(field: str, text: str) -> bytes:
    """A message with this text, as it goes over the wire, in one field (and within its objects)."""
    whole = {"type": "track", "userId": "u1", "event": "A", "properties": {"a": "b"}, "traits": {"email": "a@b.ee"}, field: "@@"}
    return json.dumps(whole).replace("@@", text).encode()


def test_f39_every_text_in_every_field_of_a_message(door: Door) -> None:
    kept = [json.dumps(text)[1:-1] for text in TEXTS]
    for kind in ("track", "identify"):
        for text in kept + REFUSED:
            batch = b",".join(message(field, text).replace(b'"type": "track"', b'"type": "%s"' % kind.encode()) for field in FIELDS)
            answer = door.post("/v1/batch", b'{"batch":[' + batch + b"]}")
            assert answer.status in ((422,) if text in REFUSED else (200, 422)), (text, answer.status, answer.body[:300])


def test_f39_objects_take_any_text_and_give_it_back(door: Door) -> None:
    for place, text in enumerate(TEXTS):
        sent = {"type": "track", "userId": "u1", "event": "A", "messageId": f"m{place}", "properties": {"said": text, text or "-": 1}}
        assert door.post("/v1/track", sent).status == 200
    assert [one["properties"]["said"] for one in door.log()] == TEXTS


def test_a_megabyte_in_one_field_is_too_large(door: Door) -> None:
    for field in FIELDS:
        assert door.post("/v1/track", message(field, "õ" * 2**20)).status == 413


def test_headers_and_addresses_of_any_letters(door: Door) -> None:
    wild = ["Basic õõõ", "Basic", "Basic " + base64.b64encode(b"\xff\xfe:").decode(), "Bearer x", "Basic " + "A" * 4_000, "Basic ===="]
    for header in wild:
        answer = door.request("POST", "/v1/track", b'{"userId":"1","event":"A"}', {"Authorization": header.encode().decode("latin-1")})
        assert answer.status == 401, header
    for path in (
        "/hooks/%00",
        "/hooks/%FF",
        "/hooks/" + "x" * 4_000,
        "/hooks/a%2Fb",
        "/hooks/../v1/track",
        "/u/%FF%00",
        "/t/o/%F0%9F.gif",
        "/v1/%00",
    ):
        assert door.request("POST", path, b"{}").status in {400, 404, 405}, path
