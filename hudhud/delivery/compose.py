"""From claimed messages to mails: values, headers, addresses of links; the bodies come from the render process."""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import structlog

from hudhud.content.mime import check_header, encode_words, header_block, mailbox_of, to_wire_address
from hudhud.content.protocol import Mail
from hudhud.content.values import Reading, choose_language, workspace_values
from hudhud.delivery.domains.dkim import Signer, sign
from hudhud.delivery.domains.keeping import find_signers
from hudhud.delivery.editions import find_copies, source_of
from hudhud.delivery.retry import CONTROLS
from hudhud.delivery.returnpath import to_return_path
from hudhud.delivery.senders.kinds import KINDS
from hudhud.delivery.types import Claimed, Mark, Reason
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.content.protocol import Written
    from hudhud.content.sandbox import Sandbox
    from hudhud.content.types import Compiled
    from hudhud.delivery.editions import Source
    from hudhud.delivery.senders.types import Way
    from hudhud.delivery.types import Chunk
    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope

    # By workspace and sender (0: the default).
    Letterheads = dict[tuple[int, int], "Letterhead | InvalidInput"]

QUERIES = sql.load("hudhud.delivery")
log = structlog.get_logger()
KEPT_VERSIONS = 64
ID = struct.Struct(">Q")
UNSUBSCRIBE = struct.Struct(">QQQQ")
ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
# What nearly every address looks like; the rest is looked at closely.
COMMON_ADDRESS = re.compile(r"[A-Za-z0-9._+-]+@[a-z0-9]{1,63}(?:\.[a-z0-9]{1,63})+").fullmatch


