"""Django's own tables (users, sessions, sign-in) are migrated by Django, in the same database as ours."""

from __future__ import annotations

import os

import django
from django.core.management import call_command


def migrate_tables() -> None:
    """Bring Django's tables up to date; called under the lock of `engines.migrate`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hudhud.app.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
