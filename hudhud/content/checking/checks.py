"""What speaks against sending a copy: mistakes that would stop it, and what readers, their programs or the law would not like."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from hudhud.content.checking.page import read_page
from hudhud.content.checking.spam import find_phrases
from hudhud.content.layout import BARE, ROOT, SERVICE
from hudhud.content.queries import QUERIES, load_look
from hudhud.content.trying import Extreme, find_extremes
from hudhud.content.types import SOURCES, TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hudhud.content.protocol import Examined
    from hudhud.content.sandbox import Sandbox
    from hudhud.content.types import Copy
    from hudhud.kit.db import Scope

# Gmail cuts a message's HTML there; addresses that count clicks are longer than those in the source by about so much.
CLIPPED_BYTES, ADDRESS_BYTES = 102_000, 40
LONG_SUBJECT, SHOUTED, LITTLE_TEXT = 70, 12, 40
MOST_FAINT, MOST_WORDLESS = 5, 10
WORDS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at. `code` is for programs (docs/guide/messages.md lists them); an error keeps the copy from being published, or should keep it from being sent."""

    level: Literal["error", "warning"]
    code: str
    language: str
    place: str
    problem: str
    remedy: str
    detail: dict[str, Any] = field(default_factory=dict)


def check_copies(ws: Scope, sandbox: Sandbox, copies: Mapping[str, Copy], *, is_service: bool) -> list[Finding]:
    """Check copies by language, errors first. `is_service`: they are about orders or accounts, and need offer no way to unsubscribe.

    Behind a copy that takes too long no other is looked at: they may all take that long.
    """
    found: list[Finding] = []
    for language, copy in copies.items():
        found += _check_one(ws, sandbox, language, copy, is_service=is_service)
        if found and found[-1].code == "too_complex":
            break
    return sorted(found, key=lambda one: one.level != "error")


def _check_one(ws: Scope, sandbox: Sandbox, language: str, copy: Copy, *, is_service: bool) -> Iterator[Finding]:
    try:
        examined = sandbox.examine(language, copy, load_look(ws, [copy]))
    except TemplateError as error:
        detail = {"line": error.data["line"]} if error.data.get("line") else {}
        told = [str(error.data[name]) for name in ("kind", "field", "problem", "remedy")]
        yield Finding("error", told[0], language, told[1], told[2], told[3], detail)
        return
    place = f"languages.{language}"
    source = f"{place}.{SOURCES[copy.mode]}"
    yield from _subject(copy, language, place)
    yield from _spam(copy, examined, language, place)
    yield from _page(copy, examined, language, source)
    yield from _lawful(ws, copy, examined, language, source, is_service=is_service)
    yield from _values(ws, examined, language, place)
    for block, tags in examined.left_out.items():
        yield Finding("warning", "tags_left_out", language, f"{source}.blocks.{block}.html", f"{', '.join(tags)} cannot stand in a text and is left out", "use an html block for it", {"tags": tags})  # fmt: skip


def _subject(copy: Copy, language: str, place: str) -> Iterator[Finding]:
    words = WORDS.sub("", copy.subject).strip()
    if len(words) > LONG_SUBJECT:
        yield Finding("warning", "subject_long", language, f"{place}.subject", f"{len(words)} characters: phones show some 40", f"keep it under {LONG_SUBJECT}", {"length": len(words), "most": LONG_SUBJECT})  # fmt: skip
    letters = [letter for letter in words if letter.isalpha() and letter.lower() != letter.upper()]
    if (len(letters) >= SHOUTED and all(letter.isupper() for letter in letters)) or words.count("!") > 1:
        yield Finding(
            "warning",
            "subject_shouts",
            language,
            f"{place}.subject",
            "it shouts",
            "write it in small letters, with one exclamation mark at most",
        )
    if not copy.preheader.strip():
        yield Finding("warning", "no_preheader", language, f"{place}.preheader", "without it mail programs show the first words of the mail beside the subject", "say in a line what it is about")  # fmt: skip


