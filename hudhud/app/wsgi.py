"""The WSGI application: Django, with the built web app's files in front."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

from hudhud.app.headers import HEADERS
from hudhud.app.spa import STATIC

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from wsgiref.headers import Headers
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hudhud.app.settings")


class Files:
    """The files of the web app in front of what answers the rest; read again when the app has been built anew under a running server.

    The page is read at each request (spa.py), and names the files of its build. Those of builds before stay for a week (tools/bootstrap.py), for
    pages that are open.
    """

    def __init__(self, application: WSGIApplication, root: Path) -> None:
        """Serve what is under `root`, all else from `application`."""
        self.application, self.root = application, root
        self.built_at = self._built_at()
        self.files = self._read()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if (built_at := self._built_at()) != self.built_at:
            self.files, self.built_at = self._read(), built_at
        answer: Iterable[bytes] = self.files(environ, start_response)
        return answer

    def _built_at(self) -> int:
        """Return when the page was written, which is the last thing that a build does; 0: there is none."""
        try:
            return (self.root / "index.html").stat().st_mtime_ns
        except OSError:
            return 0

    def _read(self) -> WhiteNoise:
        return WhiteNoise(
            self.application,
            root=self.root if self.root.is_dir() else None,
            max_age=3600,
            immutable_file_test=_is_hashed,
            add_headers_function=_add_headers,
            charset="utf-8",
            allow_all_origins=False,
        )


def _add_headers(headers: Headers, _path: str, _url: str) -> None:
    for name, value in HEADERS.items():
        headers[name] = value


def _is_hashed(_path: str, url: str) -> bool:
    """Vite puts a content hash into the name of everything under /assets/."""
    return url.startswith("/assets/")


application = Files(get_wsgi_application(), STATIC)
