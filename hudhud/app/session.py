"""First-run setup, and who am I."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.middleware.csrf import get_token
from ninja import Field, Router, Schema, Status

from hudhud.accounts import actions, queries, types
from hudhud.accounts.passwords import hash_password
from hudhud.app import shapes
from hudhud.app.auth import public
from hudhud.app.furnishing import furnish
from hudhud.app.wiring import wiring

if TYPE_CHECKING:
    from django.http import HttpRequest

router = Router(tags=["session"])
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class FirstOwner(Schema):
    """The first person in, and their workspace."""

    email: str
    password: str
    name: str = ""
    workspace: Annotated[str, Field(min_length=1, max_length=200)] = "My shop"
    time_zone: str = "UTC"
    language: Literal["en", "et", "fa", "ar"] = "en"


def _me(request: Any) -> dict[str, Any]:  # noqa: ANN401 -- HttpRequest plus our attributes
    user = request.user if request.actor.startswith("user:") else None
    return {
        "actor": request.actor,
        "role": request.role,
        "user": user and {"id": user.pk, "email": user.email, "name": user.first_name},
        "workspace": asdict(queries.get_workspace(request.scope)),
        "workspaces": [{"id": each.workspace_id, "name": each.name, "role": each.role} for each in request.caller.memberships],
        "now": request.now,
    }


@router.get("/me", response=shapes.Me)
def me(request: Any) -> dict[str, Any]:  # noqa: ANN401 -- HttpRequest plus our attributes
    """Return who is asking, their role and workspace, and the clock (time-lapse differs from the wall's)."""
    return _me(request)


@router.get("/setup", response=shapes.SetupState)
@public
def is_setup_open(request: HttpRequest) -> dict[str, bool]:
    """Tell whether the first owner is still to be made, and whether users can be written to; sets the CSRF cookie."""
    get_token(request)
    with wiring().db.everywhere() as everywhere:
        return {"open": not queries.has_owner(everywhere), "mail": bool(wiring().settings.smtp_url)}


@router.post("/setup", response={201: dict[str, Any]})
@public
def set_up(request: Any, owner: FirstOwner) -> Status[dict[str, Any]]:  # noqa: ANN401 -- HttpRequest plus our attributes
    """Make the first owner and their workspace, and sign them in; refused as soon as there is an owner."""
    first = types.FirstOwner(
        email=owner.email,
        password_hash=hash_password(owner.password),
        name=owner.name,
        workspace=owner.workspace,
        time_zone=owner.time_zone,
        language=owner.language,
    )
    workspace_id, user_id = actions.create_first_owner(wiring().db, first, request.now, lambda ws: furnish(ws, request.now))
    user = User.objects.get(pk=user_id)
    login(request, user, BACKEND)
    record_authentication(request, user, method="password", email=user.email)
    return Status(201, {"user_id": user_id, "workspace_id": workspace_id})
