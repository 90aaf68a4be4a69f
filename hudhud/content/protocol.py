"""What goes between a worker and its render process: requests and answers as msgpack (content/pipe.py), bodies by shared memory."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from hudhud.content.brand import Look
from hudhud.content.types import Compiled, Copy

# Shared memory. It begins with the number of the mail in work, so that whoever survives knows which one was the poison;
# bodies of one batch stand behind it, one after the other, so that they need not go through the pipe.
BODIES_AT = 4096
BODIES_SIZE = 8 * 2**20


class Mail(msgspec.Struct, array_like=True):
    """One mail to write: which program, for which message, with which values.

    `key` signs the addresses in this one mail; `unsubscribe` is the token of its unsubscribe page; `facts` is what the
    template reads, as JSON.
    """

    message_id: int
    program: str
    key: bytes
    unsubscribe: str
    facts: bytes


class WriteMails(msgspec.Struct, tag="write"):
    """Write mails; `programs` holds every compiled copy that they name."""

    base_url: str
    programs: dict[str, Compiled]
    mails: list[Mail]


class Publish(msgspec.Struct, tag="publish"):
    """Check and compile every language of a template."""

    languages: dict[str, Copy]
    look: Look = Look()


class Preview(msgspec.Struct, tag="preview"):
    """Show one compiled copy with one person's values (JSON: numbers may be of any length); links lead straight to their targets. `preheader`: what is shown by itself, too."""

    compiled: Compiled
    values: bytes
    preheader: str = ""


class Blank(msgspec.Struct, array_like=True):
    """One text to fill in. `part` is what errors call it.

    `form`: `text`; `value`, which stays a number or a list where it is one output and nothing else; `url`, whose outputs are percent-encoded.
    """

    part: str
    source: str
    form: Literal["text", "value", "url"] = "text"


class Fill(msgspec.Struct, tag="fill"):
    """Fill texts in for each of `facts` (JSON objects by root); without any they are only checked."""

    blanks: list[Blank]
    facts: list[bytes]


class Filled(msgspec.Struct, array_like=True):
    """The texts of one set of facts, as many and in the order of the blanks; or the reason why they cannot be filled in."""

    texts: list[Any] = []
    reason: str = ""
    detail: str = ""


class Examine(msgspec.Struct, tag="examine"):
    """Compile one copy, and look at what it leaves out and what it cannot do without."""

    language: str
    copy: Copy
    look: Look


class Examined(msgspec.Struct):
    """A compiled copy; tags that text blocks could not hold, by block; paths without whose values nobody gets it."""

    compiled: Compiled
    left_out: dict[str, list[str]]
    needed: list[str]


Request = WriteMails | Publish | Preview | Fill | Examine


class Written(msgspec.Struct, array_like=True):
    """A mail from its Subject header on with the targets of its own links; or the reason why it cannot be written.

    The body is the `shared` bytes at `place` of the shared memory, or `body` when there is no room.
    """

    message_id: int
    reason: str = ""
    detail: str = ""
    subject: str = ""
    shared: int = 0
    body: bytes = b""
    links: list[str] = []
    place: int = 0


class Answer(msgspec.Struct, omit_defaults=True):
    """One of these, by request."""

    written: list[Written] | None = None
    compiled: dict[str, Compiled] | None = None
    refused: dict[str, Any] | None = None
    preview: dict[str, str] | None = None
    filled: list[Filled] | None = None
    examined: Examined | None = None
