"""/t/o/TOKEN.gif (a mail was opened) and /t/c/TOKEN (a link was followed). Nothing here changes anything but the record of the hit.

A bad signature is refused without touching the database. The target of a click is looked up, never taken from the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hudhud.content.types import FIRST_LINK, PIXEL
from hudhud.kit import sql
from hudhud.kit.errors import Unavailable

if TYPE_CHECKING:
    from starlette.requests import Request

    from hudhud.edge.state import EdgeState

QUERIES = sql.load("hudhud.delivery", "tracking.sql")
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff"}
# Everything that may stand in a URL stays as the author wrote it; only what HTTP cannot carry is encoded.
URL_SAFE = "".join(chr(code) for code in range(0x21, 0x7F))
LONGEST_AGENT = 500


async def opened(request: Request) -> Response:
    """The picture; the hit is on disk before it is answered."""
    edge: EdgeState = request.app.state.edge
    found = edge.keys.verify_numbered("mail", request.path_params["token"])
    if found is None or found[1] != PIXEL:
        return PlainTextResponse("Not found", 404, headers=HEADERS)
    try:
        async with edge.workspace(None) as conn:
            await conn.execute(QUERIES.record_open.text, {**_hit(request, edge), "message_id": found[0]})
    except Unavailable:
        return Response(GIF, 503, headers={**HEADERS, "Retry-After": "5"}, media_type="image/gif")
    return Response(GIF, headers=HEADERS, media_type="image/gif")


async def clicked(request: Request) -> Response:
    """Lead to the author's target."""
    edge: EdgeState = request.app.state.edge
    found = edge.keys.verify_numbered("mail", request.path_params["token"])
    url = None
    if found is not None and found[1] >= FIRST_LINK:
        try:
            async with edge.workspace(None) as conn:
                cursor = await conn.execute(
                    QUERIES.record_click.text, {**_hit(request, edge), "message_id": found[0], "link": found[1] - FIRST_LINK}
                )
                row = await cursor.fetchone()
        except Unavailable:
            return PlainTextResponse("Try again in a moment", 503, headers={**HEADERS, "Retry-After": "5"})
        url = row[0] if row else None
    if url is None or not url.lower().startswith(("http://", "https://")):
        return PlainTextResponse("Not found", 404, headers=HEADERS)
    return Response(status_code=302, headers={**HEADERS, "Location": quote(url, safe=URL_SAFE)})


def _hit(request: Request, edge: EdgeState) -> dict[str, Any]:
    return {
        "now": edge.clock.now(),
        "method": request.method,
        "agent": request.headers.get("user-agent", "").replace("\0", "")[:LONGEST_AGENT],
        "address": request.client.host if request.client else "",
    }


routes = [
    Route("/t/o/{token}.gif", opened, methods=["GET", "HEAD"]),
    Route("/t/c/{token}", clicked, methods=["GET", "HEAD"]),
]
