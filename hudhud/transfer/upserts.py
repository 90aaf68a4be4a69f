"""What becomes of a value where there is one already: checked here, carried with each row, decided by the intake (people/upsert.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from hudhud.kit.errors import InvalidInput
from hudhud.people.types import ADDRESS_NAMESPACES
from hudhud.transfer.types import Upsert

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

RULES = get_args(Upsert)
FIXED = frozenset({"user_id", "anonymous_id", "message_id", "at"})


def attribute_of(field: str) -> str:
    """Return the attribute that a field of people is, or nothing."""
    group, _, name = field.partition(".")
    return name if group == "traits" else "" if field in FIXED or name else field


def upsert_of(kind: str, rules: Mapping[str, str], newest_by: str, fields: Collection[str]) -> dict[str, Any] | None:
    """Return what rows carry about rules by field; None where everything is overwritten. Raises `InvalidInput`."""
    wanted = {field: rule for field, rule in rules.items() if rule != "overwrite"}
    if not wanted and not newest_by:
        return None
    for field, rule in wanted.items():
        if rule not in RULES:
            raise InvalidInput("rule", rule, f"use one of {', '.join(RULES)}")
        if kind != "people" or field not in fields or not attribute_of(field):
            raise InvalidInput("rule", f"{field}={rule}", "rules are for attributes of people that the file has")
        if rule == "append" and attribute_of(field) in ADDRESS_NAMESPACES:
            raise InvalidInput("rule", f"{field}={rule}", "a person has one address; overwrite it, or keep the one there is")
    if ("newest" in wanted.values()) != bool(newest_by) or (newest_by and (newest_by not in fields or not attribute_of(newest_by))):
        raise InvalidInput(
            "newest_by", newest_by, "name the attribute with the date that the rule `newest` goes by, e.g. traits.updated_at"
        )
    if wanted.get(newest_by, "newest") != "newest":
        raise InvalidInput("rule", f"{newest_by}={wanted[newest_by]}", "the date that others go by is overwritten with them")
    return {"rules": {attribute_of(field): rule for field, rule in wanted.items()}, "newest_by": attribute_of(newest_by)}
