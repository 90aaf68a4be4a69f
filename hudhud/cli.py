"""The commands of Hudhud."""

from __future__ import annotations

import json as jsonlib
from importlib.util import find_spec
from typing import Annotated

import typer

from hudhud.app.tables import migrate_tables
from hudhud.engines.migrate import migrate as migrate_engines
from hudhud.kit.clickhouse import connect
from hudhud.kit.config import settings
from hudhud.kit.errors import HudhudError

cli = typer.Typer(name="hudhud", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@cli.callback()
def root() -> None:
    """Open-source marketing automation."""


@cli.command()
def migrate(*, json: Json = False) -> None:
    """Bring both databases up to date. Example: DATABASE_URL=postgresql://… hudhud migrate."""
    settings().data.mkdir(mode=0o700, parents=True, exist_ok=True)
    clickhouse = connect(settings().clickhouse_url)
    django = migrate_tables if find_spec("hudhud.app.settings") else None
    applied = migrate_engines(settings().database_url, clickhouse, before=django)
    typer.echo(jsonlib.dumps({"applied": applied}) if json else "\n".join(applied) or "up to date")


def main() -> None:
    """Run; an error of ours is one line, not a traceback."""
    try:
        cli()
    except HudhudError as error:
        typer.echo(f"hudhud: {error.message}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
