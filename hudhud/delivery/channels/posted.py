"""The one adapter for providers with an HTTP API: it marks, posts the mail, and asks the provider's own file what the answer means.

A provider is a function that writes the request and one that reads the answer. What holds for all stands here: before a connection nothing has left; once
the request may have left, only an answer says what became of it (decision 49).
"""

from __future__ import annotations

import base64
import email
import email.policy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec
import structlog

from hudhud.delivery.channels.base import End, Handed
from hudhud.delivery.retry import CONTROLS
from hudhud.delivery.types import Reason
from hudhud.kit.egress import Failed, NotSent, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hudhud.delivery.channels.base import MaySend, Recorder, Upcoming
    from hudhud.delivery.compose import Ready
    from hudhud.kit.egress import Answer, Egress

log = structlog.get_logger()
MOST_READ = 16_384
LONGEST_PAUSE_S = 86_400.0
# Written by the provider anew.
OWN_HEADERS = frozenset(
    {"from", "to", "subject", "date", "mime-version", "content-type", "content-transfer-encoding", "reply-to", "message-id"}
)


class Request(NamedTuple):
    """What is posted, and where."""

    url: str
    headers: dict[str, str]
    body: bytes


class Provider(Protocol):
    """One provider; `repeats` says that it knows a request that comes again by its key, and does nothing twice."""

    @property
    def repeats(self) -> bool:
        """Whether a repeat is known."""

    @property
    def most_bytes(self) -> int:
        """The largest mail that is taken."""

    def write(self, mail: Ready) -> Request:
        """Write the request for a mail."""

    def read(self, answer: Answer) -> Handed:
        """Say what an answer means."""


@dataclass(frozen=True, slots=True)
class Posted:
    """The channel to a provider."""

    provider: Provider
    egress: Egress
    lines: int

    async def connect(self, flight: Recorder) -> PostLine:
        """Open a line; connections are made when there is something to post."""
        return PostLine(self.provider, self.egress, flight)

    async def close(self) -> None:
        """Connections are shared with other channels."""


@dataclass(frozen=True, slots=True)
class PostLine:
    """One mail at a time to a provider."""

    provider: Provider
    egress: Egress
    flight: Recorder
    is_usable: bool = True

    def refusal_of(self, mail: Ready) -> str:
        """What the provider says it does not take."""
        return Reason.TOO_LARGE if len(mail.data) > self.provider.most_bytes else ""

    async def send(self, mail: Ready, may_send: MaySend, _upcoming: Upcoming) -> Handed | None:
        """Mark, post, read the answer."""
        try:
            request = self.provider.write(mail)
        except Exception as error:
            log.exception("delivery.not_posted", message=mail.message.id)
            return Handed(End.ODD, Reason.CANNOT_WRITE, None, f"{type(error).__name__}: {error}")
        if not await may_send():
            return None
        self.flight.leaves(*mail.hold)
        try:
            answer = await self.egress.post(request.url, request.headers, request.body, limit=MOST_READ)
        except (NotSent, Refused) as error:
            self.flight.answered(*mail.hold, is_good=False)
            return Handed(End.SHUT, Reason.PEER_UNREACHABLE, None, error.message)
        except Failed as error:
            return Handed(End.IN_DOUBT, Reason.NO_REPLY, None, error.message, may_repeat=self.provider.repeats)
        handed = self._read(answer)
        if handed.end is not End.IN_DOUBT:
            self.flight.answered(*mail.hold, is_good=handed.end is End.ACCEPTED)
        return handed

    def _read(self, answer: Answer) -> Handed:
        """Say what an answer means; of one that we stumble over, nobody knows."""
        try:
            return self.provider.read(answer)
        except Exception as error:
            log.exception("delivery.answer_not_read")
            text = f"{answer.status}: {type(error).__name__}"
            return Handed(End.IN_DOUBT, Reason.NO_REPLY, answer.status, text, may_repeat=self.provider.repeats)

    async def quit(self) -> None:
        """Nothing to end."""


# -- for the providers' files


