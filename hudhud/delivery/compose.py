"""From claimed messages to mails: values, headers, addresses of links; the bodies come from the render process."""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from hudhud.content.liquid import without_nulls
from hudhud.content.mime import check_header, encode_words, header_block, mailbox_of, to_wire_address
from hudhud.content.protocol import Mail
from hudhud.content.queries import find_compiled
from hudhud.content.values import choose_language, person_values, used_only, workspace_values
from hudhud.delivery.types import Claimed, Mark, Reason
from hudhud.kit import sql
from hudhud.kit.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hudhud.content.protocol import Written
    from hudhud.content.sandbox import Sandbox
    from hudhud.content.types import Compiled
    from hudhud.kit.crypto import Keys
    from hudhud.kit.db import Scope

QUERIES = sql.load("hudhud.delivery")
KEPT_VERSIONS = 64
ID = struct.Struct(">Q")
UNSUBSCRIBE = struct.Struct(">QQQQ")


@dataclass(frozen=True, slots=True)
class Ready:
    """A mail that only needs to be handed over."""

    message: Claimed
    mark: Mark
    sender: str
    recipient: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that cannot become a mail, and why."""

    message: Claimed
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sender:
    """What mails of one workspace say about their sender."""

    shown: str
    address: str
    domain: str
    language: str
    values: dict[str, Any]


class Composer:
    """Writes mails; keeps compiled versions and senders for a while. Used by one thread at a time."""

    def __init__(self, keys: Keys, sandbox: Sandbox, base_url: str) -> None:
        """Remember what signs and where links lead to."""
        self.keys, self.sandbox, self.base_url = keys, sandbox, base_url
        self.host = urlsplit(base_url).hostname or "localhost"
        self.versions: dict[int, dict[str, Compiled]] = {}
        self.programs: dict[tuple[int, str], str] = {}
        self.heads: dict[tuple[object, ...], bytes] = {}

    def load(self, everywhere: Scope, messages: Sequence[Claimed]) -> dict[int, Sender]:
        """Read what is not known yet: compiled versions (they never change) and, each time, the senders."""
        missing = {message.version_id for message in messages} - self.versions.keys()
        if missing:
            if len(self.versions) > KEPT_VERSIONS:
                self.versions.clear()
                self.programs.clear()
                missing = {message.version_id for message in messages}
            self.versions.update(find_compiled(everywhere, sorted(missing)))
        rows = everywhere.all(QUERIES.find_senders, ids=sorted({message.workspace_id for message in messages}))
        return {row["id"]: self._sender(row) for row in rows}

    def _program(self, version_id: int, language: str) -> str:
        """The name of a compiled copy in the render process: made of its content, so it can never stand for another."""
        place = (version_id, language)
        if place not in self.programs:
            compiled = self.versions[version_id][language]
            content = "\0".join((language, compiled.subject, compiled.text, compiled.html, *compiled.links))
            self.programs[place] = hashlib.sha256(content.encode()).hexdigest()
        return self.programs[place]

    def _sender(self, row: dict[str, Any]) -> Sender:
        fallback = "localhost" if re.fullmatch(r"[\d.:]+", self.host) else self.host
        address = to_wire_address(row["sender_email"] or f"no-reply@{fallback}")
        shown = mailbox_of(row["sender_name"] or row["name"], address)
        return Sender(shown, address, address.rpartition("@")[2], row["language"], workspace_values(row, self.base_url))

    def compose(self, messages: Sequence[Claimed], senders: dict[int, Sender], now: datetime) -> list[Ready | Refusal]:
        """Write the mails, in order."""
        prepared: dict[int, _Draft] = {}
        refused: dict[int, Refusal] = {}
        for message in messages:
            try:
                prepared[message.id] = self._draft(message, senders[message.workspace_id], now)
            except InvalidInput as error:
                reason = Reason.BAD_ADDRESS if error.data["field"] == "address" else Reason.BAD_HEADER
                refused[message.id] = Refusal(message, reason, error.message)
        programs = {draft.mail.program: draft.compiled for draft in prepared.values()}
        written = self.sandbox.write(f"{self.base_url}/t/c/", programs, [draft.mail for draft in prepared.values()])
        bodies = {one.message_id: one for one in written}
        return [
            refused[message.id] if message.id in refused else self._finish(prepared[message.id], bodies[message.id]) for message in messages
        ]

    def _draft(self, message: Claimed, sender: Sender, now: datetime) -> _Draft:
        copies = self.versions[message.version_id]
        language = choose_language(message.language, sender.language, copies)
        compiled = copies[language]
        recipient = to_wire_address(message.address)
        unsubscribe = f"{self.base_url}/u/" + self.keys.sign(
            "unsubscribe", UNSUBSCRIBE.pack(message.workspace_id, message.person_id, message.topic_id, message.id)
        )
        facts = used_only(
            compiled,
            {"person": person_values(message.person_id, message.attributes, language), "event": message.event, "workspace": sender.values},
        )
        text = msgspec.json.encode(facts).decode()
        if "null" in text:
            facts = without_nulls(facts)
        head = self._head(message, sender, recipient, unsubscribe, now)
        pixel = f"{self.base_url}/t/o/{self.keys.sign('open', ID.pack(message.id))}.gif"
        values = {**facts, "unsubscribe_url": unsubscribe, "preferences_url": f"{unsubscribe}/preferences"}
        mail = Mail(message.id, self._program(message.version_id, language), self.keys.derive("click", message.id), pixel, values)
        return _Draft(message, sender, compiled, language, recipient, text, head, mail)

    def _head(self, message: Claimed, sender: Sender, recipient: str, unsubscribe: str, now: datetime) -> bytes:
        """The headers before Subject; what is the same for many mails is written and checked once."""
        kind = (message.workspace_id, message.template, message.source_kind, message.topic, message.stream, sender.shown, now)
        if kind not in self.heads:
            self.heads = {kind: _same_head(message, sender, now)}
        name = f"{message.id}.{self.keys.sign('message', ID.pack(message.id))}@{sender.domain}"
        own = f"Message-ID: <{name}>\r\nTo: {recipient}\r\n"
        if message.stream == "marketing":
            own += f"List-Unsubscribe: <{unsubscribe}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        return self.heads[kind] + own.encode()

    def _finish(self, draft: _Draft, written: Written) -> Ready | Refusal:
        message = draft.message
        if written.reason:
            return Refusal(message, written.reason, written.detail)
        try:
            check_header("Subject", written.subject)
        except InvalidInput as error:
            return Refusal(message, Reason.BAD_HEADER, error.message)
        mark = Mark(message.id, message.lease_id, message.address, message.version_id, draft.language, draft.facts, written.links)
        return Ready(message, mark, draft.sender.address, draft.recipient, draft.head + written.body)


@dataclass(frozen=True, slots=True)
class _Draft:
    message: Claimed
    sender: Sender
    compiled: Compiled
    language: str
    recipient: str
    facts: str
    head: bytes
    mail: Mail


def _same_head(message: Claimed, sender: Sender, now: datetime) -> bytes:
    headers = [("From", sender.shown), ("Feedback-ID", f"{message.template}:{message.source_kind}:{message.workspace_id}:hudhud")]
    if message.stream == "marketing":
        headers.append(("List-Id", f"{encode_words(message.topic)} <{message.topic}.{message.workspace_id}.{sender.domain}>"))
    return header_block(headers, now)
