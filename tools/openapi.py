"""Write the API description that the web client is generated from: `python tools/openapi.py [--check]`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django

TARGET = Path(__file__).resolve().parent.parent / "web" / "openapi.json"


def describe() -> str:
    """Return the description as JSON; needs no database."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "hudhud.app.settings"
    os.environ.setdefault("HUDHUD_SECRET_KEYS", "only to describe")
    django.setup()
    from hudhud.app.urls import api  # noqa: PLC0415 -- Django has to be set up first

    return json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write it, or with --check compare it."""
    text = describe()
    if sys.argv[1:] != ["--check"]:
        TARGET.write_text(text, "utf-8")
    elif not TARGET.exists() or TARGET.read_text("utf-8") != text:
        sys.exit(f"{TARGET.name} is not up to date: make openapi")


if __name__ == "__main__":
    main()
