"""The one place where errors become answers: `{"code", "message", …}`, whatever went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from clickhouse_connect.driver.exceptions import ClickHouseError
from django.http import JsonResponse
from ninja.errors import HttpError, ValidationError
from psycopg_pool import PoolTimeout

from hudhud.kit.errors import Forbidden, HudhudError, InvalidInput, Unavailable

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from ninja import NinjaAPI

log = structlog.get_logger()
HTTP_CODES = {400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
SERVER_ERROR = 500


def render(error: HudhudError) -> HttpResponse:
    """Answer with an error of ours."""
    return JsonResponse(error.to_dict(), status=error.status)


def _field(location: tuple[Any, ...]) -> str:
    """Name a field as the caller wrote it: `name`, `items.0.price` (the body's parameter has a name of its own, which nobody sent)."""
    hidden = 2 if location[0] == "body" and len(location) > 2 else 1  # noqa: PLR2004 -- where, parameter, field
    return ".".join(str(part) for part in location[hidden:]) or str(location[0])


def _validation(error: ValidationError) -> HttpResponse:
    fields = [{"field": _field(item["loc"]), "message": str(item["msg"])} for item in error.errors]
    first = fields[0] if fields else {"field": "body", "message": "is not valid"}
    body = {"code": "invalid_input", "message": f"{first['field']}: {first['message']}", "field": first["field"], "fields": fields}
    return JsonResponse(body, status=422)


def on_error(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """Turn any exception into an answer; what we did not foresee is logged with its trace and says nothing outside."""
    if isinstance(error, HudhudError):
        return render(error)
    if isinstance(error, ValidationError):
        return _validation(error)
    if isinstance(error, HttpError):
        code = HTTP_CODES.get(error.status_code, "error")
        return JsonResponse({"code": code, "message": error.message}, status=error.status_code)
    if isinstance(error, psycopg.errors.NumericValueOutOfRange):
        return render(InvalidInput("number", "…", "a number in it is larger than any id"))
    if isinstance(error, (psycopg.OperationalError, PoolTimeout, ClickHouseError)):
        log.error("engine_unavailable", path=request.path, exc_info=error)
        return render(Unavailable())
    log.error("request_failed", path=request.path, method=request.method, exc_info=error)
    return render(HudhudError("Something went wrong on our side; it is in the log."))


def install(api: NinjaAPI) -> None:
    """Make `on_error` the API's only handler."""
    for kind in (Exception, HudhudError, ValidationError, HttpError):
        api.add_exception_handler(kind, on_error)


def refuse_forgery(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """Answer a state-changing session request without its token."""
    return render(Forbidden("The CSRF token is missing or wrong: send the cookie `csrftoken` back as the header `X-CSRFToken`."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """Answer for an address that leads nowhere."""
    return JsonResponse({"code": "not_found", "message": "There is nothing at this address."}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """Answer for a failure outside of the API's own handlers."""
    return render(HudhudError("Something went wrong on our side; it is in the log."))
