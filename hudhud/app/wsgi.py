"""The WSGI application: Django, with the built web app's files in front."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

from hudhud.app.headers import HEADERS
from hudhud.app.spa import STATIC

if TYPE_CHECKING:
    from wsgiref.headers import Headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hudhud.app.settings")


def _add_headers(headers: Headers, _path: str, _url: str) -> None:
    for name, value in HEADERS.items():
        headers[name] = value


def _is_hashed(_path: str, url: str) -> bool:
    """Vite puts a content hash into the name of everything under /assets/."""
    return url.startswith("/assets/")


application = WhiteNoise(
    get_wsgi_application(),
    root=STATIC if STATIC.is_dir() else None,
    max_age=3600,
    immutable_file_test=_is_hashed,
    add_headers_function=_add_headers,
    charset="utf-8",
    allow_all_origins=False,
)