@dataclass(frozen=True, slots=True)
class Parts:
    """A finished mail taken apart, for providers that put it together themselves; `name` is ours for the message, as reports bring it back."""

    sender_name: str
    sender: str
    reply_to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    name: str

    @property
    def mailbox(self) -> dict[str, str]:
        """The sender as an object, with its name if it has one."""
        return {"email": self.sender, "name": self.sender_name} if self.sender_name else {"email": self.sender}

    @property
    def shown(self) -> str:
        """The sender as one text; quoted, as names may hold commas."""
        return '"' + self.sender_name.replace("\\", "").replace('"', "") + f'" <{self.sender}>' if self.sender_name else self.sender


def name_in(mail: Ready) -> str:
    """Return our name of the message, from its Message-ID `<ID.NAME@…>`: the header itself, whatever a sender calls themselves."""
    head = b"\r\n" + mail.data[: mail.data.find(b"\r\n\r\n")]
    _, _, rest = head.partition(b"\r\nMessage-ID: <")
    return rest.partition(b"@")[0].rpartition(b".")[2].decode("ascii", "replace")


def parts_of(mail: Ready) -> Parts:
    """Take a mail apart; headers of ours (List-*, Feedback-ID) stay as they are."""
    parsed = email.message_from_bytes(mail.data, policy=email.policy.default)
    sender = parsed["From"].addresses[0]
    reply = parsed["Reply-To"]
    others = {name: str(value) for name, value in parsed.items() if name.lower() not in OWN_HEADERS}
    return Parts(
        sender.display_name, sender.addr_spec, reply.addresses[0].addr_spec if reply else "", str(parsed["Subject"] or ""),
        _body(parsed, "plain"), _body(parsed, "html"), others, name_in(mail),
    )  # fmt: skip


def _body(parsed: email.message.EmailMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def basic(user: str, password: str) -> str:
    """Return the value of `Authorization`."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def as_json(url: str, headers: Mapping[str, str], body: object) -> Request:
    """Write a request in JSON."""
    return Request(url, {"Content-Type": "application/json", "Accept": "application/json", **headers}, msgspec.json.encode(body))


def read_json(answer: Answer) -> dict[str, Any]:
    """Return an answer's object; an empty one where it is none."""
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def accepted(answer: Answer, name: object) -> Handed:
    """Taken, under the provider's own name; a good status without one is no answer of theirs (a proxy, a portal): nobody knows."""
    if not isinstance(name, str | int) or not name:
        return Handed(End.IN_DOUBT, Reason.NO_REPLY, answer.status, f"{answer.status} without the number of a mail")
    return Handed(End.ACCEPTED, None, answer.status, _shown(str(name)))


def by_status(answer: Answer, text: str, *, is_hard: bool = False) -> Handed:
    """What a status means with all of them, where their words say nothing else. 502 and 504 come from between: it may have been taken."""
    said = (answer.status, _shown(text) or _shown(answer.body[:300].decode("utf-8", "replace")))
    match answer.status:
        case 429 | 420:
            return Handed(End.DEFERRED, Reason.PEER_DEFERRED, *said, again_in_s=pause_of(answer))
        case 400 | 406 | 409 | 415 | 422:
            return Handed(End.REJECTED, Reason.PEER_REJECTED, *said, is_hard=is_hard)
        case 413:
            return Handed(End.REJECTED, Reason.TOO_LARGE, *said)
        case 502 | 504:
            return Handed(End.IN_DOUBT, Reason.NO_REPLY, *said)
        case 408 | 425 | 500 | 503 | 529:
            return Handed(End.DEFERRED, Reason.PEER_DEFERRED, *said, again_in_s=pause_of(answer))
    return Handed(End.SHUT, Reason.PEER_REJECTED, *said)


def pause_of(answer: Answer) -> float | None:
    """Return for how long they ask us to wait, in seconds."""
    text = answer.headers.get("retry-after", "").strip()
    return min(float(text), LONGEST_PAUSE_S) if text.isdigit() else None


def _shown(text: str) -> str:
    return CONTROLS.sub(" ", text).strip()[:500]