def _spam(copy: Copy, examined: Examined, language: str, place: str) -> Iterator[Finding]:
    texts = {"subject": WORDS.sub(" ", copy.subject), "text": WORDS.sub(" ", examined.compiled.text)}
    for name, text in texts.items():
        if phrases := find_phrases(text, language):
            yield Finding("warning", "spam_words", language, f"{place}.{name}", f"it says {', '.join(phrases)}", "say what you have to offer in your own words", {"phrases": phrases})  # fmt: skip


def _page(copy: Copy, examined: Examined, language: str, source: str) -> Iterator[Finding]:
    html = examined.compiled.html
    page, size = read_page(html), len(html.encode()) + ADDRESS_BYTES * html.count("hudhud_link }}")
    for address in page.wordless[:MOST_WORDLESS]:
        yield Finding("warning", "picture_without_words", language, source, f"the picture {address!r} says nothing to whom it is not shown", "write what it shows, unless it is an ornament", {"picture": address})  # fmt: skip
    for faint in page.faint[:MOST_FAINT]:
        yield Finding("warning", "low_contrast", language, source, f"{faint.text!r} ({faint.color} on {faint.background}) is hard to read: contrast {faint.ratio}", "use a darker or a lighter colour: at least 4.5, large text 3", faint._asdict())  # fmt: skip
    if size > CLIPPED_BYTES:
        yield Finding("warning", "too_large", language, source, f"its HTML is about {size // 1000} kB: Gmail cuts it at 102 kB, and what tells of opens stands at its end", "leave something out", {"size": size, "most": CLIPPED_BYTES})  # fmt: skip
    if page.letters < LITTLE_TEXT and not copy.text:
        yield Finding("warning", "little_text", language, source, "there are hardly any words: who sees no pictures gets an empty mail", "say it in words, too", {"letters": page.letters})  # fmt: skip


def _lawful(ws: Scope, copy: Copy, examined: Examined, language: str, source: str, *, is_service: bool) -> Iterator[Finding]:
    """Whoever advertises says who they are and offers a way out (GDPR, CAN-SPAM, CASL); the header for it is in every such mail anyway."""
    if is_service or _says_service(copy):
        return
    html = examined.compiled.html
    if "unsubscribe_url" not in html and "preferences_url" not in html:
        yield Finding(
            "error", "no_unsubscribe", language, source, "there is no link to unsubscribe", 'write <a href="{{ unsubscribe_url }}">…</a>'
        )
    workspace = ws.one(QUERIES.get_workspace) or {}
    address = workspace.get("postal_address") or ""
    if not address.strip():
        yield Finding("warning", "no_postal_address", language, source, "the workspace has no postal address, which advertising must tell", "write it in the settings")  # fmt: skip
    elif "workspace.postal_address" not in html and address not in html:
        yield Finding(
            "warning",
            "no_postal_address",
            language,
            source,
            "your postal address does not stand in it",
            "write {{ workspace.postal_address }} at its end",
        )


def _says_service(copy: Copy) -> bool:
    if copy.mode == "blocks":
        return bool((copy.document or {}).get("service"))
    start = copy.mjml.lstrip()
    return copy.mode == "mjml" and not ROOT.search(copy.mjml) and start.startswith(SERVICE) and not start.startswith(BARE)


def _values(ws: Scope, examined: Examined, language: str, place: str) -> Iterator[Finding]:
    """Values that the mail cannot do without, with how many people have none."""
    names = [path.partition(".")[2] for path in examined.needed if path.startswith("person.")]
    known = find_extremes(ws, [name for name in names if "." not in name])
    for path in examined.needed:
        root, _, name = path.partition(".")
        extreme = known.get(name, Extreme(0, 0, None)) if root == "person" else None
        if root == "person" and name in known and known[name].without == 0:
            continue
        detail = {"path": path, **({"people": extreme.people, "without": extreme.without} if extreme else {})}
        many = f": {extreme.without} of {extreme.people} people" if extreme and extreme.people else ""
        yield Finding("warning", "value_without_fallback", language, place, f"who has no {path} does not get it{many}", f'write {{{{ {path} | default: "…" }}}}', detail)  # fmt: skip
