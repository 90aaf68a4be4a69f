"""What messages are made of: a template's version, or a campaign's edition of one, which may have other subject lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hudhud.content.queries import find_compiled
from hudhud.kit import sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hudhud.content.types import Compiled
    from hudhud.delivery.types import Claimed
    from hudhud.kit.db import Scope

    Source = tuple[int, int | None]  # version, edition

QUERIES = sql.load("hudhud.delivery")


def source_of(message: Claimed) -> Source:
    """Return what a message is made of."""
    return message.version_id, message.edition_id


def find_copies(scope: Scope, sources: Iterable[Source]) -> dict[Source, dict[str, Compiled]]:
    """Return the compiled copies of versions and editions, by language; neither ever changes."""
    wanted = set(sources)
    versions = find_compiled(scope, sorted({version_id for version_id, _ in wanted}))
    edition_ids = sorted({edition_id for _, edition_id in wanted if edition_id is not None})
    editions = dict(scope.rows(QUERIES.find_editions, ids=edition_ids)) if edition_ids else {}
    return {
        (version_id, edition_id): with_subjects(versions[version_id], editions.get(edition_id) or {}) for version_id, edition_id in wanted
    }


def with_subjects(copies: dict[str, Compiled], subjects: dict[str, dict[str, Any]]) -> dict[str, Compiled]:
    """Return copies that say something else in their subject line; the values that it reads are kept with a message, too."""
    return {language: _with_subject(one, subjects[language]) if language in subjects else one for language, one in copies.items()}


def _with_subject(copy: Compiled, said: dict[str, Any]) -> Compiled:
    paths = {tuple(path): path for path in (*copy.paths, *said["paths"])}
    return replace(copy, subject=said["subject"], paths=list(paths.values()))
