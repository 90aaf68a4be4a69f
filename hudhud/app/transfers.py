"""Downloads: exports, and the bad rows of an import. Each page is a transaction of its own, so that nothing is held while somebody downloads."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 -- read by ninja at run time
from functools import partial
from typing import TYPE_CHECKING, Annotated

from django.http import StreamingHttpResponse
from ninja import Field, Query, Router

from hudhud.accounts.actions import record_audit
from hudhud.accounts.queries import get_workspace
from hudhud.app.wiring import wiring
from hudhud.kit.http import needs
from hudhud.segments.queries import get_segment
from hudhud.transfer import consent_export, export
from hudhud.transfer.queries import get_import, reject_pages
from hudhud.transfer.writing import Form  # noqa: TC001 -- read by ninja at run time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.kit.http import Request

Id = Annotated[int, Field(ge=1, lt=2**63)]
router = Router(tags=["exports"])
TYPES: dict[Form, str] = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
# Names of columns, as the header has them; left out: all.
Columns = Annotated[list[Annotated[str, Field(max_length=300)]], Query(default_factory=list, max_length=2_000)]


def _download(pieces: Iterator[bytes], name: str, form: Form) -> StreamingHttpResponse:
    response = StreamingHttpResponse(pieces, content_type=TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response["Cache-Control"] = "no-store"
    return response


@router.get("/exports/people")
@needs("marketer")
def export_people(
    request: Request,
    columns: Columns,
    format: Form = "csv",  # noqa: A002 -- the parameter's name
    segment_id: Id | None = None,
) -> StreamingHttpResponse:
    """Download everybody, or the members of a segment: attributes, identifiers, consent. Our import reads it back."""
    workspace_id = request.scope.workspace_id or 0
    if segment_id is not None:
        get_segment(request.scope, segment_id)
    record_audit(request.scope, request.now, request.actor, "export.people", f"segment:{segment_id}" if segment_id else "", format=format)
    return _download(export.people(partial(wiring().db.workspace, workspace_id), format, segment_id, columns), "people", format)


@router.get("/exports/columns", response=dict[str, list[str]])
@needs("marketer")
def find_columns(request: Request) -> dict[str, list[str]]:
    """List what the columns of each export are called; the first always comes."""
    people = export.people_columns(partial(wiring().db.workspace, request.scope.workspace_id or 0))
    return {
        "people": people,
        "events": [*export.EVENT_COLUMNS],
        "consent": [*consent_export.CONSENT_COLUMNS],
        "suppressions": [*consent_export.SUPPRESSION_COLUMNS],
    }


@router.get("/exports/consent")
@needs("marketer")
def export_consent(request: Request, columns: Columns, format: Form = "csv") -> StreamingHttpResponse:  # noqa: A002 -- the parameter's name
    """Download where everybody stands on each topic, with date, source and wording."""
    record_audit(request.scope, request.now, request.actor, "export.consent", "", format=format)
    pages = partial(wiring().db.workspace, request.scope.workspace_id or 0)
    return _download(consent_export.consent(pages, format, columns), "consent", format)


@router.get("/exports/suppressions")
@needs("marketer")
def export_suppressions(request: Request, columns: Columns, format: Form = "csv") -> StreamingHttpResponse:  # noqa: A002 -- the parameter's name
    """Download every address that must not be written to, and why."""
    record_audit(request.scope, request.now, request.actor, "export.suppressions", "", format=format)
    pages = partial(wiring().db.workspace, request.scope.workspace_id or 0)
    return _download(consent_export.suppressions(pages, format, columns), "suppressions", format)


@router.get("/exports/events")
@needs("marketer")
def export_events(
    request: Request,
    columns: Columns,
    format: Form = "csv",  # noqa: A002 -- the parameter's name
    begin: datetime | None = None,
    end: datetime | None = None,
) -> StreamingHttpResponse:
    """Download what happened from `begin` on and before `end` (default: the last 30 days); without an offset, by the workspace's clock."""
    workspace_id = request.scope.workspace_id or 0
    first, last = export.period(get_workspace(request.scope).time_zone, begin, end, request.now)
    record_audit(
        request.scope, request.now, request.actor, "export.events", "", format=format, begin=first.isoformat(), end=last.isoformat()
    )
    pages = partial(wiring().db.workspace, workspace_id)
    return _download(export.events(pages, wiring().clickhouse, workspace_id, format, first, last, columns), "events", format)


@router.get("/imports/{import_id}/rejects")
@needs("marketer")
def download_rejects(request: Request, import_id: Id) -> StreamingHttpResponse:
    """Download the bad rows of an import, each with its line and the reason."""
    known = get_import(request.scope, import_id)
    columns = [column.name for column in known.plan.columns] if known.plan else []
    form: Form = "csv" if columns else "ndjson"
    pages = reject_pages(partial(wiring().db.workspace, request.scope.workspace_id or 0), import_id)
    return _download(export.rejects(pages, columns, form, known.rejects_gone), f"import-{import_id}-refused", form)
