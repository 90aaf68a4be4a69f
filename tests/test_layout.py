"""The house rules that no linter knows: what a module shows to others, and how large a file may be."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
PUBLIC = {"types", "actions", "queries"}
# `app`, `cli` and `workers` are the rim: they start what a module keeps running, so they may know more of its rooms.
RIM = {"app", "cli", "workers"}
# What a module shows besides, to those below the rim: each with its reason.
FACES = {
    "hudhud.content.sandbox": "the one way to the render process",
    "hudhud.content.protocol": "what the render process takes and gives",
    "hudhud.content.values": "what templates may read of a message",
    "hudhud.content.mime": "the head of a mail is the delivery's part, its body the content's",
    "hudhud.events.errors": "what a sender is told, by the door and by an import",
    "hudhud.events.append": "the one way into the event table",
    "hudhud.delivery.outcomes.types": "what the door of providers' reports and their reader share",
    "hudhud.people.identifiers": "one normal form of an address for all who keep one",
    "hudhud.people.history": "what was known of a person at a time",
    "hudhud.delivery.explain": "why a message left or did not is told wherever messages are shown",
    "hudhud.journeys.recipes": "the sample shop installs ready journeys",
    "hudhud.transfer.guess": "one way to guess what columns mean, wherever they come from",
    "hudhud.transfer.plans": "one way to check what columns shall mean",
    "hudhud.transfer.parquet": "one text for each typed cell",
    "hudhud.transfer.tables": "one shape of a row",
    "hudhud.transfer.values": "one way from a cell to a value",
}
LONGEST = {"*.py": 400, "*.ts": 250, "*.tsx": 250}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("hudhud", cache_dir=None)


def test_other_modules_see_types_actions_and_queries_only(graph: grimp.ImportGraph) -> None:
    foreign = {
        f"{importer} imports {imported}"
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if is_private(importer, imported)
    }
    assert sorted(foreign) == []


def is_private(importer: str, imported: str) -> bool:
    ours, theirs = importer.split("."), imported.split(".")
    if len(theirs) < 3 or theirs[1] in {ours[1], "kit"} or ours[1] in RIM:
        return False
    return theirs[2] not in PUBLIC and imported not in FACES


def test_every_face_is_used(graph: grimp.ImportGraph) -> None:
    used = {
        imported
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if imported.split(".")[1] != importer.split(".")[1]
    }
    assert sorted(FACES.keys() - used) == []


@pytest.mark.parametrize(
    ("folder", "kind"), [("hudhud", "*.py"), ("tests", "*.py"), ("bench", "*.py"), ("web/src", "*.ts"), ("web/src", "*.tsx")]
)
def test_files_are_small(folder: str, kind: str) -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / folder).rglob(kind) if "generated" not in path.parts}
    assert {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > LONGEST[kind]} == {}
