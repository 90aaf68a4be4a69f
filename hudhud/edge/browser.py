"""What a shop's pages fetch: /analytics.js, our own snippet, and /v1/projects/KEY/settings, which Segment's analytics-next asks for first.

Both hold nothing but what is public anyway, and may be read from any site.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from hudhud.edge.rates import client_in
from hudhud.kit.errors import HudhudError, NotFound, Unauthenticated

if TYPE_CHECKING:
    from starlette.requests import Request

    from hudhud.edge.keyring import Keyring
    from hudhud.edge.state import EdgeState

SNIPPET = Path(str(resources.files("hudhud.edge"))) / "static" / "analytics.js"
ANY_SITE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", "X-Content-Type-Options": "nosniff"}
# An hour: a new version reaches every page within it. The settings name our address only.
SNIPPET_HEADERS = {**ANY_SITE, "Cache-Control": "public, max-age=3600", "Vary": "Accept-Encoding"}
SETTINGS_HEADERS = {**ANY_SITE, "Cache-Control": "public, max-age=60"}
EVERY_NAME = {"__default": {"enabled": True, "integrations": {}}}


@dataclass(frozen=True, slots=True)
class Script:
    """The built snippet, as it goes over the wire."""

    plain: bytes
    packed: bytes
    etag: str


@lru_cache(maxsize=1)
def read_script() -> Script:
    """Read the snippet once; raises `FileNotFoundError` before `make web` has built it."""
    plain = SNIPPET.read_bytes()
    return Script(plain, gzip.compress(plain, mtime=0), f'"{hashlib.sha256(plain).hexdigest()[:16]}"')


async def snippet(request: Request) -> Response:
    """Send /analytics.js, or say that the browser has it already."""
    try:
        script = read_script()
    except FileNotFoundError:
        return PlainTextResponse("The snippet is not built: run make web (a wheel contains it).", 503, headers=ANY_SITE)
    headers = {**SNIPPET_HEADERS, "ETag": script.etag}
    if script.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(script.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type="text/javascript")
    return Response(script.plain, headers=headers, media_type="text/javascript")


async def settings(request: Request) -> Response:
    """Tell analytics-next to send everything here, and nothing anywhere else."""
    edge: EdgeState = request.app.state.edge
    keyring: Keyring = request.app.state.keyring
    key = request.path_params["key"]
    try:
        await keyring.writer(key, client_in(request.scope))
    except Unauthenticated:
        error: HudhudError = NotFound("This write key is unknown or revoked.")
        return JSONResponse(error.to_dict(), error.status, headers=ANY_SITE)
    except HudhudError as refused:
        return JSONResponse(refused.to_dict(), refused.status, headers=ANY_SITE)
    url = urlsplit(edge.settings.public_url or str(request.base_url))
    return JSONResponse(_settings(key, url.scheme, f"{url.netloc}{url.path.rstrip('/')}/v1"), headers=SETTINGS_HEADERS)


def _settings(key: str, protocol: str, api_host: str) -> dict[str, Any]:
    """Source: SegmentSettings and CDNSettings of @segment/analytics-next."""
    return {
        "integrations": {
            "Segment.io": {"apiKey": key, "apiHost": api_host, "protocol": protocol, "versionSettings": {"componentTypes": []}}
        },
        "plan": {"track": EVERY_NAME, "identify": EVERY_NAME, "group": EVERY_NAME},
        "analyticsNextEnabled": True,
        "edgeFunction": {},
        "enabledMiddleware": {},
        "middlewareSettings": {},
        "remotePlugins": [],
        "legacyVideoPluginsEnabled": False,
        # Else it tells Segment's own servers how it is doing.
        "metrics": {"sampleRate": 0},
    }


routes = [Route("/analytics.js", snippet, methods=["GET", "HEAD"]), Route("/v1/projects/{key}/settings", settings, methods=["GET", "HEAD"])]
