from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudhud.events.errors import MalformedBody, TooLarge
from hudhud.events.types import LANES, LIVE_LANES, check_text, lane_of, parse, person_key, reread
from hudhud.kit.errors import HudhudError, InvalidInput

GOOD: dict[str, Any] = {"type": "track", "event": "Order Completed", "userId": "u1"}


def read(**changes: object) -> Any:  # noqa: ANN401 -- Message
    body = json.dumps({name: value for name, value in {**GOOD, **changes}.items() if value != "absent"}).encode()
    check_text(body)
    return parse(body)


def test_a_message_is_read_and_its_properties_stay_bytes() -> None:
    message = parse(b'{"type":"track","event":"A","userId":7,"properties":{"x": 1.50},"traits":null,"timestamp":"2026-01-31T12:00:00.5Z"}')
    assert (message.user_id, bytes(message.properties), bytes(message.traits)) == ("7", b'{"x": 1.50}', b"{}")
    assert message.timestamp is not None
    assert message.timestamp.isoformat() == "2026-01-31T12:00:00.500000+00:00"


@pytest.mark.parametrize(
    ("changes", "field", "remedy"),
    [
        ({"type": "absent"}, "type", "identify, track"),
        ({"type": "trakc"}, "type", "identify, track"),
        ({"event": ""}, "event", "name the event"),
        ({"event": "x" * 257}, "event", "at most 256"),
        ({"event": 5}, "event", "expected str"),
        ({"userId": "absent"}, "userId", "userId or anonymousId"),
        ({"userId": ""}, "userId", "userId or anonymousId"),
        ({"userId": "u" * 513}, "userId", "at most 512"),
        ({"userId": ["u"]}, "userId", "expected int"),
        ({"messageId": ""}, "messageId", "leave it out"),
        ({"timestamp": "yesterday"}, "timestamp", "ISO 8601"),
        ({"timestamp": 1700000000}, "timestamp", "ISO 8601"),
        ({"timestamp": "1969-12-31T00:00:00Z"}, "timestamp", "1970"),
        ({"timestamp": "2200-01-01T00:00:00Z"}, "timestamp", "1970"),
        ({"properties": [1]}, "properties", "JSON object"),
        ({"context": "mobile"}, "context", "JSON object"),
        ({"type": "alias"}, "previousId", "alias needs"),
        ({"type": "group"}, "groupId", "name the group"),
        ({"type": "group", "groupId": "g", "traits": {"n" * 513: 1}}, "traits", "at most 512"),
        ({"type": "identify", "userId": "absent", "traits": {"email": "nobody"}}, "userId", "traits.email"),
        ({"properties": {"a": "\0"}}, "body", "NUL"),
    ],
)
def test_a_bad_message_is_refused_with_field_value_and_remedy(changes: dict[str, Any], field: str, remedy: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(**changes)
    assert refused.value.data["field"] == field
    assert remedy in str(refused.value.data["remedy"])


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "not valid JSON"),
        (b"[]", 422, "message"),
        (b'{"type":"track"', 400, "not valid JSON"),
        (b'{"type":"track","event":"A","userId":"u","properties":{"a":NaN}}', 400, "not valid JSON"),
        (b'{"type":"track","event":"A","userId":"u","properties":{"a":"\\ud800"}}', 422, "surrogate"),
        (b'{"type":"track","event":"\\udfff","userId":"u"}', 422, "surrogate"),
        (b'{"type":"track","event":"A","userId":"u","properties":{"a":"\xff"}}', 422, "UTF-8"),
        (b'{"type":"identify","userId":"u","traits":{"a":1e999}}', 422, "traits"),
        (b'{"type":"track","event":"A","userId":"u","properties":{"a":[1E+400]}}', 422, "properties"),
        (b'{"type":"track","event":"A","userId":"u","context":{"a":' + b"9" * 400 + b".5}}", 422, "context"),
        (b'{"type":"track","event":"A","userId":"u","properties":' + b'{"a":' * 65 + b"1" + b"}" * 65 + b"}", 422, "64 deep"),
        (b'{"type":"track","event":"A","userId":"u","properties":{"a":' + b"[" * 9000 + b"]" * 9000 + b"}}", 422, "64 deep"),
        (b'{"type":"track","event":"A","userId":"u","properties":{"a":"' + b"x" * 33000 + b'"}}', 413, "32768"),
    ],
)
def test_what_nobody_can_keep_is_refused(body: bytes, status: int, words: str) -> None:
    refused = verdict(body)
    assert refused is not None
    assert refused.status == status
    assert words in refused.message


def verdict(body: bytes) -> HudhudError | None:
    """What the door says to these bytes; None: they are a message."""
    try:
        check_text(body)
        message = parse(body)
    except HudhudError as error:
        return error
    return None if message.user_id or message.anonymous_id or person_key(message) else HudhudError("a message of nobody")


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    check_text(b'{"path":"C:\\\\u0000"}')
    with pytest.raises(InvalidInput):
        check_text(b'{"path":"C:\\\\\\u0000"}')


def test_the_route_says_the_kind_and_must_not_contradict() -> None:
    assert parse(b'{"event":"A","userId":"u"}', "track").type == "track"
    with pytest.raises(InvalidInput, match="send the message to /v1/page"):
        parse(b'{"type":"page","userId":"u"}', "track")


def test_an_address_alone_names_somebody_in_identify() -> None:
    message = parse(b'{"type":"identify","traits":{"email":"ann@example.com"}}')
    assert person_key(message) == "ann@example.com"


@pytest.mark.parametrize("own", [b"", b'"traits":{},'])
def test_traits_may_stand_in_the_context_as_rudderstack_sends_them(own: bytes) -> None:
    body = b'{"type":"identify",%s"context":{"traits":{"email":"ann@example.com"}}}' % own
    assert [bytes(way(body).traits) for way in (parse, reread)] == [b'{"email":"ann@example.com"}'] * 2
    with pytest.raises(InvalidInput) as caught:
        parse(b'{"type":"identify","userId":"u","context":{"traits":5}}')
    assert caught.value.data["field"] == "traits"


def test_imports_have_lanes_of_their_own() -> None:
    keys = [f"u{number}" for number in range(1000)]
    assert {lane_of(key) for key in keys} == set(range(LIVE_LANES))
    assert {lane_of(key, bulk=True) for key in keys} == set(range(LIVE_LANES, LANES))


@given(
    st.binary(max_size=200)
    | st.text(max_size=60).map(str.encode)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.dictionaries(st.sampled_from(["type", "userId", "event", "properties", "timestamp", "x"]), inner, max_size=4),
    ).map(lambda value: json.dumps(value).encode())
)
@settings(max_examples=400, deadline=None)
def test_no_bytes_make_it_fail_in_another_way(body: bytes) -> None:
    refused = verdict(body)
    assert refused is None or refused.status in {400, 413, 422}


def test_malformed_json_is_not_called_invalid_input() -> None:
    with pytest.raises(MalformedBody):
        parse(b"{")
    with pytest.raises(TooLarge):
        parse(b'{"type":"track","event":"A","userId":"u","properties":{"a":"' + b"x" * 33000 + b'"}}')
