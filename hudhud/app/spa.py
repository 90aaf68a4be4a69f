"""The built web app: its page for every address that is no API (the app's router reads the address)."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.middleware.csrf import get_token

from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from django.http import HttpRequest

STATIC = Path(str(resources.files("hudhud.app"))) / "static"


class NotBuilt(Unavailable):
    """The web app is not built: run `make web` (a wheel contains it)."""

    code = "web_not_built"


def page(request: HttpRequest, path: str = "") -> HttpResponse:  # noqa: ARG001 -- the app's own router reads the path
    """Return the app's page and the CSRF cookie; never cached, as it names the hashed files of this build."""
    get_token(request)
    index = STATIC / "index.html"
    if not index.exists():
        error = NotBuilt()
        return HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
    return HttpResponse(index.read_bytes(), content_type="text/html; charset=utf-8")
