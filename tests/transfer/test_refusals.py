"""Whoever said no elsewhere is not mailed after moving here: unsubscribed, bounced and complained, in whatever order their lists come."""

from __future__ import annotations

import csv
import io
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from hudhud.consent.actions import suppress
from hudhud.kit.errors import InvalidInput
from hudhud.transfer import actions, queries
from hudhud.transfer.consent_export import consent, suppressions
from hudhud.transfer.guess import fields_of, understand
from hudhud.transfer.refusals import said_no, whys
from hudhud.transfer.types import Column, Import, Kind, Plan
from hudhud.workers import transfers
from tests import make
from tests.make import NOW
from tests.transfer.test_files import source
from tests.workers.line import Line, identify

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from hudhud.kit.db import Database
    from hudhud.transfer.writing import Form

# Headers as the tools write them.
MAILCHIMP = "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,LEID,EUID,LAST_CHANGED"
SUBSCRIBED = f"{MAILCHIMP}\na@b.ee,Ann,2,2020-01-01 10:00:00,1.1.1.1,,1,x,2021-01-01 10:00:00\nb@b.ee,Bob,2,2020-01-01 10:00:00,1.1.1.1,,2,y,\nc@b.ee,Cat,2,2020-01-01 10:00:00,,,3,z,\n"
UNSUBSCRIBED = f"{MAILCHIMP},UNSUB_TIME,UNSUB_REASON\nb@b.ee,Bob,2,2019-01-01 10:00:00,1.1.1.1,,2,y,,2019-05-17 08:30:00,NORMAL\n"
CLEANED = f"{MAILCHIMP},CLEAN_TIME,CLEAN_CAMPAIGN_ID\nC@b.ee,Cat,2,2019-01-01 10:00:00,,,3,z,,2022-05-17 08:30:00,abc\n"


@pytest.fixture
def line(db: Database, ch: Client, clickhouse_url: str) -> Line:
    return Line(db, ch, clickhouse_url)


def upload(line: Line, text: str | bytes, kind: Kind = "people", name: str = "list.csv", **more: Any) -> tuple[int, Plan]:  # noqa: ANN401
    body = text.encode() if isinstance(text, str) else text
    found = understand(source(body, name), kind)
    columns = tuple(Column(one.name, one.field, one.type) for one in found.columns)
    with line.db.workspace(line.shop) as ws:
        import_id = actions.create_import(ws, kind, name, len(body), NOW, actor="test")
        actions.put_piece(ws, import_id, 0, body)
    return import_id, Plan(found.reading, columns, **{"refused": found.refused, **more})


def bring(line: Line, body: str | bytes, kind: Kind = "people", name: str = "list.csv", **more: Any) -> Import:  # noqa: ANN401
    import_id, plan = upload(line, body, kind, name, **more)
    with line.db.workspace(line.shop) as ws:
        actions.ask_run(ws, import_id, plan, NOW, actor="test")
    return finished(line, import_id)


def finished(line: Line, import_id: int) -> Import:
    assert transfers.work_once(line.context)
    line.work()
    with line.db.workspace(line.shop) as ws:
        return queries.get_import(ws, import_id)


def states(line: Line, topic: str = "newsletter") -> dict[str, str]:
    text = "SELECT i.value, s.state FROM identifier i JOIN subscription s USING (person_id) JOIN topic t ON t.id = s.topic_id WHERE i.namespace = 'email' AND t.key = %s"
    return dict(line.sql(text, topic))


def suppressed(line: Line) -> dict[str, str]:
    return dict(line.sql("SELECT address, reason FROM suppression ORDER BY address"))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_the_lists_of_another_tool_in_any_order_bring_nobody_back(line: Line, order: tuple[int, ...]) -> None:
    files: tuple[tuple[str, dict[str, Any]], ...] = (
        (SUBSCRIBED, {"subscribe": ("newsletter",), "consent_source": "Mailchimp, 2020"}),
        (UNSUBSCRIBED, {"subscribe": ("newsletter",), "consent_source": "chosen by mistake"}),
        (CLEANED, {}),
    )
    for number in order:
        body, more = files[number]
        assert bring(line, body, **more).rejected == 0
    assert states(line) == {"a@b.ee": "subscribed", "b@b.ee": "unsubscribed", "c@b.ee": "subscribed"}
    assert states(line, "offers") == {"b@b.ee": "unsubscribed"}
    assert suppressed(line) == {"c@b.ee": "hard_bounce"}
    words = line.sql("SELECT state, at::text, proof -> 'consent' FROM consent_log WHERE state = 'unsubscribed' ORDER BY topic_id LIMIT 1")
    assert words == [("unsubscribed", "2019-05-17 08:30:00+00", {"source": "chosen by mistake", "at": "2019-05-17T08:30:00Z"})]


