"""What `webhook` nodes ask: the requests of a batch of runs, filled in by the limited render process, and what a rehearsal takes for answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hudhud.accounts.queries import get_workspace
from hudhud.content.protocol import Blank
from hudhud.content.sandbox import shared
from hudhud.content.types import TemplateError
from hudhud.content.values import person_values, workspace_values
from hudhud.journeys.acting import answers
from hudhud.journeys.acting.secrets import find_secrets
from hudhud.journeys.nodes.webhook import BODILESS, Secret, walk
from hudhud.journeys.running.facts import find_value
from hudhud.journeys.types import Plan, Problem, Reason
from hudhud.kit import sql
from hudhud.kit.config import settings
from hudhud.kit.egress import check_url, read_networks
from hudhud.kit.errors import InvalidInput
from hudhud.kit.sql import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from hudhud.content.protocol import Filled
    from hudhud.journeys.graph import Graph
    from hudhud.journeys.nodes.webhook import Webhook
    from hudhud.journeys.types import Due
    from hudhud.kit.db import Scope
    from hudhud.people.types import Person

QUERIES = sql.load("hudhud.journeys.acting", "requests.sql")
OK, BAD = 200, 300
MOST_ANSWER = 16_384
LONGEST_FILLED, LONGEST_URL = 200_000, 8_000
# Address, headers (or which secrets go into them), body.
Request = tuple[str, list[dict[str, str]], bytes]
# No answer is deeper than templates and conditions walk; whole numbers beyond are none to a float.
DEEPEST_ANSWER, LARGEST = 100, 10**300
decode_answer = msgspec.json.Decoder().decode


def blanks_of(node: Webhook) -> list[Blank]:
    """Return the texts of a request that are filled in: address, headers, then the body's."""
    headers = [Blank(f"headers.{name}", value) for name, value in node.headers.items() if isinstance(value, str)]
    return [Blank("url", node.url, "url"), *headers, *(Blank(path, text, "value") for path, text in walk(node.body))]


def check_texts(graph: Graph) -> list[Problem]:
    """Return what is wrong with the texts that requests are made of."""
    return [problem for node_id, node in graph.nodes.items() if node.kind == "webhook" for problem in _check_text(node_id, node)]


def _check_text(node_id: str, node: Webhook) -> Iterator[Problem]:
    try:
        shared().fill(blanks_of(node), [])
    except TemplateError as error:
        yield Problem(node_id, "bad_text", f"{error.data['field']}: {error.data['problem']}", str(error.data["remedy"]))


def check_reach(ws: Scope, graph: Graph) -> list[Problem]:
    """Return what requests lack in their workspace: addresses that may be called, secrets, and those for this host."""
    secrets, found = {one["name"]: one["host"] for one in find_secrets(ws)}, list[Problem]()
    for node_id, node in graph.nodes.items():
        if node.kind != "webhook":
            continue
        try:
            check_url("url", node.origin, read_networks(settings().private_networks))
        except InvalidInput as error:
            found.append(Problem(node_id, "bad_address", f"url: {error.data['value']}", str(error.data["remedy"])))
        for name, value in node.headers.items():
            if isinstance(value, Secret) and secrets.get(value.secret) != node.host:
                known = secrets.get(value.secret)
                said = f"there is no secret {value.secret!r}" if known is None else f"the secret {value.secret!r} is for {known}"
                found.append(Problem(node_id, "unknown_secret", f"headers.{name}: {said}", f"write one for {node.host}"))
    return found


class Writer:
    """Writes the requests of one node for a batch of people."""

    def __init__(self, ws: Scope, node: Webhook) -> None:
        """Read what is the same for all of them."""
        self.ws, self.node, self.blanks = ws, node, blanks_of(node)
        known = get_workspace(ws)
        row = {name: getattr(known, name) for name in ("name", "currency", "postal_address", "sender_email")}
        self.workspace = workspace_values(row, settings().base_url)

    def facts(self, person: Person, event: Mapping[str, Any], given: Mapping[str, Any]) -> bytes:
        """Return what the texts may read of one run."""
        return msgspec.json.encode(
            {
                "person": person_values(person.id, person.attributes, person.language or ""),
                "event": event,
                "run": given.get("run", {}),
                "coupon": given.get("coupon", {}),
                "workspace": self.workspace,
            }
        )

    def fill(self, facts: Sequence[bytes]) -> list[Filled]:
        """Fill the texts in for each."""
        return shared().fill(self.blanks, facts)

    def request(self, filled: Filled) -> Request:
        """Return address, headers and body; raises `ValueError` where they cannot be sent."""
        texts = iter(filled.texts)
        url = next(texts)
        path = url.partition("?")[0].removeprefix(self.node.origin)
        if len(url) > LONGEST_URL or not url.isascii() or any(ord(one) <= ord(" ") for one in url):
            raise ValueError("url: it came out too long, or with characters that an address has not")
        if not url.lower().startswith(self.node.origin) or {".", ".."} & set(path.split("/")):
            raise ValueError("url: a value leads out of its path")
        headers = []
        for name, value in self.node.headers.items():
            if isinstance(value, Secret):
                headers.append({"name": name, "secret": value.secret, "before": value.before})
                continue
            text = next(texts).strip()
            if not text.isascii() or not text.isprintable():
                raise ValueError(f"headers.{name}: a value has a line break, or letters beyond ASCII")
            headers.append({"name": name, "value": text})
        body = b"" if self.node.method in BODILESS else msgspec.json.encode(_put_in(self.node.body, texts))
        if len(body) > LONGEST_FILLED:
            raise ValueError(f"body: {len(body)} bytes, more than {LONGEST_FILLED}")
        return url, headers, body


