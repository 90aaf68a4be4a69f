"""Templates.

A template is `{"key", "names": {lang: …}, "languages": {lang: {"mode", "subject", "preheader", "text", …}}}`; with mode `blocks` there is a
`document` (content/blocks/types.py), with `mjml` an `mjml`, with `html` an `html` and, if styles are to be written into its elements, `inline_css`.

*Ready templates* live in `hudhud/content/ready/<key>/`: `template.json` holds `{"names": {lang: "Welcome", …}}`, and for each
language there is one file `<lang>.mjml` (en, et, fa, ar) with the copy, beginning with a head of two lines and a blank one:

    subject: Welcome, {{ person.first_name | default: "friend" }}
    preheader: Here is what happens next

    <mj-section><mj-column><mj-text>Hello …</mj-text><mj-button href="{{ workspace.url }}">Start</mj-button></mj-column></mj-section>

The body is a *fragment*: what stands inside `<mj-body>`. It is put into `ready/layout.mjml` (brand look, header, footer with
postal address, unsubscribe and preference links in the template's language), so do not repeat those. Give no colours, fonts,
`direction` or `align`: the layout and the compiler write them (right-to-left for fa and ar). Useful classes:
`mj-class="title"`, `"lead"`, `"muted"`, `"card"` (section), `"price"`. An optional `<lang>.txt` is the text part; without it one is
made from the HTML. A fragment that begins with `<!-- service -->` is about an order or an account: its footer says so, and offers no way to
unsubscribe. A template saved through the API may be a whole `<mjml>` document or such a fragment.

Liquid names: `person.*` (attributes; also `person.id`, `person.email`, `person.language`), `event.*` (properties of the trigger, e.g.
`event.products`), `run.*` (what a journey was answered), `coupon.*` (`code`, `expires_at`, `url`), `workspace.*` (`name`, `url`, `currency`, `postal_address`), `unsubscribe_url`, `preferences_url`. Anything else is an error when the template
is published. A value that is missing without `| default:` means: this person is skipped with the reason missing_value.
Filters beside Liquid's own: `money: "EUR"`, `jdate` (Jalali), `digits` (in the language's numerals).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from hudhud.kit.errors import Conflict, HudhudError, NotFound

if TYPE_CHECKING:
    from datetime import datetime

LANGUAGES = ("en", "et", "fa", "ar")
RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
# Everything that Liquid may name in a mail; `person`, `event`, `run` (answers that a journey got) and `coupon` are open, their members are data.
ROOTS = {
    "person": None,
    "event": None,
    "run": None,
    "coupon": None,
    "workspace": frozenset({"name", "url", "currency", "postal_address"}),
    "unsubscribe_url": frozenset[str](),
    "preferences_url": frozenset[str](),
}
# Which field of a copy is the source of its mode.
SOURCES = {"blocks": "document", "mjml": "mjml", "html": "html"}
# Numbers of the addresses in a mail (kit.crypto): the picture that tells that it was opened, then its links.
PIXEL, FIRST_LINK = 0, 1


@dataclass(frozen=True, slots=True)
class Copy:
    """One language of a template as the author wrote it; all texts are Liquid. `text` empty = made from the rest.

    What is sent is made of `document`, `mjml` or `html`, by `mode`; the other two are empty. `inline_css` is for `html`, which else stays as it is.
    """

    subject: str
    mjml: str = ""
    preheader: str = ""
    text: str = ""
    mode: Literal["blocks", "mjml", "html"] = "mjml"
    document: dict[str, Any] | None = None
    html: str = ""
    inline_css: bool = False

    def source(self) -> dict[str, Any]:
        """Return what is kept: the fields that this mode has."""
        own: dict[str, Any] = {SOURCES[self.mode]: getattr(self, SOURCES[self.mode])}
        if self.mode == "html":
            own["inline_css"] = self.inline_css
        return {"mode": self.mode, "subject": self.subject, "preheader": self.preheader, **own, "text": self.text}


@dataclass(frozen=True, slots=True)
class Compiled:
    """One language of a published version: Liquid over finished HTML, ready to be joined with a person's values.

    `links`: targets of links that are the same for everybody, by number; `paths`: the values that it reads
    (`("person", "first_name")`), which is all that a message has to keep to reproduce its copy.
    """

    language: str
    subject: str
    html: str
    text: str
    links: list[str] = field(default_factory=list)
    paths: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TemplateSummary:
    """A template in a list."""

    id: int
    key: str
    names: dict[str, str]
    version_id: int | None
    number: int | None
    modes: dict[str, str]
    updated_at: datetime
    archived_at: datetime | None
    has_draft: bool

    @property
    def languages(self) -> list[str]:
        """The languages that there is copy in."""
        return sorted(self.modes)


@dataclass(frozen=True, slots=True)
class Template:
    """A template with the source of its newest version; without any as long as nothing is published."""

    id: int
    key: str
    names: dict[str, str]
    version_id: int | None
    number: int | None
    languages: dict[str, dict[str, Any]]
    updated_at: datetime
    archived_at: datetime | None


class TemplateNotFound(NotFound):
    """There is no such template, or nothing of it is published."""

    code = "template_not_found"


class TemplateError(HudhudError):
    """The template cannot be published."""

    code = "template_error"
    status = 422

    def __init__(self, field_name: str, problem: str, remedy: str, line: int | None = None, *, kind: str = "unsound") -> None:
        """Name the part (`languages.fa.mjml`), what is wrong with it, what to do, the line where known, and the kind of mistake as a word for programs."""
        place = f"{field_name}, line {line}" if line else field_name
        super().__init__(f"{place}: {problem}; {remedy}", field=field_name, problem=problem, remedy=remedy, line=line, kind=kind)


class TemplateExists(Conflict):
    """There is a template with this key already."""

    code = "template_exists"


class TemplateInUse(Conflict):
    """Something sends the template, or messages were made of it."""

    code = "template_in_use"


class VersionNotFound(NotFound):
    """The template has no version with this number."""

    code = "version_not_found"


class DraftNotFound(NotFound):
    """The template has no draft."""

    code = "draft_not_found"


class DraftChanged(Conflict):
    """Somebody else has saved the draft meanwhile."""

    code = "draft_changed"


class SnippetNotFound(NotFound):
    """There is no such snippet."""

    code = "snippet_not_found"


class SnippetInUse(Conflict):
    """Templates name the snippet."""

    code = "snippet_in_use"
