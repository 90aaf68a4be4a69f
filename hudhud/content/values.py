"""The plain data that a template is given, and which language a person gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hudhud.content.types import Compiled


def person_values(person_id: int, attributes: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What `person.*` is."""
    return {**attributes, "id": person_id, "language": language}


def workspace_values(row: Mapping[str, Any], base_url: str) -> dict[str, Any]:
    """What `workspace.*` is; `url` is the site of the sender's domain."""
    domain = row["sender_email"].rpartition("@")[2]
    return {
        "name": row["name"],
        "currency": row["currency"],
        "postal_address": row["postal_address"],
        "url": f"https://{domain}" if domain else base_url,
    }


def choose_language(person: str | None, workspace: str | None, available: Collection[str]) -> str:
    """The person's language if there is copy in it (`fa-IR` counts as `fa`), else the workspace's, else English, else any."""
    for wanted in (person, workspace, "en"):
        for candidate in (wanted, (wanted or "").partition("-")[0]):
            if candidate and candidate in available:
                return candidate
    return min(available)


def used_only(compiled: Compiled, values: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what the template reads: all that is needed to write the very same copy again."""
    kept: dict[str, Any] = {"person": {}, "event": {}, "workspace": {}}
    for root, *members in compiled.paths:
        group = values.get(root)
        if members and isinstance(group, dict) and members[0] in group:
            kept[root][members[0]] = group[members[0]]
    return kept
