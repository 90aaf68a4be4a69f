"""Who is asking, in which workspace and role; one transaction around each request.

A request carries a session (browser; state-changing ones with a CSRF token) or `Authorization: Bearer KEY`
(kind `api`). Both walls are raised here: the role check, and the scope that every endpoint works in.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.functional import SimpleLazyObject

from hudhud.accounts import queries as accounts
from hudhud.accounts.types import SCOPE_ROLES
from hudhud.app import errors
from hudhud.app.wiring import wiring
from hudhud.kit.errors import Forbidden, InvalidInput, Unauthenticated
from hudhud.kit.http import RANKS, role_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from hudhud.accounts.types import Membership
    from hudhud.kit.db import Scope

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
FAILURE = 400
NO_CONTENT = 204
MAX_DIGITS = 19
STATEMENT_TIMEOUT = "SET LOCAL statement_timeout = '20s'"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who proved who they are."""

    actor: str
    role: str
    workspace_id: int
    memberships: tuple[Membership, ...] = ()


class NoWorkspace(Forbidden):
    """You are signed in, but no workspace has you as a member."""

    code = "no_workspace"


def public(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Mark an endpoint as open to everybody: no caller, no scope; still guarded against forged browser requests."""
    endpoint.is_public = True  # type: ignore[attr-defined]
    return endpoint


class _ForgeryCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return errors.refuse_forgery(request, reason)


def _no_view(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def check_forgery(request: HttpRequest) -> HttpResponseBase | None:
    """Return a refusal for a state-changing browser request without its token (ninja's views skip Django's check)."""
    if request.method in SAFE_METHODS:
        return None
    check = _ForgeryCheck(_no_view)
    request.csrf_processing_done = False  # type: ignore[attr-defined]
    check.process_request(request)
    return check.process_view(request, _no_view, (), {})


def _by_key(header: str) -> Caller:
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated
    with wiring().db.everywhere() as everywhere:
        holder = accounts.find_key_holder(everywhere, secret.strip())
    if holder is None:
        raise Unauthenticated
    if holder.kind != "api":
        raise Forbidden("This key may only collect events; make one of kind `api`.")
    roles = [SCOPE_ROLES[scope] for scope in holder.scopes if scope in SCOPE_ROLES] or ["viewer"]
    return Caller(f"key:{holder.id}", max(roles, key=RANKS.__getitem__), holder.workspace_id)


def _choose(memberships: list[Membership], wanted: str | None) -> Membership:
    """Return the membership that `X-Workspace` names; without it the oldest."""
    if not memberships:
        raise NoWorkspace
    if not wanted:
        return memberships[0]
    if not wanted.isdecimal() or len(wanted) > MAX_DIGITS:
        raise InvalidInput("X-Workspace", wanted, "send the id of a workspace")
    for membership in memberships:
        if membership.workspace_id == int(wanted):
            return membership
    raise Forbidden("You are no member of this workspace.")


def _by_session(request: HttpRequest) -> Caller:
    if not request.user.is_authenticated:
        raise Unauthenticated
    with wiring().db.everywhere() as everywhere:
        memberships = accounts.find_memberships(everywhere, int(request.user.pk))
    chosen = _choose(memberships, request.headers.get("X-Workspace"))
    return Caller(f"user:{request.user.pk}", chosen.role, chosen.workspace_id, tuple(memberships))


def identify(request: HttpRequest) -> Caller:
    """Return who is asking; raises `Unauthenticated`, `Forbidden` or `NoWorkspace`."""
    header = request.headers.get("Authorization", "")
    return _by_key(header) if header else _by_session(request)


def check_role(caller: Caller, method: str, endpoint: object) -> None:
    """Raise `Forbidden` when the caller's role is below what the endpoint needs."""
    needed = role_for(method, endpoint)
    if RANKS[caller.role] < RANKS[needed]:
        raise Forbidden(f"This needs the role {needed}; yours is {caller.role}.", needed=needed, role=caller.role)


def _apart(request: Any, caller: Caller, run: Callable[..., HttpResponseBase], kwargs: dict[str, Any]) -> HttpResponseBase:  # noqa: ANN401
    """Run an endpoint that opens its transactions itself: what it waits for in between holds none."""
    request.actor, request.role, request.caller = caller.actor, caller.role, caller

    @contextmanager
    def open_scope() -> Iterator[Scope]:
        with wiring().db.workspace(caller.workspace_id) as scope:
            scope.conn.execute(STATEMENT_TIMEOUT)
            yield scope

    request.open = open_scope
    return run(request, **kwargs)


def _in_scope(request: Any, caller: Caller, run: Callable[..., HttpResponseBase], kwargs: dict[str, Any]) -> HttpResponseBase:  # noqa: ANN401
    """Run the endpoint in one transaction: commit below status 400, else roll back."""
    request.actor, request.role, request.caller = caller.actor, caller.role, caller
    with wiring().db.workspace(caller.workspace_id) as scope:
        scope.conn.execute(STATEMENT_TIMEOUT)
        request.scope = scope
        response = run(request, **kwargs)
        if response.status_code >= FAILURE:
            raise psycopg.Rollback
    if response.status_code == NO_CONTENT:
        del response.headers["Content-Type"]
    return response


def guarded(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap an operation of ninja: identify, check forgery and role, then run in a transaction."""
    operation = run.__self__  # type: ignore[attr-defined]
    endpoint = operation.view_func

    @functools.wraps(run)
    def answer(request: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401 -- HttpRequest plus our attributes
        request.now, request.keys = wiring().clock.now(), wiring().keys
        request.clickhouse = SimpleLazyObject(lambda: wiring().clickhouse)
        try:
            # As `identify` sees it: an empty header is no key, so the session counts.
            if not request.headers.get("Authorization") and (refusal := check_forgery(request)):
                return refusal
            if getattr(endpoint, "is_public", False):
                return run(request, **kwargs)
            caller = identify(request)
            check_role(caller, request.method, endpoint)
            return (_apart if getattr(endpoint, "is_apart", False) else _in_scope)(request, caller, run, kwargs)
        except Exception as error:  # noqa: BLE001 -- the one handler renders whatever it is
            return errors.on_error(request, error)

    return answer