def test_a_list_of_addresses_makes_nobody_and_is_taken_back(line: Line) -> None:
    line.put(identify("u1", email="own@b.ee", subscriptions={"newsletter": True}))
    line.work()
    with line.db.workspace(line.shop) as ws:
        assert suppress(ws, {"known@b.ee": ""}, "hard_bounce", line.clock.now()) == 1
    rows = [
        "Email,Phone,Reason,Timestamp,Comments",
        "Bounce@b.ee,,HARD_BOUNCE,2023-02-21T20:07:38+00:00,550 no such user",
        "spam@b.ee,,SPAM_COMPLAINT,,",
        "own@b.ee,,UNSUBSCRIBE,,",
        "known@b.ee,,USER_SUPPRESSED,,",
        "twice@b.ee,,manual,,",
        "twice@b.ee,,marked as spam,,",
        ",+372 5551 2345,unsubscribed,,",
        "odd@b.ee,,on holiday,,",
        ",,manual,,",
    ]
    import_id, plan = upload(line, "\n".join(rows), "suppressions")
    with line.db.workspace(line.shop) as ws:
        actions.ask_check(ws, import_id, plan)
    checked = finished(line, import_id).numbers
    assert checked
    assert (checked.suppressed, checked.refusing, checked.bad) == (4, 1, 2)
    assert suppressed(line) == {"known@b.ee": "hard_bounce"}
    with line.db.workspace(line.shop) as ws:
        actions.ask_run(ws, import_id, None, NOW, actor="test")
    assert finished(line, import_id).rejected == 2
    assert suppressed(line) == {
        "+37255512345": "manual",
        "bounce@b.ee": "hard_bounce",
        "known@b.ee": "hard_bounce",
        "spam@b.ee": "complaint",
        "twice@b.ee": "complaint",
    }
    assert line.sql("SELECT detail, created_at::text FROM suppression WHERE address = 'bounce@b.ee'") == [
        ("550 no such user", "2023-02-21 20:07:38+00")
    ]
    # A person was made of whoever has a word about consent to be kept, of nobody else.
    assert sorted(states(line).items()) == [("own@b.ee", "unsubscribed")]
    assert states(line, "offers").keys() == {"own@b.ee"}
    with line.db.workspace(line.shop) as ws:
        # Somebody else says so too, meanwhile: it is no longer this list's alone.
        assert suppress(ws, {"spam@b.ee": ""}, "complaint", line.clock.now()) == 0
        actions.ask_undo(ws, import_id, line.clock.now(), only_count=True, actor="test")
    undone = finished(line, import_id).undo
    assert undone
    assert undone.suppressed == 3
    with line.db.workspace(line.shop) as ws:
        actions.ask_undo(ws, import_id, line.clock.now(), only_count=False, actor="test")
    assert finished(line, import_id).undo == undone
    assert suppressed(line) == {"known@b.ee": "hard_bounce", "spam@b.ee": "complaint"}
    assert states(line) == {"own@b.ee": "subscribed"}


def test_consent_comes_with_its_own_date_source_and_wording_or_not_at_all(line: Line) -> None:
    line.put(identify("u1", email="gone@b.ee", city="Tartu", subscriptions={"newsletter": False}))
    line.work()
    rows = [
        "email;name;topic;status;consent date;source;wording",
        "a@b.ee;Ann;newsletter;subscribed;17.05.2023 10:00;checkout;Send me news",
        "a@b.ee;Ann;offers;unsubscribed;18.05.2023;;",
        "b@b.ee;Bob;newsletter;subscribed;17.05.2023;;",
        "c@b.ee;Cat;weekly;subscribed;17.05.2023;fair;",
        "gone@b.ee;Eve;newsletter;subscribed;17.05.2023;fair;",
    ]
    found = bring(line, "\n".join(rows), "consent")
    assert (found.accepted, found.rejected) == (3, 2)
    assert states(line) == {"a@b.ee": "subscribed", "gone@b.ee": "unsubscribed"}
    assert states(line, "offers") == {"a@b.ee": "unsubscribed"}
    proofs = line.sql("SELECT at::text, proof -> 'consent' FROM consent_log WHERE applied AND state = 'subscribed'")
    assert proofs == [("2023-05-17 10:00:00+00", {"source": "checkout", "text": "Send me news"})]
    # It is about consent alone.
    assert line.sql("SELECT attributes FROM person ORDER BY id") == [({"city": "Tartu", "email": "gone@b.ee"},), ({"email": "a@b.ee"},)]
    with line.db.workspace(line.shop) as ws:
        reasons = [reason.partition(":")[0] for _, reason, _ in queries.find_rejects(ws, found.id)]
    assert reasons == ["consent.source", "topic"]


