"""One language of a published version, ready to write mails: compiled functions, the interpreter as judge and fallback."""

from __future__ import annotations

import binascii
import random
import re
from typing import TYPE_CHECKING, Any, TypeVar

from liquid.exceptions import LiquidError, ResourceLimitError, UndefinedError

from hudhud.content.codegen import NotCompiled, compile_template
from hudhud.content.links import BOOK, BadLink
from hudhud.content.liquid import parse, without_nulls
from hudhud.content.mime import Skeleton, check_header, encode_words, qp, qp_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudhud.content.types import Compiled

MOST_BYTES = 2_000_000
T = TypeVar("T")
SAMPLES = ("Ada", "", "<b>&\"'", "مریم", "a=b.c", ".", "12", "x" * 90)


class Refused(Exception):
    """This mail cannot be written; `reason` is the one a skipped message shows."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the reason (delivery's word) and what explains it."""
        super().__init__(detail)
        self.reason, self.detail = reason, detail[:200]


class TooLong(Exception):
    """One message took more CPU time than it may."""


class Piece:
    """One Liquid text: the interpreter, and the compiled function when it agrees."""

    def __init__(self, source: str, language: str, *, escape: bool, encoded: bool) -> None:
        """Parse and compile."""
        self.template = parse(source, language, escape=escape, part="compiled")
        self.encoded = encoded
        self.function: Any = None
        try:
            self.function = compile_template(self.template, qp if encoded else str, qp_value if encoded else str)
        except NotCompiled:
            return

    def reference(self, values: dict[str, Any]) -> str:
        """Render by the interpreter."""
        return self.template.render(**values)

    def write(self, values: dict[str, Any]) -> Any:  # noqa: ANN401 -- bytes if encoded, else str
        """Render; what the compiled function cannot do is the interpreter's to judge."""
        if self.function is not None:
            pieces: list[Any] = []
            try:
                self.function(values, pieces.append)
                return b"".join(pieces) if self.encoded else "".join(pieces)
            except (LiquidError, TypeError, ValueError, KeyError):
                BOOK.targets.clear()
        text = self.reference(values)
        return qp(text) if self.encoded else text


class Program:
    """Writes the mails of one language of one version."""

    def __init__(self, compiled: Compiled) -> None:
        """Compile the three texts; any that differs from the interpreter on samples goes by the interpreter."""
        self.compiled = compiled
        language = compiled.language
        self.subject = Piece(compiled.subject, language, escape=False, encoded=False)
        self.text = Piece(compiled.text, language, escape=False, encoded=True)
        self.html = Piece(compiled.html, language, escape=True, encoded=True)
        self.skeleton = Skeleton.new(language)
        for piece in (self.subject, self.text, self.html):
            if piece.function is not None and not agrees(piece, compiled):
                piece.function = None

    def write(self, values: dict[str, Any]) -> tuple[str, bytes]:
        """Return (subject, the mail from its Subject header on); values hold no nulls (`without_nulls`). Raises `Refused`."""
        return judged(lambda: self._write(values))

    def _write(self, values: dict[str, Any]) -> tuple[str, bytes]:
        subject = " ".join(self.subject.write(values).split(" ")).strip()
        check_header("Subject", subject)
        html = self.html.write(values)
        text = self.text.write(values)
        if len(html) + len(text) > MOST_BYTES:
            raise Refused("render_limit", f"the mail is larger than {MOST_BYTES} bytes")
        skeleton = self.skeleton
        head = b"Subject: " + encode_words(subject).encode() + b"\r\n"
        return subject, b"".join((head, skeleton.before_text, text, skeleton.between, html, skeleton.after_html))

    def preview(self, values: dict[str, Any]) -> dict[str, str]:
        """Return subject, html and text as the interpreter writes them; raises `Refused`."""
        plain = without_nulls(values)
        return judged(
            lambda: {
                "subject": check_header("Subject", self.subject.reference(plain).strip()),
                "html": self.html.reference(plain),
                "text": self.text.reference(plain),
            }
        )


def judged(write: Callable[[], T]) -> T:
    """Run and turn every way in which a template can fail into `Refused`."""
    try:
        return write()
    except UndefinedError as error:
        raise Refused("missing_value", str(error.args[0])) from error
    except BadLink as error:
        raise Refused("render_error", str(error)) from error
    except (MemoryError, RecursionError, ResourceLimitError, TooLong) as error:
        raise Refused("render_limit", type(error).__name__) from error
    except LiquidError as error:
        raise Refused("render_error", str(error.args[0])) from error
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise Refused("render_error", f"{type(error).__name__}: {error}") from error
    except Exception as error:
        if getattr(error, "code", "") == "invalid_input":
            raise Refused("bad_header", str(error)) from error
        raise


def agrees(piece: Piece, compiled: Compiled) -> bool:
    """Whether what the compiled function writes is what the interpreter writes, on samples (differential test).

    Where the function gives up it is the interpreter that is asked, so an error there is no disagreement.
    """
    for values in samples(compiled):
        written = _outcome(piece, values, compiled, by_function=True)
        if written is not None and written != _outcome(piece, values, compiled, by_function=False):
            return False
    return True


def _outcome(piece: Piece, values: dict[str, Any], compiled: Compiled, *, by_function: bool) -> tuple[str, list[str]] | None:
    BOOK.open_message(1, b"k" * 32, "https://x.invalid/t/c/", "https://x.invalid/t/o/p.gif", compiled.links)
    try:
        if not by_function:
            return _flat(piece.reference(values)), list(BOOK.targets)
        pieces: list[Any] = []
        piece.function(values, pieces.append)
        return _flat(decode(b"".join(pieces)) if piece.encoded else "".join(pieces)), list(BOOK.targets)
    except (LiquidError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, MemoryError, RecursionError):
        return None


def _flat(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\n", text)


def decode(encoded: bytes) -> str:
    """Decode quoted-printable as a mail reader does."""
    return binascii.a2b_qp(encoded[:-3] if encoded.endswith(b"=\r\n") else encoded).decode()


def samples(compiled: Compiled) -> list[dict[str, Any]]:
    """Make values for everything that the template reads: nothing, texts of all kinds, lists of things."""
    choice = random.Random(compiled.language)
    made: list[dict[str, Any]] = [{"person": {}, "event": {}, "workspace": {}}]
    for kind in ("text", "number", "list", "empty list", "text"):
        values: dict[str, Any] = {
            "person": {},
            "event": {},
            "workspace": {},
            "unsubscribe_url": "https://x.invalid/u/1",
            "preferences_url": "https://x.invalid/u/2",
        }
        for path in compiled.paths:
            if len(path) > 1:
                values[path[0]][path[1]] = _sample(kind, choice)
        made.append(values)
    return made


def _sample(kind: str, choice: random.Random) -> Any:  # noqa: ANN401 -- any JSON
    if kind == "number":
        return choice.choice([0, 3, 7.5, True, False])
    if kind == "empty list":
        return []
    if kind == "list":
        return [Thing(number) for number in range(3)]
    return choice.choice(SAMPLES)


class Thing(dict[str, Any]):
    """An item of a sample list that has every member a template may ask for."""

    def __init__(self, number: int) -> None:
        """Remember which one it is."""
        super().__init__(name=f"Thing {number} <&>", price=number + 0.5, url=f"https://shop.example/p/{number}?a=1&b=2", quantity=number)

    def __missing__(self, key: str) -> str:
        """Answer with a text that can stand for a word and for an address."""
        return f"https://shop.example/{key}?a=1&b=2"
