"""One language of a published version, ready to write mails: compiled functions, the interpreter as judge and fallback."""

from __future__ import annotations

import binascii
import random
import re
from typing import TYPE_CHECKING, Any

from liquid.exceptions import LiquidError, ResourceLimitError, UndefinedError

from hudhud.content.codegen import Form, compile_template
from hudhud.content.expressions import NotCompiled
from hudhud.content.links import BOOK, BadLink
from hudhud.content.liquid import parse, without_nulls
from hudhud.content.mime import SOFT_BREAK, BadHeader, Skeleton, check_header, encode, encode_words, join
from hudhud.content.types import TemplateError

if TYPE_CHECKING:
    from hudhud.content.types import Compiled

MOST_BYTES = 2_000_000
SPARE_LINKS = 8
SAMPLES = ("Ada", "", "<b>&\"'", "مریم", "a=b.c", ".", "12", " ", "a\nb", "x" * 90)
SAMPLE_URL, SAMPLE_TOKEN = "https://x.invalid", "1-a_B"
OPEN = ("person", "event", "workspace", "run", "coupon")
MEMBER = re.compile(r"\.\s*([A-Za-z_][\w-]*)")


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

    def __init__(self, source: str, language: str, form: Form, *, escape: bool) -> None:
        """Parse and compile."""
        self.template = parse(source, language, escape=escape, part="compiled")
        self.form = form
        self.function: Any = None
        try:
            self.function = compile_template(self.template, form)
        except NotCompiled:
            return

    def reference(self, values: dict[str, Any]) -> str:
        """Render by the interpreter."""
        return self.template.render(**values)

    def write(self, values: dict[str, Any], token: str, pieces: list[str]) -> None:
        """Add to the pieces; what the compiled function cannot do is the interpreter's to judge."""
        if self.function is not None:
            size, targets = len(pieces), len(BOOK.targets)
            try:
                self.function(values, BOOK.message, BOOK.seals, token, pieces.extend)
            except (LiquidError, TypeError, ValueError, KeyError):
                del pieces[size:]
                BOOK.forget_targets(targets)
            else:
                return
        text = self.reference(values)
        pieces += ("", self.form.encode(text) + SOFT_BREAK if self.form.encode else text)


class Program:
    """Writes the mails of one language of one version, with addresses under `base_url`."""

    def __init__(self, compiled: Compiled, base_url: str = SAMPLE_URL) -> None:
        """Compile the three texts; any that differs from the interpreter on samples goes by the interpreter."""
        self.compiled, self.base_url = compiled, base_url
        language = compiled.language
        self.subject = Piece(compiled.subject, language, Form(None, base_url), escape=False)
        self.text = Piece(compiled.text, language, Form(encode, base_url), escape=False)
        self.html = Piece(compiled.html, language, Form(encode, base_url), escape=True)
        self.skeleton = Skeleton.new(language)
        self.spare = SPARE_LINKS if "hudhud_track" in compiled.html else 0
        made = samples(compiled)
        for piece in (self.subject, self.text, self.html):
            if piece.function is not None and not agrees(piece, compiled, made):
                piece.function = None

    def write(self, facts: dict[str, Any], message_id: int, key: bytes, token: str) -> tuple[str, bytes, list[str]]:
        """Return (subject, the mail from its Subject header on, targets of its own links).

        `facts` hold no nulls (`without_nulls`), `key` signs addresses, `token` is that of the unsubscribe page. Raises what
        `refusal` understands.
        """
        BOOK.open_message(self.base_url, self.compiled.links, key, message_id, self.spare)
        page = f"{self.base_url}/u/{token}"
        values = {**facts, "unsubscribe_url": page, "preferences_url": f"{page}/preferences"}
        subject = self._subject(values, token)
        pieces = [f"Subject: {encode_words(subject)}\r\n{self.skeleton.before_text}"]
        self.text.write(values, token, pieces)
        pieces += ("", self.skeleton.between)
        self.html.write(values, token, pieces)
        pieces += ("", self.skeleton.after_html)
        body = join(pieces)
        if len(body) > MOST_BYTES:
            raise Refused("render_limit", f"the mail is larger than {MOST_BYTES} bytes")
        return subject, body.encode("ascii"), list(BOOK.targets)

    def _subject(self, values: dict[str, Any], token: str) -> str:
        pieces: list[str] = []
        self.subject.write(values, token, pieces)
        return check_header("Subject", "".join(pieces).strip())

    def preview(self, values: dict[str, Any], preheader: str = "") -> dict[str, str]:
        """Return subject, preheader, html and text as the interpreter writes them, links straight to their targets; raises what `refusal` understands."""
        BOOK.open_message("", self.compiled.links)
        plain = without_nulls(values)
        return {
            "subject": check_header("Subject", self.subject.reference(plain).strip()),
            "preheader": parse(preheader, self.compiled.language, escape=False, part="preheader").render(**plain),
            "html": self.html.reference(plain),
            "text": self.text.reference(plain),
        }


