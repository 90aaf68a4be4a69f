"""From an author's copy to a compiled one: check, compile, derive the text part. Runs in the render process."""

from __future__ import annotations

from hudhud.content.layout import into_document
from hudhud.content.liquid import check, parse
from hudhud.content.markup import compile_mjml
from hudhud.content.plain import from_html
from hudhud.content.program import Program
from hudhud.content.types import Compiled, Copy, TemplateError

MOST_CHARACTERS = 300_000


def compile_copy(copy: Copy, language: str) -> Compiled:
    """Compile one language; raises `TemplateError` that names the part, the line and the remedy."""
    place = f"languages.{language}"
    parts = {"subject": copy.subject, "preheader": copy.preheader, "mjml": copy.mjml, "text": copy.text}
    for name, source in parts.items():
        if len(source) > MOST_CHARACTERS:
            raise TemplateError(f"{place}.{name}", f"{len(source)} characters are too many", f"keep it under {MOST_CHARACTERS}")
    for name in ("subject", "mjml"):
        if not parts[name].strip():
            raise TemplateError(f"{place}.{name}", "it is empty", "write something")
    for name, source in parts.items():
        check(source, language, escape=name in ("mjml", "preheader"), part=f"{place}.{name}")
    document, links = compile_mjml(copy.mjml, language, copy.preheader, f"{place}.mjml")
    text = copy.text or from_html(document)
    paths: dict[tuple[str, ...], None] = {}
    for source, escape in (
        (copy.subject, False),
        (copy.preheader, True),
        (into_document(copy.mjml, language, ""), True),
        (copy.text, False),
    ):
        paths.update(dict.fromkeys(check(source, language, escape=escape, part=place).paths))
    parse(document, language, escape=True, part=f"{place}.mjml")
    compiled = Compiled(language, copy.subject, document, text, links, [list(path) for path in paths])
    Program(compiled)
    return compiled
