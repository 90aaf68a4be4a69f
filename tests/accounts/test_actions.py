"""Members, roles and keys: who may do what to whom, and what is written down."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.accounts import actions, queries
from hudhud.accounts.types import EmailTaken, FirstOwner, LastOwner, OwnersOnly, SetupDone
from hudhud.kit.errors import Forbidden, InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.kit.db import Database, Scope

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HASH = "argon2$of-something"
BY_OWNER: dict[str, Any] = {"by_role": "owner", "now": NOW, "actor": "user:1"}


@pytest.fixture
def ws(db: Database) -> Iterator[Scope]:
    """Open the workspace of Ada, its first owner."""
    owner = FirstOwner("ada@example.com", HASH, name="Ada", time_zone="Asia/Tehran")
    workspace_id, _ = actions.create_first_owner(db, owner, NOW, lambda ws: actions.record_audit(ws, NOW, "system", "furnished"))
    with db.workspace(workspace_id) as scope:
        yield scope


def add(ws: Scope, email: str, role: str, **by: str) -> tuple[int, bool]:
    return actions.add_member(ws, email=email, name="", role=role, password_hash=HASH, **(BY_OWNER | by))


def test_the_first_owner_comes_with_a_furnished_workspace(db: Database, ws: Scope) -> None:
    assert [(member.email, member.role) for member in queries.find_members(ws)] == [("ada@example.com", "owner")]
    assert queries.get_workspace(ws).time_zone == "Asia/Tehran"
    assert [entry.action for entry in queries.find_audit(ws)] == ["furnished", "workspace.create"]
    with pytest.raises(SetupDone):
        actions.create_first_owner(db, FirstOwner("eve@example.com", HASH), NOW, lambda _: None)


def test_nothing_remains_of_a_setup_that_fails_half_way(db: Database) -> None:
    def fail(_ws: Scope) -> None:
        raise InvalidInput("topics", "", "stop")

    with pytest.raises(InvalidInput):
        actions.create_first_owner(db, FirstOwner("ada@example.com", HASH), NOW, fail)

    with db.everywhere() as everywhere:
        counts = "SELECT (SELECT count(*) FROM auth_user), (SELECT count(*) FROM workspace)"
        assert everywhere.conn.execute(counts).fetchone() == (0, 0)


def test_somebody_with_a_sign_in_keeps_their_password(ws: Scope) -> None:
    user_id, is_new = add(ws, "Bob@Example.com", "viewer")
    assert is_new
    with pytest.raises(EmailTaken):
        add(ws, "bob@example.com", "admin")
    actions.remove_member(ws, user_id, **BY_OWNER)

    assert add(ws, "bob@example.com", "sales") == (user_id, False)
    assert queries.get_member(ws, user_id).role == "sales"


def test_only_owners_make_or_touch_owners(ws: Scope) -> None:
    (ada,) = queries.find_members(ws)
    bob, _ = add(ws, "bob@example.com", "admin")
    by_admin = BY_OWNER | {"by_role": "admin"}

    with pytest.raises(OwnersOnly):
        add(ws, "eve@example.com", "owner", by_role="admin")
    with pytest.raises(OwnersOnly):
        actions.set_role(ws, bob, role="owner", **by_admin)
    with pytest.raises(OwnersOnly):
        actions.set_role(ws, ada.user_id, role="viewer", **by_admin)
    with pytest.raises(OwnersOnly):
        actions.remove_member(ws, ada.user_id, **by_admin)


def test_the_last_owner_stays(ws: Scope) -> None:
    (ada,) = queries.find_members(ws)
    with pytest.raises(LastOwner):
        actions.remove_member(ws, ada.user_id, **BY_OWNER)
    with pytest.raises(LastOwner):
        actions.set_role(ws, ada.user_id, role="admin", **BY_OWNER)

    bob, _ = add(ws, "bob@example.com", "owner")
    actions.set_role(ws, ada.user_id, role="admin", **BY_OWNER)
    assert {member.email: member.role for member in queries.find_members(ws)} == {"ada@example.com": "admin", "bob@example.com": "owner"}
    with pytest.raises(LastOwner):
        actions.remove_member(ws, bob, **BY_OWNER)
    with pytest.raises(NotFound):
        actions.remove_member(ws, 4711, **BY_OWNER)


def test_a_key_is_found_until_it_is_revoked(db: Database) -> None:
    workspace_id, _ = actions.create_first_owner(db, FirstOwner("ada@example.com", HASH), NOW, lambda _: None)
    with db.workspace(workspace_id) as ws:
        key, secret = actions.create_key(ws, kind="api", scopes=["admin"], now=NOW, actor="user:1")

    with db.everywhere() as everywhere:
        holder = queries.find_key_holder(everywhere, secret)
        assert holder is not None
        assert (holder.id, holder.workspace_id, holder.kind, holder.scopes) == (key.id, workspace_id, "api", ["admin"])
        assert queries.find_key_holder(everywhere, secret[:-1]) is None
        with everywhere.within(workspace_id) as ws:
            actions.revoke_key(ws, key.id, now=NOW, actor="user:1")
            actions.revoke_key(ws, key.id, now=NOW + timedelta(days=1), actor="user:1")
            assert [each.revoked_at for each in queries.find_keys(ws)] == [NOW]
        assert queries.find_key_holder(everywhere, secret) is None


def ended(ws: Scope) -> set[str]:
    return {key.name for key in queries.find_keys(ws) if key.revoked_at is not None}


def test_who_is_taken_out_takes_their_keys_along_but_not_the_website_s(ws: Scope) -> None:
    bob, _ = add(ws, "bob@example.com", "admin")
    first, _ = actions.create_key(ws, kind="api", name="script", scopes=["admin"], now=NOW, actor=f"user:{bob}")
    actions.create_key(ws, kind="api", name="made with it", now=NOW, actor=f"key:{first.id}")
    actions.create_key(ws, kind="collect", name="website", now=NOW, actor=f"user:{bob}")
    actions.create_key(ws, kind="api", name="of Ada", now=NOW, actor="user:1")
    actions.create_key(ws, kind="api", name="of the machine", now=NOW, actor="cli")
    assert [(key.name, key.made_by) for key in queries.find_keys(ws)] == [
        ("of the machine", None), ("of Ada", "Ada"), ("website", "bob@example.com"), ("made with it", "bob@example.com"), ("script", "bob@example.com"),
    ]  # fmt: skip
    assert {member.email: member.api_keys for member in queries.find_members(ws)} == {"ada@example.com": 1, "bob@example.com": 2}
    actions.remove_member(ws, bob, **BY_OWNER)
    assert ended(ws) == {"script", "made with it"}
    assert {(entry.action, entry.detail["name"], entry.detail["made_by"]) for entry in queries.find_audit(ws, limit=2)} == {
        ("key.revoke", name, f"user:{bob}") for name in ("script", "made with it")
    }
    # Whoever made a key is still named; and neither they nor their keys make another one.
    assert {key.made_by for key in queries.find_keys(ws)} == {None, "Ada", "bob@example.com"}
    for gone in (f"user:{bob}", f"key:{first.id}"):
        with pytest.raises(Forbidden):
            actions.create_key(ws, kind="api", now=NOW, actor=gone)


def test_programs_may_go_on_with_the_keys_of_who_is_taken_out(ws: Scope) -> None:
    bob, _ = add(ws, "bob@example.com", "admin")
    actions.create_key(ws, kind="api", name="shop", now=NOW, actor=f"user:{bob}")
    actions.remove_member(ws, bob, **BY_OWNER, keep_keys=True)
    assert ended(ws) == set()
    assert queries.find_audit(ws, limit=1)[0].detail == {"keep_keys": True}


def test_a_lesser_role_ends_the_keys_that_may_do_more(ws: Scope) -> None:
    expected = {"owner": set(), "admin": set(), "marketer": {"admin"}, "sales": {"admin", "write"}, "viewer": {"admin", "write"}}
    for role, gone in expected.items():
        somebody, _ = add(ws, f"{role}@example.com", "admin")
        for scope in ("read", "write", "admin"):
            actions.create_key(ws, kind="api", name=f"{role} {scope}", scopes=[scope], now=NOW, actor=f"user:{somebody}")
        actions.set_role(ws, somebody, role=role, **BY_OWNER)
        assert {name.split()[1] for name in ended(ws) if name.startswith(role)} == gone


def test_no_key_is_made_while_its_maker_is_taken_out(db: Database, ws: Scope) -> None:
    bob, _ = add(ws, "bob@example.com", "admin")
    eve, _ = add(ws, "eve@example.com", "admin")
    first, _ = actions.create_key(ws, kind="api", name="first", now=NOW, actor=f"user:{bob}")
    ws.conn.commit()
    assert ws.workspace_id is not None

    def take_out(user_id: int) -> None:
        with db.workspace(ws.workspace_id or 0) as other:
            actions.remove_member(other, user_id, **BY_OWNER)

    def make() -> None:
        with db.workspace(ws.workspace_id or 0) as other:
            actions.create_key(other, kind="api", name="too late", now=NOW, actor=f"user:{eve}")

    with ThreadPoolExecutor() as pool:
        with db.workspace(ws.workspace_id) as making:
            actions.create_key(making, kind="api", name="second", now=NOW, actor=f"key:{first.id}")
            taking_out = pool.submit(take_out, bob)
            time.sleep(0.1)
            assert not taking_out.done()
        taking_out.result(10)
        with db.workspace(ws.workspace_id) as taking:
            actions.remove_member(taking, eve, **BY_OWNER)
            making_late = pool.submit(make)
            time.sleep(0.1)
            assert not making_late.done()
        with pytest.raises(Forbidden):
            making_late.result(10)
    with db.workspace(ws.workspace_id) as after:
        assert ended(after) == {"first", "second"}


def test_who_may_do_less_since_their_request_began_makes_no_key_that_may_do_more(ws: Scope) -> None:
    bob, _ = add(ws, "bob@example.com", "admin")
    actions.set_role(ws, bob, role="viewer", **BY_OWNER)
    for scopes in (["admin"], None):
        with pytest.raises(Forbidden):
            actions.create_key(ws, kind="api", scopes=scopes, now=NOW, actor=f"user:{bob}")
    assert queries.find_keys(ws) == []


def test_a_collect_key_may_have_a_list_of_events_and_other_keys_none(ws: Scope) -> None:
    made, _ = actions.create_key(ws, kind="collect", events=[" Order Completed", "Order Completed"], now=NOW, actor="user:1")
    free, _ = actions.create_key(ws, kind="api", events=["Order Completed"], now=NOW, actor="user:1")
    assert (made.events, free.events) == (["Order Completed"], None)
    assert actions.allow_events(ws, made.id, ["Page Viewed"], now=NOW, actor="user:1").events == ["Page Viewed"]
    assert actions.allow_events(ws, made.id, [], now=NOW, actor="user:1").events is None
    with pytest.raises(NotFound):
        actions.allow_events(ws, free.id, ["Page Viewed"], now=NOW, actor="user:1")
    with pytest.raises(InvalidInput):
        actions.allow_events(ws, made.id, [""], now=NOW, actor="user:1")
    actions.revoke_key(ws, made.id, now=NOW, actor="user:1")
    with pytest.raises(NotFound):
        actions.allow_events(ws, made.id, ["Page Viewed"], now=NOW, actor="user:1")
    assert [(entry.action, entry.detail.get("events")) for entry in queries.find_audit(ws, limit=4)][1:3] == [
        ("key.events", []),
        ("key.events", ["Page Viewed"]),
    ]


def test_attributes_are_opened_by_name_and_closed_again(ws: Scope) -> None:
    assert queries.find_opened(ws) == frozenset()
    actions.update_workspace(ws, NOW, "user:1", open_attributes=["city", "size", "city"])
    assert queries.get_workspace(ws).open_attributes == ["city", "size"]
    actions.update_workspace(ws, NOW, "user:1", name="Birds")
    assert queries.find_opened(ws) == {"city", "size"}
    actions.update_workspace(ws, NOW, "user:1", open_attributes=[])
    assert queries.find_opened(ws) == frozenset()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"open_attributes": ["city", "email"]}, "open_attributes"),
        ({"open_attributes": ["x" * 257]}, "open_attributes"),
        ({"name": " "}, "name"),
        ({"time_zone": "Moon/Tycho"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"sender_email": "a@b@c"}, "sender_email"),
        ({"sender_email": "a@example.com\r\nBcc: eve@example.com"}, "sender_email"),
        ({"sender_name": "Ada\r\nBcc: eve@example.com"}, "sender_name"),
        ({"sender_name": "Ada\nBcc: eve@example.com"}, "sender_name"),
        ({"sender_name": "Ada\u2028Bcc: eve@example.com"}, "sender_name"),
        ({"sender_name": "Ada\x85"}, "sender_name"),
        ({"name": "Birds\nBcc: eve@example.com"}, "name"),
        ({"postal_address": "a\0b"}, "postal_address"),
    ],
)
def test_bad_settings_name_their_field(ws: Scope, changes: dict[str, Any], field: str) -> None:
    before = queries.get_workspace(ws)

    with pytest.raises(InvalidInput) as caught:
        actions.update_workspace(ws, NOW, "user:1", **changes)

    assert caught.value.data["field"] == field
    assert queries.get_workspace(ws) == before


def test_each_change_is_in_the_audit_log(ws: Scope) -> None:
    bob, _ = add(ws, "bob@example.com", "viewer")
    actions.set_role(ws, bob, role="sales", **BY_OWNER)
    actions.remove_member(ws, bob, **BY_OWNER)
    first, _ = actions.create_key(ws, kind="api", now=NOW, actor="cli")
    key, _ = actions.create_key(ws, kind="collect", now=NOW, actor=f"key:{first.id}")
    actions.revoke_key(ws, key.id, now=NOW, actor="cli")
    actions.update_workspace(ws, NOW, "user:1", name="Birds", currency=None)

    log = queries.find_audit(ws, limit=7)
    assert [(entry.actor, entry.action, entry.object) for entry in log] == [
        ("user:1", "workspace.update", f"workspace:{ws.workspace_id}"),
        ("cli", "key.revoke", f"key:{key.id}"),
        (f"key:{first.id}", "key.create", f"key:{key.id}"),
        ("cli", "key.create", f"key:{first.id}"),
        ("user:1", "member.remove", f"user:{bob}"),
        ("user:1", "member.role", f"user:{bob}"),
        ("user:1", "member.add", f"user:{bob}"),
    ]
    assert log[0].detail == {"name": "Birds"}
    assert [entry.action for entry in queries.find_audit(ws, after=log[-1].id)] == ["furnished", "workspace.create"]