def test_a_file_by_its_name_and_a_list_without_a_reason() -> None:
    body = b"Email\na@b.ee\n"
    assert understand(source(body, "cleaned_members_export_1.csv"), "people").refused == "hard_bounce"
    assert understand(source(body, "Unsubscribed-segment.csv"), "suppressions").refused == "unsubscribed"
    assert understand(source(body, "subscribed_members_export_1.csv"), "people").refused == ""
    assert understand(source(UNSUBSCRIBED.encode(), "unsubscribed_1.csv"), "people").refused == ""


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ("Email,Klaviyo ID,Email Marketing Consent,Email Suppressions,Email Suppressions Timestamp", "email,,topic.newsletter,suppressed,"),
        (
            "Record ID,Email,Create Date,Unsubscribed from all email,Opted out of email: Marketing Information,Email hard bounce reason",
            ",email,at,unsubscribed,unsubscribed,suppressed.hard_bounce",
        ),
        ("id,email,points,date_added,dnc_reason", ",email,traits.points,at,suppressed"),
        ("Email Address,MEMBER_RATING,LEID,UNSUB_TIME,UNSUB_REASON,CLEAN_TIME", "email,,,unsubscribed,,suppressed.hard_bounce"),
        ("E-mail,Email Opt Out,HasOptedOutOfEmail,city", "email,unsubscribed,unsubscribed,traits.city"),
    ],
)
def test_what_other_tools_call_it(headers: str, fields: str) -> None:
    assert [field for field, _ in fields_of("people", headers.split(","))] == fields.split(",")


def test_cells_that_say_no_and_cells_that_do_not() -> None:
    for cell in ("", "no", "FALSE", "0", "never_subscribed", "0000-00-00 00:00:00", "[]", "SUBSCRIBED"):
        assert (said_no(cell, "iso"), whys(cell, "hard_bounce", "iso")) == (None, (set(), ""))
    assert said_no("31.01.2024 10:00", "dmy") == "2024-01-31T10:00:00Z"
    assert [said_no(cell, "iso") for cell in ("true", "Yes", "UNSUBSCRIBED", "jah", "3")] == [""] * 5
    assert whys("['HARD_BOUNCE', 'UNSUBSCRIBE']", "manual", "iso") == ({"hard_bounce", "unsubscribed"}, "")
    assert whys("5.1.1 mailbox unknown", "hard_bounce", "iso") == ({"hard_bounce"}, "")
    assert whys("2024-01-31", "hard_bounce", "iso") == ({"hard_bounce"}, "2024-01-31T00:00:00Z")
    for wrong in (lambda: said_no("perhaps", "iso"), lambda: whys("perhaps", "manual", "iso")):
        with pytest.raises(InvalidInput):
            wrong()


@pytest.mark.parametrize(
    "form", ["csv", "ndjson", pytest.param("xlsx", marks=pytest.mark.long), pytest.param("parquet", marks=pytest.mark.long)]
)
def test_consent_and_suppressions_come_back_elsewhere_as_they_were(line: Line, form: Form) -> None:
    line.put(
        identify("=u1", email="+a@b.ee", subscriptions={"newsletter": True, "offers": False}),
        identify(None, "v1", email="v@b.ee", subscriptions={"newsletter": {"email": "pending"}}),
        {
            "type": "identify",
            "userId": "u2",
            "traits": {"subscriptions": {"offers": True}},
            "context": {"consent": {"source": "=fair", "text": "@yes"}},
        },
        {"type": "alias", "userId": "=u1", "previousId": "v1"},
    )
    line.work()
    with line.db.workspace(line.shop) as ws:
        suppress(ws, {"=x@b.ee": "=550", "y@b.ee": ""}, "complaint", line.clock.now())
        suppress(ws, {"+37255512345": ""}, "manual", line.clock.now(), "phone")
    told = [exported(line, write, form) for write in (consent, suppressions)]
    before = [table(line, write) for write in (consent, suppressions)]
    line.shop = make.workspace(line.db, "Elsewhere")
    for kind, body in zip(("consent", "suppressions"), told, strict=True):
        assert bring(line, body, kind, f"{kind}.{form}").rejected == 0  # type: ignore[arg-type]
    after = [table(line, write) for write in (consent, suppressions)]
    assert after == before
    assert len(before[0]) == 3
    assert len(before[1]) == 3


def exported(line: Line, write: Any, form: Form) -> bytes:  # noqa: ANN401 -- one of two
    return b"".join(write(partial(line.db.workspace, line.shop), form))


def table(line: Line, write: Any) -> list[list[str]]:  # noqa: ANN401 -- one of two
    """The rows of an export, but for our own numbers and by which way it was told."""
    rows = list(csv.reader(io.StringIO(exported(line, write, "csv").decode())))[1:]
    return sorted(row[1:11] if write is consent else row for row in rows)
