"""The one family of errors: a code, an HTTP status and data; the docstring is the message."""

from __future__ import annotations


class HudhudError(Exception):
    """Something went wrong."""

    code = "error"
    status = 500

    def __init__(self, message: str = "", **data: object) -> None:
        """Keep `data` for the machine; the message for the human defaults to the docstring."""
        self.message = message or (type(self).__doc__ or "").strip()
        self.data = data
        super().__init__(self.message)

    def to_dict(self) -> dict[str, object]:
        """Shape of every error on the wire: `{"code", "message", **data}`."""
        return {"code": self.code, "message": self.message, **self.data}


class InvalidInput(HudhudError):
    """The input is not valid."""

    code = "invalid_input"
    status = 422

    def __init__(self, field: str, value: object, remedy: str) -> None:
        """Name the field, the offending value (shortened) and what to do about it."""
        shown = repr(value)[:80]
        super().__init__(f"{field}: {shown} is not valid; {remedy}", field=field, value=shown, remedy=remedy)


class NotFound(HudhudError):
    """There is no such thing, or it is not yours to see."""

    code = "not_found"
    status = 404


class Forbidden(HudhudError):
    """Your role or key does not allow this."""

    code = "forbidden"
    status = 403


class Unauthenticated(HudhudError):
    """Sign in, or send a valid API key."""

    code = "unauthenticated"
    status = 401


class Conflict(HudhudError):
    """This clashes with what is already there."""

    code = "conflict"
    status = 409


class Unavailable(HudhudError):
    """A part that this needs is down; try again shortly."""

    code = "unavailable"
    status = 503
