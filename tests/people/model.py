"""Who is who, decided slowly and plainly, one claim at a time: what `resolve` must agree with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hudhud.people.types import Identifier, Identity

LINKING = {"identify", "alias"}
ADDRESSES = ("email", "phone")


@dataclass(eq=False)
class Human:
    """Somebody."""

    identifiers: set[Identifier] = field(default_factory=set)
    attributes: dict[str, Any] = field(default_factory=dict)

    def has(self, namespace: str) -> bool:
        return any(each[0] == namespace for each in self.identifiers)


class Town:
    """Everybody, in a plain list."""

    def __init__(self) -> None:
        self.humans: list[Human] = []
        self.merges = 0

    def holder(self, identifier: Identifier) -> Human | None:
        return next((human for human in self.humans if identifier in human.identifiers), None)

    def claim(self, identity: Identity) -> Human:
        names = list(identity.identifiers)
        if identity.cause in LINKING and identity.attributes and "email" in identity.attributes:
            names.append(("email", identity.attributes["email"]))
        first, others = names[0], names[1:] if identity.cause in LINKING else []
        human = self.holder(first)
        if human is None:
            adopting = (self.holder(other) for other in others)
            human = next((known for known in adopting if known is not None and not known.has(first[0])), None)
            if human is None:
                human = Human()
                self.humans.append(human)
            self.give(human, first)
        if identity.cause == "alias":
            others = [other for other in others if self.holder(other)] or others[-1:]
        for other in others:
            human = self.link(human, other, identity.cause)
        for name, value in (identity.attributes or {}).items() if identity.cause in LINKING else ():
            if value is None:
                human.attributes.pop(name, None)
            else:
                human.attributes[name] = value
        return human

    def give(self, human: Human, identifier: Identifier) -> None:
        if identifier[0] in ADDRESSES:
            human.identifiers = {each for each in human.identifiers if each[0] != identifier[0]}
        human.identifiers.add(identifier)

    def link(self, human: Human, other: Identifier, cause: str) -> Human:
        known = self.holder(other)
        if known is human:
            return human
        if known is not None:
            both_named = human.has("user_id") and known.has("user_id")
            other_address = other[0] in ADDRESSES and human.has(other[0]) and not human.has("user_id")
            if cause != "alias" and (both_named or other_address):
                return human
            keeper, goer = (known, human) if known.has("user_id") and not human.has("user_id") else (human, known)
            self.humans.remove(goer)
            self.merges += 1
            for identifier in goer.identifiers:
                if identifier[0] not in ADDRESSES or not keeper.has(identifier[0]):
                    keeper.identifiers.add(identifier)
            keeper.attributes = {**goer.attributes, **keeper.attributes}
            human = keeper
        if other not in human.identifiers:
            self.give(human, other)
        return human
