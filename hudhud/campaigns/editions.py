"""What variants send, fixed when a campaign is launched: the template as it is published then, with the variant's own subject lines and sender's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudhud.content import queries as content
from hudhud.content.types import Copy
from hudhud.delivery import actions as delivery

if TYPE_CHECKING:
    from hudhud.campaigns.types import Definition, Variant
    from hudhud.content.sandbox import Sandbox
    from hudhud.kit.db import Scope

# A subject line is compiled with a body that says nothing.
BODY = "<mj-section><mj-column><mj-text>.</mj-text></mj-column></mj-section>"


def compile_subjects(sandbox: Sandbox, subjects: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return subject lines with the values that they read, by language; raises `TemplateError`."""
    compiled = sandbox.publish({language: Copy(subject, BODY) for language, subject in subjects.items()})
    return {language: {"subject": one.subject, "paths": one.paths} for language, one in compiled.items()}


def make_editions(ws: Scope, sandbox: Sandbox, definition: Definition) -> dict[str, int]:
    """Keep what each variant sends; return the editions by the variants' names."""
    return {variant.name: _make(ws, sandbox, variant) for variant in definition.variants}


def _make(ws: Scope, sandbox: Sandbox, variant: Variant) -> int:
    version_id = content.get_template(ws, variant.template).version_id
    assert version_id is not None, "checks.py looked"
    subjects = None if variant.subject is None else compile_subjects(sandbox, variant.subject)
    return delivery.make_edition(ws, version_id, subjects, variant.sender_name)
