"""The sample shop: fill the workspace with it, remove it, draw its goods."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from ninja import Router

from hudhud.app import errors
from hudhud.app.wiring import wiring
from hudhud.demo import actions, goods
from hudhud.kit.http import needs

if TYPE_CHECKING:
    from django.http import HttpRequest

    from hudhud.kit.http import Request

router = Router(tags=["demo"])


@router.post("/demo")
@needs("admin")
def fill(request: Request) -> dict[str, Any]:
    """Fill this empty workspace with a sample shop: people, ninety days of events, segments, two running journeys."""
    pictures = wiring().settings.base_url + goods.PICTURES
    made = actions.fill(request.scope, request.clickhouse, wiring().sandbox, request.now, pictures=pictures, actor=request.actor)
    return asdict(made)


@router.delete("/demo")
@needs("admin")
def clear(request: Request) -> dict[str, Any]:
    """Remove the sample shop and everything that came to it; workspace, members, keys and audit log stay."""
    actions.settle(wiring().db, request.scope.workspace_id or 0)
    actions.clear(request.scope, request.clickhouse, request.now, actor=request.actor)
    return {"removed": True}


def show_picture(request: HttpRequest, sku: str) -> HttpResponse:
    """Draw a product of the sample shop."""
    product = goods.BY_SKU.get(sku)
    if product is None:
        return errors.not_found(request)
    # Mail clients and previews fetch it from elsewhere.
    headers = {"Cache-Control": "public, max-age=86400", "Cross-Origin-Resource-Policy": "cross-origin"}
    return HttpResponse(goods.picture(product), content_type="image/svg+xml; charset=utf-8", headers=headers)
