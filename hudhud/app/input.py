"""What no part of the system can keep is refused before anybody works on it: NUL, half a character, JSON that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hudhud.app import errors
from hudhud.events.types import check_text, unreadable
from hudhud.kit.errors import HudhudError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


def _check(request: HttpRequest) -> None:
    if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
        raise InvalidInput("address", "\0", "remove the NUL character; no database text can hold it")
    body = request.body
    if not body:
        return
    check_text(body)
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise unreadable(body, error) from None


def readable_input(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: every body that the app takes, allauth's routes included, is JSON."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        try:
            _check(request)
        except HudhudError as error:
            return errors.render(error)
        return get_response(request)

    return answer
