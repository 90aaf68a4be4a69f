"""`make web` under a running server: pages that are open go on, new ones get the new build."""

from __future__ import annotations

import importlib.util
import os
import time
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from hudhud.app.wsgi import Files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

ROOT = Path(__file__).resolve().parents[2]


def nothing(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("404 Not Found", [])
    return [b""]


def build(root: Path, name: str) -> None:
    (root / "assets").mkdir(parents=True, exist_ok=True)
    (root / "assets" / f"app-{name}.js").write_text(f"run('{name}')")
    (root / "robots.txt").write_text(f"# {name * 3}")
    (root / "index.html").write_text(f'<script src="/assets/app-{name}.js">')


def ask(files: Files, path: str) -> tuple[str, str, bytes]:
    said: list[tuple[str, dict[str, str]]] = []
    environ: WSGIEnvironment = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.input": BytesIO()}
    answer = files(environ, lambda status, headers, _error=None: said.append((status[:3], dict(headers))))  # type: ignore[arg-type, return-value]
    body = b"".join(answer)
    getattr(answer, "close", list)()
    return said[0][0], said[0][1].get("Cache-Control", ""), body


def test_a_running_server_serves_what_is_built_under_it(tmp_path: Path) -> None:
    root = tmp_path / "static"
    files = Files(nothing, root)
    assert ask(files, "/assets/app-1.js")[0] == "404"
    build(root, "1")
    assert ask(files, "/assets/app-1.js")[::2] == ("200", b"run('1')")
    build(root, "two")
    status, cache, body = ask(files, "/assets/app-two.js")
    assert (status, "immutable" in cache, body) == ("200", True, b"run('two')")
    assert ask(files, "/assets/app-1.js")[::2] == ("200", b"run('1')")
    assert ask(files, "/robots.txt")[2] == b"# twotwotwo"


def test_files_of_builds_of_the_last_week_stay(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "tools" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    bootstrap = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bootstrap)
    for days in (0, 6, 8):
        file = tmp_path / f"app-{days}.js"
        file.touch()
        os.utime(file, (time.time() - days * 86_400,) * 2)
    bootstrap.forget_old_builds(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["app-0.js", "app-6.js"]
    assert "emptyOutDir: false" in (ROOT / "web" / "vite.config.ts").read_text("utf-8")
