"""What the documents say is true: links lead somewhere, commands exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from hudhud.cli import cli

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
MAKE = re.compile(r"(?:^|`)make ([a-z0-9-]+)", re.MULTILINE)
HUDHUD = re.compile(r"(?:^|`)hudhud ([a-z][a-z-]*(?: [a-z][a-z-]*)?)((?: --[a-z-]+(?: [^-\s`|][^\s`]*)?)*)", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    missing = [link for link in LINK.findall(document.read_text("utf-8")) if not (document.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(MAKE.findall(document.read_text("utf-8"))) - targets == set()


def children(command: Any) -> dict[str, Any]:  # noqa: ANN401 -- typer's own copy of click
    """The commands of a group, also those that are read when they are asked for."""
    return {word: command.get_command(None, word) for word in command.list_commands(None)} if hasattr(command, "list_commands") else {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_exist_with_their_options(document: Path) -> None:
    for words, options in HUDHUD.findall(document.read_text("utf-8")):
        command = typer.main.get_command(cli)
        for word in words.split():
            command = children(command).get(word) or pytest.fail(f"{document.name}: hudhud {words}: no command {word!r}")
        known = {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]}
        assert set(re.findall(r"--[a-z-]+", options)) - known == set(), f"hudhud {words}"


def test_every_target_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())  # type: ignore[index]
    assert phony == set(re.findall(r"^([a-z0-9-]+):.*##", makefile, re.MULTILINE))


def test_every_command_has_an_example() -> None:
    def without(command: object, path: str) -> list[str]:
        if inner := children(command):
            return [name for word, child in inner.items() for name in without(child, f"{path} {word}")]
        return [] if "Example:" in (getattr(command, "help", "") or "") else [path]

    assert without(typer.main.get_command(cli), "hudhud") == []