def _put_in(body: Any, texts: Iterator[Any]) -> Any:  # noqa: ANN401 -- any JSON
    """Put filled texts into the places of a body, in the order of `walk`."""
    if isinstance(body, str):
        return next(texts)
    if isinstance(body, dict):
        return {name: _put_in(part, texts) for name, part in body.items()}
    return [_put_in(part, texts) for part in body] if isinstance(body, list) else body


def write(ws: Scope, version_id: int, node_id: str, node: Webhook, rows: Sequence[tuple[Due, Request]], now: datetime) -> None:
    """Write requests, for the requests role to send."""
    ws.run(
        QUERIES.plan_requests,
        version_id=version_id,
        node=node_id,
        host=node.host,
        method=node.method,
        now=now,
        run_ids=[run.run_id for run, _ in rows],
        visits=[run.visit for run, _ in rows],
        person_ids=[run.person_id for run, _ in rows],
        urls=[url for _, (url, _, _) in rows],
        headers=[msgspec.json.encode(headers).decode() for _, (_, headers, _) in rows],
        bodies=[body for _, (_, _, body) in rows],
    )
    ws.run(QUERIES.know_host, host=node.host)
    ws.run(QUERIES.ring)


def kept_of(node: Webhook, status: int, body: object) -> dict[str, Any]:
    """Return what is kept of an answer, as `run.NAME`."""
    if not node.keep:
        return {"status": status} if body is None else {"status": status, "body": body}
    found = {name: find_value(body, path) if isinstance(body, dict) else None for name, path in node.keep.items()}
    return {"status": status, **{name: value for name, value in found.items() if value is not None}}


def read_answer(body: bytes) -> object:
    """Return the JSON of an answer; None where it is none, or more of it came than is kept."""
    if len(body) > MOST_ANSWER:
        return None
    try:
        return _clean(decode_answer(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _clean(value: object, depth: int = 0) -> object:
    """Return a value of JSON without what no database text can hold (NUL), and with numbers that arithmetic can reach."""
    if depth > DEEPEST_ANSWER:
        raise RecursionError
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, int) and abs(value) > LARGEST:
        return None
    if isinstance(value, dict):
        return {name.replace("\0", ""): _clean(part, depth + 1) for name, part in value.items()}
    return [_clean(part, depth + 1) for part in value] if isinstance(value, list) else value


def assume(ws: Scope, node: Webhook, batch: Sequence[Due]) -> Plan:
    """Plan for a rehearsal, which calls nobody: the author's sample is everybody's answer, at once."""
    status, body = (OK, None) if node.sample is None else (node.sample.status, node.sample.body)
    is_good = OK <= status < BAD
    if is_good:
        kept = kept_of(node, status, read_answer(msgspec.json.encode(body)))
        answers.keep(ws, "run", node.name, {(run.run_id, run.visit): kept for run in batch})
    return Plan().move("next" if is_good else "failed", list(batch), Reason.ANSWERED if is_good else Reason.REQUEST_FAILED)


def tell_requests(ws: Scope, run_ids: Sequence[int]) -> dict[tuple[int, int], dict[str, Any]]:
    """Return what runs have asked, by (run, visit): the request with its secrets named and not told, attempts, and the beginning of the answer."""
    found = {}
    for row in ws.all(QUERIES.find_requests, run_ids=numbers(run_ids)):
        told = {name: row[name] for name in ("method", "url", "headers", "state", "code", "detail", "tries")}
        told |= {name: bytes(row[name]).decode("utf-8", "replace") for name in ("body", "reply")}
        found[row["run_id"], row["visit"]] = told | {"due_at": row["due_at"].isoformat() if row["due_at"] else None}
    return found
