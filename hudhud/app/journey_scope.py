"""What the commands about journeys share: a transaction of one workspace, and an answer for people or for programs."""

from __future__ import annotations

import json as jsonlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from hudhud.app.commands import choose_workspace, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hudhud.kit.config import Settings
    from hudhud.kit.db import Scope


@contextmanager
def attach(data: Path | None, workspace: int | None) -> Iterator[tuple[Settings, Scope]]:
    """Open one transaction for one workspace of the Hudhud on this folder."""
    with opened(data) as (chosen, database), database.workspace(choose_workspace(database, workspace)) as ws:
        yield chosen, ws


def say(answer: dict[str, Any], text: str, *, json: bool) -> None:
    """Print the answer: JSON for programs, else a text."""
    typer.echo(jsonlib.dumps(answer, ensure_ascii=False, default=str) if json else text)
