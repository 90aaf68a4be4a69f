"""The API `/api/v1`: the routers of all modules behind one guard and one error handler."""

from __future__ import annotations

from ninja import NinjaAPI, Router

from hudhud.accounts import api as accounts
from hudhud.app import (
    attributes,
    campaign_trials,
    coupons,
    demo,
    errors,
    home,
    lifecycle,
    people,
    segments,
    session,
    ticker,
    topics,
    transfers,
    trials,
    uses,
)
from hudhud.app.auth import guarded
from hudhud.campaigns import api as campaigns
from hudhud.companies import api as companies
from hudhud.consent import api as consent
from hudhud.content import api as content
from hudhud.content.editing import api as content_editing
from hudhud.content.editing import dressing_api
from hudhud.coupons import api as coupon_pools
from hudhud.delivery import api as delivery
from hudhud.delivery import rules_api
from hudhud.delivery.domains import api as domains_api
from hudhud.delivery.outcomes import api as outcomes_api
from hudhud.delivery.senders import api as senders_api
from hudhud.endpoints import api as endpoints
from hudhud.events import api as events
from hudhud.hooks import api as hooks
from hudhud.journeys import api as journeys
from hudhud.journeys.acting import api as secrets_api
from hudhud.journeys.editing import api as editing
from hudhud.journeys.measuring import api as results_api
from hudhud.journeys.rehearsing import api as rehearsal_api
from hudhud.kit.http import role_for
from hudhud.people import api as people_list
from hudhud.personas import api as personas
from hudhud.transfer import api as transfer
from hudhud.warehouses import api as warehouses

ROUTERS = (
    session.router,
    accounts.router,
    home.router,
    ticker.router,
    demo.router,
    people_list.router,
    attributes.router,
    people.router,
    uses.router,
    events.router,
    hooks.router,
    endpoints.router,
    segments.router,
    lifecycle.router,
    personas.router,
    campaigns.router,
    journeys.router,
    editing.router,
    secrets_api.router,
    rehearsal_api.router,
    results_api.router,
    companies.router,
    consent.router,
    topics.router,
    trials.router,
    campaign_trials.router,
    content_editing.router,
    dressing_api.router,
    content.router,
    coupon_pools.router,
    coupons.router,
    delivery.router,
    rules_api.router,
    senders_api.router,
    domains_api.router,
    outcomes_api.router,
    transfer.router,
    transfers.router,
    warehouses.router,
)


def build() -> NinjaAPI:
    """Assemble the API; OpenAPI is at `/api/v1/openapi.json`."""
    api = NinjaAPI(
        title="Hudhud",
        version="1",
        description="Everything that the app does. Send `Authorization: Bearer KEY` (kind `api`), or the session's cookie and its CSRF token.",
        urls_namespace="api",
        docs_url=None,
        openapi_url="/openapi.json",
        openapi_extra={
            "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
            "security": [{"key": []}],
        },
    )
    api.add_decorator(guarded, mode="view")
    errors.install(api)
    for router in ROUTERS:
        _name_roles(router)
        api.add_router("", router)
    return api


def _name_roles(router: Router) -> None:
    """Write into the document which role each operation needs."""
    for view in router.path_operations.values():
        for operation in view.operations:
            is_public = getattr(operation.view_func, "is_public", False)
            role = "none" if is_public else role_for(operation.methods[0], operation.view_func)
            operation.openapi_extra = {**(operation.openapi_extra or {}), "x-role": role}