def refusal(error: Exception) -> Refused:
    """Turn every way in which a template can fail into `Refused`; raises what is our own mistake."""
    match error:
        case Refused():
            return error
        case UndefinedError():
            reason, detail = "missing_value", str(error.args[0])
        case BadHeader():
            reason, detail = "bad_header", str(error)
        case MemoryError() | RecursionError() | ResourceLimitError() | TooLong():
            reason, detail = "render_limit", type(error).__name__
        case BadLink() | LiquidError() | TemplateError():
            reason, detail = "render_error", str(error.args[0])
        case TypeError() | ValueError() | ArithmeticError() | LookupError() | AttributeError():
            reason, detail = "render_error", f"{type(error).__name__}: {error}"
        case _:
            raise error
    return Refused(reason, detail)


def agrees(piece: Piece, compiled: Compiled, made: list[dict[str, Any]]) -> bool:
    """Whether what the compiled function writes is what the interpreter writes, on samples (differential test).

    Where the function gives up it is the interpreter that is asked, so an error there is no disagreement.
    """
    for values in made:
        written = _outcome(piece, values, compiled, by_function=True)
        if written is not None and written != _outcome(piece, values, compiled, by_function=False):
            return False
    return True


def _outcome(piece: Piece, values: dict[str, Any], compiled: Compiled, *, by_function: bool) -> tuple[str, list[str]] | None:
    BOOK.open_message(piece.form.base_url, compiled.links, b"k" * 32, 1)
    page = f"{piece.form.base_url}/u/{SAMPLE_TOKEN}"
    values = {**values, "unsubscribe_url": page, "preferences_url": f"{page}/preferences"}
    try:
        if not by_function:
            return _flat(piece.reference(values)), list(BOOK.targets)
        pieces = [""]
        piece.function(values, BOOK.message, BOOK.seals, SAMPLE_TOKEN, pieces.extend)
        return _flat(decode(join(pieces)) if piece.form.encode else "".join(pieces)), list(BOOK.targets)
    except (LiquidError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, MemoryError, RecursionError):
        return None


def _flat(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\n", text)


def decode(encoded: str) -> str:
    """Decode quoted-printable as a mail reader does."""
    return binascii.a2b_qp(encoded.removesuffix(SOFT_BREAK)).decode()


def samples(compiled: Compiled) -> list[dict[str, Any]]:
    """Make values for everything that the template reads: nothing, texts of all kinds, lists of things."""
    choice = random.Random(compiled.language)
    made: list[dict[str, Any]] = [{root: {} for root in OPEN}]
    members = list(dict.fromkeys(MEMBER.findall(compiled.html + compiled.text + compiled.subject)))
    for kind in ("text", "number", "list", "plain list", "empty list"):
        values: dict[str, Any] = {root: {} for root in OPEN}
        for path in compiled.paths:
            if len(path) > 1:
                values[path[0]][path[1]] = _sample(kind, choice, members)
        made.append(values)
    return made


def _sample(kind: str, choice: random.Random, members: list[str]) -> Any:  # noqa: ANN401 -- any JSON
    if kind == "number":
        return choice.choice([0, 3, 7.5, True, False])
    if kind == "empty list":
        return []
    if kind == "list":
        return [Thing(number) for number in range(3)]
    if kind == "plain list":
        return [{name: choice.choice(SAMPLES) for name in members} for _ in range(3)]
    return choice.choice(SAMPLES)


class Thing(dict[str, Any]):
    """An item of a sample list that has every member a template may ask for."""

    def __init__(self, number: int) -> None:
        """Remember which one it is."""
        super().__init__(name=f"Thing {number} <&>", price=number + 0.5, url=f"https://shop.example/p/{number}?a=1&b=2", quantity=number)

    def __missing__(self, key: str) -> str:
        """Answer with a text that can stand for a word and for an address."""
        return f"https://shop.example/{key}?a=1&b=2"
