"""The API `/api/v1`: the routers of all modules behind one guard and one error handler."""

from __future__ import annotations

from ninja import NinjaAPI

from hudhud.accounts import api as accounts
from hudhud.app import errors, home, session
from hudhud.app.auth import guarded

ROUTERS = (
    session.router,
    accounts.router,
    home.router,
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
        api.add_router("", router)
    return api
