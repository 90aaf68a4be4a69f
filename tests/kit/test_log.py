"""Logs: one JSON object a line, addresses masked."""

import json
import logging

import pytest
import structlog

from hudhud.kit.log import mask_addresses, set_up


def test_addresses_are_masked_above_debug() -> None:
    event = {"event": "sent to sara.k@example.org", "n": 3}
    assert mask_addresses(None, "info", dict(event)) == {"event": "sent to s…@e…", "n": 3}
    assert mask_addresses(None, "debug", dict(event)) == event


def test_what_libraries_log_is_json_as_well(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", logging.WARNING)
    kept = structlog.get_config()
    try:
        set_up("test")
        logging.getLogger("django.request").warning("Not Found: %s", "/x of sara@example.org", extra={"status_code": 404})
        logging.getLogger("waitress").info("too quiet to be told")
    finally:
        structlog.configure(**kept)
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert told.pop("timestamp")
    assert told == {"event": "Not Found: /x of s…@e…", "level": "warning", "logger": "django.request", "process": "test", "status": 404}
