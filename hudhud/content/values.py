"""The plain data that a template is given, and which language a person gets."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hudhud.content.types import Compiled

_encode = msgspec.json.Encoder().encode
SAMPLE_COUPON: Mapping[str, Any] = MappingProxyType(
    {
        "code": "SAMPLE",
        "pool": "sample",
        "url": "https://example.com/SAMPLE",
        "expires_at": "2099-01-01T00:00:00+00:00",
        "expires_on": "2098-12-31",
    }
)
# Where a template reads what journeys give: `compiled.paths` tell two members only.
GIVEN = re.compile(r"\b(?:run|coupon)(?:\.[A-Za-z_][A-Za-z0-9_-]*)+")
NOTHING: Mapping[str, Any] = MappingProxyType({})


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


def sample_values(compiled: Compiled) -> dict[str, Any]:
    """What `run.*` and `coupon.*` are in a preview without a journey: a coupon that is good for long, and 1 for each answer that is read."""
    values: dict[str, Any] = {"run": {}, "coupon": dict(SAMPLE_COUPON)}
    read = {tuple(found.split(".")) for found in GIVEN.findall(f"{compiled.subject} {compiled.html} {compiled.text}")}
    # The longest first: what has members is no number.
    for root, *names, last in sorted(read, key=len, reverse=True):
        inner = values["run"]
        if root == "coupon":
            # What is no member of a coupon is a pool, whose coupon has the same.
            values["coupon"].setdefault((*names, last)[0], dict(SAMPLE_COUPON))
            continue
        for name in names:
            inner = inner.setdefault(name, {})
        inner.setdefault(last, 1)
    return values


class Reading:
    """What one compiled copy reads of the values: all that is needed to write the very same mail again."""

    def __init__(self, compiled: Compiled, workspace: Mapping[str, Any]) -> None:
        """Sort by where the values come from; those of the workspace are the same in every mail."""
        members: dict[str, set[str]] = {"person": set(), "event": set(), "workspace": set(), "run": set(), "coupon": set()}
        for root, *rest in compiled.paths:
            if rest and root in members:
                members[root].add(rest[0])
        self.language = compiled.language
        self.wants_id, self.wants_language = "id" in members["person"], "language" in members["person"]
        self.person, self.event = sorted(members["person"] - {"id", "language"}), sorted(members["event"])
        self.given = {root: sorted(members[root]) for root in ("run", "coupon") if members[root]}
        self.workspace = msgspec.Raw(
            msgspec.json.encode({name: workspace[name] for name in sorted(members["workspace"]) if name in workspace})
        )

    def facts(self, person_id: int, attributes: Mapping[str, Any], event: Mapping[str, Any], given: Mapping[str, Any] = NOTHING) -> bytes:
        """Return what this copy reads, as JSON: `{"person": …, "event": …, "workspace": …}`; of `given` (`run`, `coupon`) where it reads of it."""
        person = {name: attributes[name] for name in self.person if name in attributes}
        if self.wants_id:
            person["id"] = person_id
        if self.wants_language:
            person["language"] = self.language
        read = {name: event[name] for name in self.event if name in event}
        facts: dict[str, Any] = {"person": person, "event": read, "workspace": self.workspace}
        for root, names in self.given.items():
            known = given.get(root, NOTHING)
            facts[root] = {name: known[name] for name in names if name in known}
        return _encode(facts)
