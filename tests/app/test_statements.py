"""A-07: what a caller sends is never a part of a statement, and no reading of the API needs a secret, or may write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import psycopg
import pytest
from clickhouse_connect.driver.httpclient import HttpClient
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from hudhud.app import wiring as wired
from hudhud.kit.db import Database
from tests.app.browser import PASSWORD, Browser
from tests.app.routes import DOCUMENT, example, find_routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.app.wiring import Wiring
    from tests.conftest import Engines

OWNER = {"email": "ada@example.com", "password": PASSWORD, "workspace": "Ours"}
MARK = "zq7x"
# Quotes, comments, placeholders and identifiers of both dialects around a word that stands in no statement of ours.
PAYLOADS = [
    f"'; SELECT pg_sleep(9); -- {MARK}",
    f'{MARK}"."x\\\' `OR` {{{MARK}:UInt8}} %({MARK})s $1 DESC, (SELECT 1) #',
]
ENTRY = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \w+ \[\d+\] ", re.MULTILINE)
# All of what may be read anywhere: hashes, sealed values, and how people sign in.
SECRETS = {"secret_hash", "signing_key", "secret", "old_secret", "password", "hash"}
SIGN_IN = re.compile(r"^(auth|account|mfa|django|usersessions)_")


def trees(text: str) -> list[dict[str, Any]]:
    """Conditions with the text in every place that holds one: names, values, paths of properties, salts."""
    where = [{"property": text, "op": "is", "value": text}, {"property": f"products[].{text}", "op": "contains", "value": text}]
    window = {"kind": "ever"}
    leaves: list[dict[str, Any]] = [
        {"kind": "attribute", "name": text, "op": "is", "value": text},
        {"kind": "attribute", "name": text, "op": "one_of", "value": [text, text + "2"]},
        {"kind": "event", "name": text, "count": {"op": "at_least", "value": 1}, "window": window, "where": where},
        {"kind": "amount", "name": text, "property": text, "take": "sum", "op": "more_than", "value": 1, "window": window, "where": where},
        {"kind": "sequence", "steps": [{"name": text, "where": where}, {"name": text}], "window": window, "without": {"name": text}},
        {"kind": "date", "name": text, "op": "ago", "days": 7},
        {"kind": "place", "cities": [text], "regions": [text]},
        {"kind": "company", "where": [{"property": text, "op": "is", "value": text}]},
        {"kind": "share", "percent": 10, "salt": text},
    ]
    return [*leaves, {"kind": "or", "of": [{"kind": "not", "of": leaf} for leaf in leaves]}]


@pytest.fixture
def events_url(clickhouse_url: str) -> str:
    return clickhouse_url


@pytest.fixture
def owner(web: Wiring) -> Browser:  # noqa: ARG001 -- the databases
    browser = Browser()
    assert browser.ask("POST", "setup", OWNER)[0] == 201
    return browser


@pytest.fixture
def admin(web: Wiring, engines: Engines) -> Iterator[psycopg.Connection[Any]]:
    name = conninfo_to_dict(web.settings.database_url)["dbname"]
    with psycopg.connect(engines.postgres_admin.format(name), autocommit=True) as conn:
        yield conn


class Log:
    """What PostgreSQL was told from now on in this database, by new connections: statements apart from their parameters."""

    def __init__(self, admin: psycopg.Connection[Any]) -> None:
        (folder,) = admin.execute("SHOW data_directory").fetchone() or ("",)
        self.path = Path(folder).with_name(Path(folder).name + ".log")
        admin.execute(sql.SQL("ALTER DATABASE {} SET log_statement = 'all'").format(sql.Identifier(admin.info.dbname)))
        self.begin = self.path.stat().st_size

    def entries(self) -> list[str]:
        """Return each entry from its severity on."""
        with self.path.open("rb") as file:
            file.seek(self.begin)
            return ENTRY.split(file.read().decode("utf-8", "replace"))


def ask_everything(owner: Browser) -> int:
    """Send the payloads in every parameter of every reading, in paths, and in conditions; return how many were answered with something."""
    good = 0
    for text in PAYLOADS:
        for path, methods in DOCUMENT["paths"].items():
            given = [one for one in methods.get("get", {}).get("parameters", []) if one["in"] == "query"]
            needed = {one["name"]: example(one["schema"], one["name"]) for one in given if one.get("required")}
            url = re.sub(r"\{[^}]+\}", "1", path)
            for one in given:
                good += owner.ask("GET", f"{url}?{urlencode({**needed, one['name']: text}, doseq=True)}")[0] < 400
        whole = trees(text)[-1]
        for route, tree in [*(("count", tree) for tree in trees(text)), ("estimate", whole), ("text", whole)]:
            status, answer = owner.ask("POST", f"segments/{route}", {"tree": tree})
            assert status == 200, (tree, answer)
            good += 1
        status, made = owner.ask("POST", "segments", {"name": text, "tree": whole})
        assert status == 201, made
        assert owner.ask("GET", f"segments/{made['id']}/members")[0] == 200
        assert owner.ask("GET", f"exports/people?format=csv&segment_id={made['id']}")[0] == 200
        owner.ask("PUT", f"events/name/rules?{urlencode({'name': text})}", {"schema": {"type": "object"}, "mode": "warn"})
    return good


@pytest.mark.long
def test_a07_nothing_that_is_sent_is_part_of_a_statement(
    owner: Browser, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    send = HttpClient._query_with_context

    def listen(client: HttpClient, context: Any) -> Any:  # noqa: ANN401 -- the library's own
        asked.append(str(context.final_query))
        return send(client, context)

    monkeypatch.setattr(HttpClient, "_query_with_context", listen)
    log = Log(admin)
    # Connections from before do not write down what they are told.
    wired.wiring().db.close()
    monkeypatch.setattr(wired.wiring(), "db", Database(wired.wiring().settings.database_url).open())
    assert ask_everything(owner) > 40
    entries = log.entries()
    statements = [entry for entry in entries if entry.startswith(("LOG:  statement:", "LOG:  execute", "STATEMENT:"))]
    parameters = [entry for entry in entries if entry.startswith("DETAIL:  Parameters:")]
    assert len(statements) > 100
    assert [entry[:500] for entry in statements if MARK in entry] == []
    # It was there all the time, beside them.
    assert sum(MARK in entry for entry in parameters) > 10
    assert len(asked) > 10
    assert [text[:500] for text in asked if MARK in text] == []


@pytest.mark.long
def test_a07_no_reading_needs_a_secret_or_may_write(
    owner: Browser, web: Wiring, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, body in (
        ("keys", {"kind": "api"}),
        ("hooks", {"name": "Shop"}),
        ("segments", {"name": "All", "tree": trees("x")[0]}),
    ):
        assert owner.ask("POST", path, body)[0] in {200, 201}, path
    role = f"reader_{admin.info.dbname}"
    hidden = let_read(admin, role)
    url = web.settings.database_url.replace("//hudhud", f"//{role}", 1)
    try:
        with psycopg.connect(url, autocommit=True) as reader:
            for table, column in hidden:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute(sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), sql.Identifier(table)))
        # Who signs in by a session is known to Django, which keeps its own connection.
        monkeypatch.setattr(wired.wiring(), "db", Database(url).open())
        failed = []
        for route in find_routes():
            if route.method == "GET":
                status, answer = owner.ask("GET", re.sub(r"900001|secret900001", "1", route.url))
                if status >= 500:
                    failed.append((route.url, status, str(answer)[:300]))
        assert failed == []
        assert owner.ask("GET", "keys")[1]
        assert owner.ask("GET", "people?search=a")[0] == owner.ask("GET", "exports/people?format=csv")[0] == 200
        # As it is told that it may not write: nothing of this passed because nobody looked.
        assert owner.ask("POST", "segments", {"name": "No", "tree": trees("x")[0]})[0] == 500
    finally:
        wired.wiring().db.close()
        admin.execute(sql.SQL("DROP OWNED BY {0}").format(sql.Identifier(role)))
        admin.execute(sql.SQL("DROP ROLE {0}").format(sql.Identifier(role)))


def let_read(admin: psycopg.Connection[Any], role: str) -> list[tuple[str, str]]:
    """Make a role that may read all but secrets, and write nothing but the audit log; return the columns (table, name) that it may not see."""
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    columns = admin.execute(
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1 ORDER BY 1"
    ).fetchall()
    hidden: list[tuple[str, str]] = []
    for table, names in columns:
        closed = [name for name in names if name in SECRETS or (SIGN_IN.match(table) and table != "auth_user")]
        hidden += [(table, name) for name in closed]
        if not closed:  # the whole table: what the system itself keeps of a row (xmax) may be read as well
            admin.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(table), sql.Identifier(role)))
        elif left := [name for name in names if name not in closed]:
            grant = sql.SQL("GRANT SELECT ({}) ON {} TO {}")
            admin.execute(grant.format(sql.SQL(", ").join(map(sql.Identifier, left)), sql.Identifier(table), sql.Identifier(role)))
    # Who takes people's data out is written down.
    admin.execute(sql.SQL("GRANT INSERT ON audit_log TO {}").format(sql.Identifier(role)))
    assert {"api_key", "auth_user", "warehouse", "hook_source", "endpoint"} & {table for table, _ in hidden} >= {
        "api_key",
        "auth_user",
        "warehouse",
    }
    return hidden
