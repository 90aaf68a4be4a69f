"""What senders, and those who ask about events, are told."""

from __future__ import annotations

from hudhud.kit.errors import Forbidden, HudhudError, InvalidInput, NotFound


class MalformedBody(HudhudError):
    """The body is not JSON."""

    code = "malformed_body"
    status = 400


class NotFoundReject(NotFound):
    """There is no such refused message, or it was sent again already."""


class ReservedName(InvalidInput):
    """Events of this name are made here."""

    code = "reserved_name"

    def __init__(self, name: str) -> None:
        """Name it."""
        super().__init__("event", name, "Hudhud makes events of this name itself; choose another one")


class NameNotAllowed(Forbidden):
    """This key may not send events of this name."""

    code = "name_not_allowed"

    def __init__(self, name: str) -> None:
        """Name it."""
        super().__init__(
            f"event: {name!r} is not on this key's list of events; add it there, or use another key", field="event", value=name
        )


class EventNameNotFound(NotFound):
    """There is no event of this name yet."""


class TooLarge(HudhudError):
    """The body is larger than the limit."""

    code = "too_large"
    status = 413
