"""Webhook: ask another system, and wait for its answer, which conditions, requests and mails behind it read as `run.NAME`.

The request is a template: what stands in the address is percent-encoded, the body is JSON whose values are filled in. Host and scheme are
written out, so that no value leads the request elsewhere. Secrets are named, not written (journeys/acting/secrets.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec

from hudhud.journeys.types import Due, Part, Plan, Reason, Span, Word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.segments.types import Condition

Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
# Scheme, host and port; only behind them may something be filled in.
ORIGIN = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(?=[/?]|\Z)")
HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
# What the connection and the attempt are told by; whoever sets them would speak for us.
OURS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "te", "upgrade", "trailer", "expect", "idempotency-key"}
)
LONGEST_URL, LONGEST_BODY, LONGEST_PATH = 2_000, 20_000, 200
MOST_HEADERS, MOST_KEPT, MOST_TEXTS, DEEPEST = 20, 20, 200, 20
BODILESS = frozenset({"GET", "DELETE"})


class Secret(Part, frozen=True, omit_defaults=True):
    """A header whose value is a secret: `{"secret": "loyalty", "before": "Bearer "}`."""

    secret: Name
    # What a header may hold, and no more: one that cannot be sent would be told of, with the secret in it.
    before: Annotated[str, msgspec.Meta(max_length=40, pattern=r"^([\x21-\x7e][\x20-\x7e]*)?(?![\s\S])")] = ""


class Sample(Part, frozen=True, omit_defaults=True):
    """What a rehearsal takes for the answer, as it calls nobody."""

    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 200
    body: Any = None


class Webhook(Part, frozen=True, tag_field="kind", tag="webhook", omit_defaults=True, kw_only=True):
    """`{"kind": "webhook", "name", "url", "method", "headers", "body", "keep": {name: path}, "timeout", "sample", "next", "failed"}`.

    `keep`: what of the answer is kept, by name; without it all of it is, as `run.NAME.body`. `run.NAME.status` is always there.
    """

    name: Name
    url: Annotated[str, msgspec.Meta(max_length=LONGEST_URL)]
    method: Method = "POST"
    headers: dict[str, str | Secret] = msgspec.field(default_factory=dict)
    body: Any = None
    keep: dict[Name, str] = msgspec.field(default_factory=dict)
    timeout: Span = Span(1, "hours")
    sample: Sample | None = None
    next: Word
    failed: Word

    def __post_init__(self) -> None:
        """Refuse what cannot be sent."""
        if not self.url.isprintable() or not ORIGIN.match(self.url) or "#" in self.url:
            raise ValueError(
                "`url`: begin with https:// and a host that is written out, and leave out user name and #; fill in behind the host only"
            )
        try:
            urlsplit(self.origin).port  # noqa: B018 -- it is read to see whether it can be
        except ValueError as error:
            raise ValueError(f"`url`: {error}") from None
        if self.body is not None and self.method in BODILESS:
            raise ValueError(f"`body`: a {self.method} request has none; use POST, or leave it out")
        if len(msgspec.json.encode(self.body)) > LONGEST_BODY or sum(1 for _ in walk(self.body)) > MOST_TEXTS:
            raise ValueError(f"`body`: use at most {LONGEST_BODY} bytes, {MOST_TEXTS} texts and {DEEPEST} levels")
        if len(self.headers) > MOST_HEADERS or len({name.lower() for name in self.headers}) < len(self.headers):
            raise ValueError(f"`headers`: use at most {MOST_HEADERS}, each once")
        for name in self.headers:
            if not HEADER.fullmatch(name) or name.lower() in OURS:
                raise ValueError(f"`headers`: {name!r} cannot be set; use a name of your own")
        if len(self.keep) > MOST_KEPT or "status" in self.keep or not all(0 < len(path) <= LONGEST_PATH for path in self.keep.values()):
            raise ValueError(
                f"`keep`: name at most {MOST_KEPT} values by their place in the answer, such as balance.points; `status` is kept anyhow"
            )

    @property
    def kind(self) -> Literal["webhook"]:
        """Return the word in `kind`."""
        return "webhook"

    @property
    def origin(self) -> str:
        """Return scheme, host and port."""
        found = ORIGIN.match(self.url)
        assert found is not None
        return found[0].lower()

    @property
    def host(self) -> str:
        """Return the host with its port."""
        parts = urlsplit(self.origin)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"

    def exits(self) -> dict[str, str]:
        """On with an answer; or without one that is any good."""
        return {"next": self.next, "failed": self.failed}

    def conditions(self) -> dict[str, Condition]:
        """It asks nothing that is known here."""
        return {}

    def hold(self) -> None:
        """Not on arrival: first the request is planned."""
        return

    def plan(self, batch: list[Due], facts: dict[str, set[int]]) -> Plan:  # noqa: ARG002 -- the contract of all nodes
        """Who comes is asked about, and waits. Who is due was not answered in time."""
        came = [run for run in batch if not run.waiting]
        plan = Plan(effects=came, holds_until=[(run, run.due_at + self.timeout.length()) for run in came])
        return plan.move("failed", [run for run in batch if run.waiting], Reason.TIMED_OUT)


def walk(body: Any, path: str = "body", depth: int = 0) -> Iterator[tuple[str, str]]:  # noqa: ANN401 -- any JSON
    """Yield every text of a body that is a template, with its place; raises `ValueError` for one that is too deep."""
    if depth > DEEPEST:
        raise ValueError(f"`body`: nest at most {DEEPEST} levels")
    if isinstance(body, str):
        yield path, body
    elif isinstance(body, dict):
        for name, part in body.items():
            yield from walk(part, f"{path}.{name}", depth + 1)
    elif isinstance(body, list):
        for place, part in enumerate(body):
            yield from walk(part, f"{path}[{place}]", depth + 1)
