"""The web process in this process: Django on fresh databases."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from unittest.mock import patch

import django
import pytest
from django.core.cache import cache
from django.db import connection
from psycopg.conninfo import conninfo_to_dict

from hudhud.app.wiring import Wiring, wiring
from hudhud.kit.config import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Engines


SECRET = {"HUDHUD_SECRET_KEYS": "a-key-for-tests-only"}


def _set_up_django() -> None:
    """Django reads its settings once; which database it uses is changed for each test."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "hudhud.app.settings"
    with patch.dict(os.environ, SECRET):
        settings.cache_clear()
        django.setup()
    settings.cache_clear()


_set_up_django()


@pytest.fixture
def events_url(engines: Engines) -> str:
    """Return a ClickHouse that all tests share; a file whose tests write events gives itself its own."""
    return engines.clickhouse.format("hudhud")


@pytest.fixture
def web(database_url: str, events_url: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wiring]:
    """Point the web process at fresh databases."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("CLICKHOUSE_URL", events_url)
    monkeypatch.setenv("HUDHUD_DATA", str(tmp_path))
    for name, value in SECRET.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    wiring.cache_clear()
    connection.close()
    cache.clear()  # how often somebody has tried, among others
    parts = conninfo_to_dict(database_url)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    connection.settings_dict.update({django_name: parts.get(name, "") for django_name, name in names.items()})
    yield wiring()
    connection.close()
    wiring().db.close()
    settings.cache_clear()
    wiring.cache_clear()
