"""A download of a pool's codes, in which a spreadsheet runs nothing."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse
from ninja import Router

from hudhud.accounts.actions import record_audit
from hudhud.app.wiring import wiring
from hudhud.coupons.queries import find_all, get_pool
from hudhud.kit.http import needs
from hudhud.transfer.values import to_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hudhud.coupons.types import Pool
    from hudhud.kit.http import Request

router = Router(tags=["coupons"])
COLUMNS = ("code", "person_id", "step", "given_at", "expires_at", "redeemed_at", "redeemed_by")


@router.get("/coupons/{key}/export")
@needs("marketer")
def export_codes(request: Request, key: str) -> StreamingHttpResponse:
    """Download every code of a pool, with who has it and whether it was used."""
    pool = get_pool(request.scope, key, request.now)
    record_audit(request.scope, request.now, request.actor, "export.coupons", f"coupon_pool:{key}")
    response = StreamingHttpResponse(_lines(request.scope.workspace_id or 0, pool), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{key}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _lines(workspace_id: int, pool: Pool) -> Iterator[bytes]:
    yield (",".join(COLUMNS) + "\r\n").encode()
    with wiring().db.workspace(workspace_id) as ws:
        for coupon in find_all(ws, pool):
            line = io.StringIO()
            values = (getattr(coupon, name) for name in COLUMNS)
            csv.writer(line).writerow(to_cell(value.isoformat() if hasattr(value, "isoformat") else value) for value in values)
            yield line.getvalue().encode()