class Ready(msgspec.Struct, frozen=True):
    """A mail that only needs to be handed over."""

    message: Claimed
    mark: Mark
    sender: str
    recipient: str
    data: bytes

    @property
    def hold(self) -> tuple[int, int]:
        """The message and the lease it is held under: the same message may come again under another one."""
        return self.message.id, self.message.lease_id


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that cannot become a mail, and why."""

    message: Claimed
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What mails of one workspace, by one of its senders, say about where they come from; `bounce_domain`: where bounces go, if not to `address`."""

    shown: str
    address: str
    domain: str
    language: str
    values: dict[str, Any]
    reply_to: str = ""
    bounce_domain: str = ""
    signers: tuple[Signer, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """What many mails of one chunk have in common: letterhead, program, language, first headers."""

    sender: Letterhead
    compiled: Compiled
    program: str
    reading: Reading
    head: str
    is_marketing: bool


class Unwritable(Exception):
    """Something is wrong with this mail that no rule of ours is about."""


def _is_ours(way: Way | None) -> bool:
    """Whether we hand it over to a server of the customer's, which signs nothing."""
    return way is None or (way.kind in KINDS and KINDS[way.kind].signs)


class Composer:
    """Writes mails; keeps compiled versions and senders for a while. Used by one thread at a time."""

    def __init__(self, keys: Keys, sandbox: Sandbox, base_url: str) -> None:
        """Remember what signs and where links lead to."""
        self.keys, self.sandbox, self.base_url = keys, sandbox, base_url
        self.host = urlsplit(base_url).hostname or "localhost"
        self.versions: dict[Source, dict[str, Compiled]] = {}
        self.programs: dict[tuple[Source, str], str] = {}
        self.signers: dict[str, Signer] = {}

    def load(self, everywhere: Scope, chunk: Chunk) -> Letterheads:
        """Read what is not known yet: compiled versions (they never change) and, each time, the letterheads."""
        messages = chunk.messages
        missing = set(map(source_of, messages)) - self.versions.keys()
        if missing:
            if len(self.versions) > KEPT_VERSIONS:
                self.versions.clear()
                self.programs.clear()
                missing = set(map(source_of, messages))
            self.versions.update(find_copies(everywhere, missing))
        rows = everywhere.all(QUERIES.find_senders, ids=sorted({message.workspace_id for message in messages}))
        known = {row["id"]: row for row in rows}
        places = {(message.workspace_id, message.sender_id) for message in messages}
        made = {place: self._letterhead(known[place[0]], chunk.ways.get(place[1])) for place in places}
        return self._with_signers(everywhere, made, chunk)

    def _with_signers(self, everywhere: Scope, made: Letterheads, chunk: Chunk) -> Letterheads:
        """Let those letterheads sign whose mail is not signed by a provider."""
        ours = {
            place: one.domain.lower()
            for place, one in made.items()
            if not isinstance(one, InvalidInput) and _is_ours(chunk.ways.get(place[1]))
        }
        found = find_signers(everywhere, self.keys, {(place[0], domain) for place, domain in ours.items()}, self.signers) if ours else {}
        for place, domain in ours.items() if found else ():
            one = made[place]
            assert not isinstance(one, InvalidInput)
            made[place] = replace(one, signers=tuple(found.get((place[0], domain), ())))
        return made

    def _program(self, source: Source, language: str) -> str:
        """The name of a compiled copy in the render process: made of its content, so it can never stand for another."""
        place = (source, language)
        if place not in self.programs:
            compiled = self.versions[source][language]
            content = "\0".join((language, compiled.subject, compiled.text, compiled.html, *compiled.links))
            self.programs[place] = hashlib.sha256(content.encode()).hexdigest()
        return self.programs[place]

    def _letterhead(self, row: dict[str, Any], way: Way | None) -> Letterhead | InvalidInput:
        """What its mails say; or why they cannot: those are set aside, and the others are written."""
        try:
            return self._letterhead_of(row, way)
        except InvalidInput as error:
            return error

    def _letterhead_of(self, row: dict[str, Any], way: Way | None) -> Letterhead:
        fallback = "localhost" if re.fullmatch(r"[\d.:]+", self.host) else self.host
        address = to_wire_address((way and way.from_email) or row["sender_email"] or f"no-reply@{fallback}")
        shown = mailbox_of((way and way.from_name) or row["sender_name"] or row["name"], address)
        values = workspace_values(row, self.base_url)
        own = (to_wire_address(way.reply_to) if way.reply_to else "", way.bounce_domain) if way else ()
        return Letterhead(shown, address, address.rpartition("@")[2], row["language"], values, *own)

    def compose(self, messages: Sequence[Claimed], senders: Letterheads, now: datetime) -> list[Ready | Refusal]:
        """Write the mails, in order. A message with which something is wrong that nobody thought of is set aside; the others are written."""
        try:
            return self._compose(messages, senders, now)
        except Unavailable:
            raise
        except Exception as error:
            if len(messages) > 1:
                return [self.compose([message], senders, now)[0] for message in messages]
            log.exception("delivery.not_composed", message=messages[0].id)
            return [Refusal(messages[0], Reason.CANNOT_WRITE, f"{type(error).__name__}: {error}")]

    def _compose(self, messages: Sequence[Claimed], senders: Letterheads, now: datetime) -> list[Ready | Refusal]:
        kinds: dict[tuple[object, ...], Kind] = {}
        drafts: list[_Draft] = []
        refused: dict[int, Refusal] = {}
        pages = self.keys.sign_all(
            "unsubscribe", [UNSUBSCRIBE.pack(one.workspace_id, one.person_id, one.topic_id, one.id) for one in messages]
        )
        names = self.keys.sign_all("message", [ID.pack(one.id) for one in messages])
        for message, page, name in zip(messages, pages, names, strict=True):
            try:
                drafts.append(self._draft(message, self._kind(message, kinds, senders, now), page, name))
            except InvalidInput as error:
                reason = Reason.BAD_ADDRESS if error.data["field"] == "address" else Reason.BAD_HEADER
                refused[message.id] = Refusal(message, reason, error.message)
        programs = {kind.program: kind.compiled for kind in kinds.values()}
        written = self.sandbox.write(self.base_url, programs, [draft.mail for draft in drafts], [draft.head for draft in drafts])
        finished = map(partial(_finish, now=now), drafts, written)
        return [refused[message.id] if message.id in refused else next(finished) for message in messages]

    def _kind(self, message: Claimed, kinds: dict[tuple[object, ...], Kind], senders: Letterheads, now: datetime) -> Kind:
        """What this message has in common with others of the chunk is looked up, written and checked once."""
        place = (
            source_of(message),
            message.sender_name,
            message.language,
            message.topic_id,
            message.workspace_id,
            message.template,
            message.source_kind,
            message.stream,
            message.sender_id,
        )
        if place not in kinds:
            sender = senders[message.workspace_id, message.sender_id]
            if isinstance(sender, InvalidInput):
                raise Unwritable(sender.message)
            copies = self.versions[source_of(message)]
            compiled = copies[choose_language(message.language, sender.language, copies)]
            reading = Reading(compiled, sender.values)
            program = self._program(source_of(message), compiled.language)
            is_marketing = message.stream == "marketing"
            kinds[place] = Kind(sender, compiled, program, reading, _same_head(message, sender, now), is_marketing)
        return kinds[place]

    def _draft(self, message: Claimed, kind: Kind, page: str, name: str) -> _Draft:
        recipient = message.address if COMMON_ADDRESS(message.address) else to_wire_address(message.address)
        unsubscribe = f"List-Unsubscribe: <{self.base_url}/u/{page}>\r\n{ONE_CLICK}" if kind.is_marketing else ""
        head = f"{kind.head}Message-ID: <{message.id}.{name}@{kind.sender.domain}>\r\nTo: {recipient}\r\n{unsubscribe}"
        facts = kind.reading.facts(message.person_id, message.attributes, message.event, message.given)
        mail = Mail(message.id, kind.program, self.keys.derive("mail", message.id), page, facts)
        sender = kind.sender
        back = to_return_path(self.keys, message.id, sender.bounce_domain) if sender.bounce_domain else sender.address
        return _Draft(message, kind, recipient, back, head.encode(), mail)


class _Draft(msgspec.Struct):
    message: Claimed
    kind: Kind
    recipient: str
    back: str
    head: bytes
    mail: Mail


def _finish(draft: _Draft, written: Written, *, now: datetime) -> Ready | Refusal:
    message = draft.message
    assert written.message_id == message.id
    if written.reason:
        return Refusal(message, written.reason, CONTROLS.sub(" ", written.detail))
    try:
        check_header("Subject", written.subject)
    except InvalidInput as error:
        return Refusal(message, Reason.BAD_HEADER, error.message)
    language, facts = draft.kind.compiled.language, draft.mail.facts.decode()
    mark = Mark(message.id, message.lease_id, message.address, message.version_id, language, facts, written.links, message.sender_id)
    signers = draft.kind.sender.signers
    data = sign(signers, written.body, now) if signers else written.body
    return Ready(message, mark, draft.back, draft.recipient, data)


def _same_head(message: Claimed, sender: Letterhead, now: datetime) -> str:
    shown = sender.shown if message.sender_name is None else mailbox_of(message.sender_name, sender.address)
    headers = [("From", shown), ("Feedback-ID", f"{message.template}:{message.source_kind}:{message.workspace_id}:hudhud")]
    if sender.reply_to:
        headers.append(("Reply-To", sender.reply_to))
    if message.stream == "marketing":
        headers.append(("List-Id", f"{encode_words(message.topic)} <{message.topic}.{message.workspace_id}.{sender.domain}>"))
    return header_block(headers, now)
