"""The history: every call to the product and every answer, written down outside the product's processes.

A call is written before it is sent and its answer after it came, so that a call without an answer ("who knows?") can be
told from one that was never made. Only what was answered 2xx is a promise that the checker holds the product to.
"""

from __future__ import annotations

import base64
import http.client
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Call:
    """One call; `status` is None when no answer came."""

    number: int
    method: str
    path: str
    body: str
    sent_at: float  # time.monotonic()
    note: dict[str, Any] = field(default_factory=dict)  # what the test knows about it, e.g. {"stops": "anna@example.com"}
    status: int | None = None
    answer: str = ""
    retry_after: str = ""
    answered_at: float = 0.0

    @property
    def is_promise(self) -> bool:
        """Whether the product has said that it is done."""
        return self.status is not None and 200 <= self.status < 300

    def json(self) -> Any:  # noqa: ANN401 -- whatever the API said
        """Parse the answer."""
        return json.loads(self.answer)


class History:
    """A client of one product address that writes down what it does."""

    def __init__(self, path: Path, url: str, *, key: str = "", timeout_s: float = 30.0) -> None:
        """`key` is an API or collect key: Bearer for `/api`, Basic (as Segment's SDKs do) for `/v1`."""
        self.path = path
        self.host = urlsplit(url).netloc
        self.key = key
        self.timeout_s = timeout_s
        self.calls = 0
        self._file = path.open("a", encoding="utf-8")
        self._line: http.client.HTTPConnection | None = None

    def call(
        self, method: str, path: str, body: object = None, *, note: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> Call:
        """Make one call, once: no retry, because a retry is another call. Never raises for what the product does."""
        self.calls += 1
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        call = Call(self.calls, method, path, text, time.monotonic(), note or {})
        self._write({"number": call.number, "method": method, "path": path, "body": text, "sent_at": call.sent_at, "note": call.note})
        status, answer, retry_after = self._exchange(method, path, text, {**self._headers(path), **(headers or {})})
        done = {"number": call.number, "status": status, "answer": answer, "retry_after": retry_after, "answered_at": time.monotonic()}
        self._write(done)
        return Call(**{**call.__dict__, **done})

    def collect(self, messages: Sequence[dict[str, Any]]) -> Call:
        """Send Segment messages as one batch; each must carry its `messageId`, so that the checker can look for it."""
        assert all(message["messageId"] for message in messages)
        return self.call("POST", "/v1/batch", {"batch": list(messages)})

    def close(self) -> None:
        """Close the file and the connection."""
        self._file.close()
        self._hang_up()

    def _headers(self, path: str) -> dict[str, str]:
        if not self.key:
            return {"content-type": "application/json"}
        basic = "Basic " + base64.b64encode(f"{self.key}:".encode()).decode()
        return {"content-type": "application/json", "authorization": basic if path.startswith("/v1/") else f"Bearer {self.key}"}

    def _exchange(self, method: str, path: str, text: str, headers: dict[str, str]) -> tuple[int | None, str, str]:
        try:
            if self._line is None:
                self._line = http.client.HTTPConnection(self.host, timeout=self.timeout_s)
            self._line.request(method, path, text.encode() or None, headers)
            response = self._line.getresponse()
            return response.status, response.read().decode("utf-8", "replace"), response.getheader("retry-after", "")
        except (OSError, http.client.HTTPException):
            self._hang_up()
            return None, "", ""

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()


def read(path: Path) -> list[Call]:
    """Return all calls of a history file, in the order in which they were made."""
    calls: dict[int, dict[str, Any]] = {}
    for line in path.read_text("utf-8").splitlines():
        record = json.loads(line)
        calls.setdefault(record["number"], {}).update(record)
    return [Call(**record) for record in calls.values()]


def promised_events(calls: Sequence[Call]) -> dict[str, str]:
    """Return every event the product has acknowledged: message id -> canonical body, from batches and single messages."""
    promised: dict[str, str] = {}
    for call in calls:
        if not (call.is_promise and call.method == "POST" and call.path.startswith("/v1/")):
            continue
        body = json.loads(call.body)
        for message in body["batch"] if call.path == "/v1/batch" else [body]:
            promised.setdefault(message["messageId"], json.dumps(message, sort_keys=True))
    return promised
