"""The commands of Hudhud."""

from __future__ import annotations

import json as jsonlib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from hudhud.app.tables import migrate_tables
from hudhud.engines.doctor import examine
from hudhud.engines.follow import follow
from hudhud.engines.migrate import migrate as migrate_engines
from hudhud.engines.supervisor import Supervisor
from hudhud.kit.clickhouse import connect
from hudhud.kit.config import settings
from hudhud.kit.errors import HudhudError
from hudhud.kit.log import set_up

# What is read when somebody asks for it: all of it together takes a second, and each command needs a part.
LATER = {
    "owner": "hudhud.app.commands:owner",
    "key": "hudhud.app.commands:key",
    "demo": "hudhud.app.commands:demo",
    "import": "hudhud.app.importing:group",
    "export": "hudhud.app.exporting:group",
    "warehouse": "hudhud.app.warehousing:group",
    "journey": "hudhud.app.journey_commands:journey",
    "segment": "hudhud.app.segment_commands:segment",
    "replay": "hudhud.app.replay:replay_events",
    "rehearse": "hudhud.app.journey_commands:rehearse_journey",
}


class Commands(TyperGroup):
    """The commands of this file, and those of `LATER`."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 -- typer's own copy of click, which has no public name
        """Name them all, for the help."""
        return [*super().list_commands(ctx), *LATER]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 -- as above
        """Return one, read now."""
        if cmd_name not in LATER:
            return super().get_command(ctx, cmd_name)
        module, _, name = LATER[cmd_name].partition(":")
        found = getattr(import_module(module), name)
        if isinstance(found, typer.Typer):
            return get_group(found)
        alone = typer.Typer(add_completion=False)
        alone.command(cmd_name)(found)
        return get_command(alone)


cli = typer.Typer(name="hudhud", cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder for databases, keys and logs; default $HUDHUD_DATA or .hudhud.")]


@cli.callback()
def root() -> None:
    """Open-source marketing automation."""


@cli.command()
def up(
    *,
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; default $HUDHUD_HOST or 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="The one public port; default $HUDHUD_PORT or 8000.")] = None,
    time_lapse: Annotated[float | None, typer.Option(min=1, help="Let time pass this many times faster: 3600 = a day in 24 s.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the logs of all processes.")] = False,
    json: Json = False,
) -> None:
    """Run everything: both databases, the public port, the app and the workers. Example: hudhud up --port 8000."""
    given = {"data": data, "host": host, "port": port}
    chosen = settings().model_copy(update={name: value for name, value in given.items() if value is not None})
    set_up("supervisor", chosen.log_level)
    supervisor = Supervisor(chosen, time_lapse=time_lapse)
    if verbose:
        supervisor.home.prepare()
        follow(supervisor.home.data / "logs")
    supervisor.run(lambda url: print(jsonlib.dumps({"url": url}) if json else f"Hudhud is ready: {url}", flush=True))  # noqa: T201


@cli.command()
def migrate(*, json: Json = False) -> None:
    """Bring both databases up to date. Example: DATABASE_URL=postgresql://… CLICKHOUSE_URL=http://… hudhud migrate."""
    settings().data.mkdir(mode=0o700, parents=True, exist_ok=True)
    clickhouse = connect(settings().clickhouse_url)
    django = migrate_tables if find_spec("hudhud.app.settings") else None
    applied = migrate_engines(settings().database_url, clickhouse, before=django)
    typer.echo(jsonlib.dumps({"applied": applied}) if json else "\n".join(applied) or "up to date")


@cli.command()
def doctor(*, data: Data = None, json: Json = False) -> None:
    """Look for what is wrong, and say the cure. Example: hudhud doctor --data .hudhud."""
    findings = examine(settings() if data is None else settings().model_copy(update={"data": data}))
    if json:
        typer.echo(jsonlib.dumps([{"check": finding.check, "ok": finding.ok, "message": finding.message} for finding in findings]))
    else:
        for finding in findings:
            typer.echo(f"{'ok  ' if finding.ok else 'FAIL'} {finding.check}: {finding.message}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """Run; an error of ours is one line, not a traceback."""
    try:
        cli()
    except HudhudError as error:
        typer.echo(f"hudhud: {error.message}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
