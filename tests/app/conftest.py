"""The web process in this process: Django on fresh databases."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import django
import pytest
from django.db import connection
from psycopg.conninfo import conninfo_to_dict

from hudhud.app.wiring import Wiring, wiring
from hudhud.kit.config import settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def web(database_url: str, clickhouse_url: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wiring]:
    """Point the web process at fresh databases."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("CLICKHOUSE_URL", clickhouse_url)
    monkeypatch.setenv("HUDHUD_DATA", str(tmp_path))
    monkeypatch.setenv("HUDHUD_SECRET_KEYS", "a-key-for-tests-only")
    settings.cache_clear()
    wiring.cache_clear()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hudhud.app.settings")
    django.setup()
    connection.close()
    connection.settings_dict["NAME"] = conninfo_to_dict(database_url)["dbname"]
    yield wiring()
    connection.close()
    wiring().db.close()
    settings.cache_clear()
    wiring.cache_clear()
