"""F-39 and A-07: whatever stands in a field or a parameter of the API, the answer is no 500, comes soon, and what cannot be kept is refused."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.app.browser import PASSWORD, Browser
from tests.app.routes import DOCUMENT, example
from tests.harness.texts import LONG, REFUSED, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.app.wiring import Wiring

SLOW_S = 5.0
# `make prove` puts every text into every field; five shares no divisor with how many texts there are: each field gets some, each text is in some.
EVERY = int(os.environ.get("PROVE_FIELDS_EVERY", "5"))
# What ends the session, the workspace's sample or takes the caller's rights is not for this.
SPARED = {"/api/v1/setup", "/api/v1/demo"}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        if path not in SPARED and not path.startswith("/api/v1/members")
    ]


def body_of(operation: dict[str, Any]) -> dict[str, Any] | None:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    found = example(content["schema"]) if content else None
    return found if isinstance(found, dict) else None


def strings(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every text in a body."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from strings(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from strings(inner, (*path, place))
    elif isinstance(value, str):
        yield path


def replaced(value: Any, path: tuple[Any, ...], text: object) -> Any:  # noqa: ANN401 -- any JSON
    if not path:
        return text
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], text)
    return copy


class Fuzzer:
    def __init__(self) -> None:
        self.owner = Browser()
        assert self.owner.ask("POST", "setup", {"email": "ada@example.com", "password": PASSWORD, "workspace": "Ours"})[0] == 201
        self.token = self.owner.client.cookies["csrftoken"].value
        self.asked = 0
        self.failed: list[str] = []

    def ask(self, method: str, path: str, raw: bytes, *, refused: bool = False) -> None:
        """Send as it is; write down what is wrong with the answer."""
        began = time.monotonic()
        answer = self.owner.client.generic(method, path, raw, "application/json", headers={"X-CSRFToken": self.token})
        took = time.monotonic() - began
        if answer.streaming:
            b"".join(answer.streaming_content)
        self.asked += 1
        # 503: a part that is not there in this test says so.
        wrong = answer.status_code == 500 or took > SLOW_S or (refused and answer.status_code != 422)
        if wrong:
            self.failed.append(f"{method} {path[:200]} {raw[:200]!r}: {answer.status_code} after {took:.1f} s {answer.content[:200]!r}")

    def fields(self, step: int) -> None:
        """Put every text into every field; with a step greater than one, some of them."""
        number = 0
        for method, path, operation in operations():
            body = body_of(operation)
            url = path_of(path)
            for place in strings(body or {}):
                marked = json.dumps(replaced(body, place, "@@"))
                for text in [json.dumps(text)[1:-1] for text in (*TEXTS, LONG)] + REFUSED:
                    number += 1
                    if number % step == 0:
                        self.ask(method, url, marked.replace("@@", text).encode(), refused=text in REFUSED)

    def parameters(self, step: int) -> None:
        """Put every text into every parameter, one at a time."""
        number = 0
        for method, path, operation in operations():
            given = [one for one in operation.get("parameters", []) if one["in"] == "query"]
            needed = {one["name"]: example(one["schema"], one["name"]) for one in given if one.get("required")}
            for one in given:
                for text in (*TEXTS, LONG[:2_000]):
                    number += 1
                    if number % step == 0:
                        query = urlencode({**needed, one["name"]: text}, doseq=True)
                        self.ask(method, f"{path_of(path)}?{query}", b"")


def path_of(path: str) -> str:
    """Return the address of something that there is not: what is under test is what stands in the fields."""
    for name in ("hook_id", "user_id", "number"):
        path = path.replace(f"{{{name}}}", "1")
    return "/".join("1" if part.startswith("{") else part for part in path.split("/"))


@pytest.fixture
def fuzzer(web: Wiring) -> Fuzzer:  # noqa: ARG001 -- the databases
    return Fuzzer()


def test_some_texts_in_some_fields_and_parameters(fuzzer: Fuzzer) -> None:
    fuzzer.fields(97)
    fuzzer.parameters(41)
    assert fuzzer.failed == []
    assert fuzzer.asked > 50


@pytest.mark.long
@pytest.mark.timeout(900)
def test_f39_every_text_in_every_field(fuzzer: Fuzzer) -> None:
    fuzzer.fields(EVERY)
    assert fuzzer.failed == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a07_every_text_in_every_parameter(fuzzer: Fuzzer) -> None:
    fuzzer.parameters(1)
    assert fuzzer.failed == []
