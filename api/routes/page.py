"""The operations room, and the scripts and styles it needs."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api.asked import Db, ThePlace
from api.screens import reader
from twin import buildings, devices, history
from twin.errors import NotFound
from viz import ops
from viz.assets import Asset, Assets

router = APIRouter()
FOR_EVER = "public, max-age=31536000, immutable"


@router.get("/", response_class=HTMLResponse, include_in_schema=False)
def page(request: Request, connection: Db, place: ThePlace) -> HTMLResponse:
    """Show the operations room in the language and look the address asks for."""
    simulated = any(device.simulated for device in devices.devices(connection, place.id))
    known = ops.Known(
        history.revision_at(connection, datetime.now(UTC)),
        history.begun(connection),
        buildings.number(connection, place.id),
    )
    return HTMLResponse(ops.page(place, reader(request), known, simulated=simulated))


@router.get("/static/{version}/{path:path}", include_in_schema=False)
def static(request: Request, version: str, path: str) -> Response:
    """Serve one file; its address changes with its content, so a browser may keep it for ever."""
    assets: Assets = request.app.state.assets
    found: Asset | None = assets.files.get(path) if version == assets.version else None
    if found is None:
        raise NotFound("no such file")
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(found.content, media_type=found.media_type, headers=headers)
    return Response(found.compressed, media_type=found.media_type, headers=headers | {"Content-Encoding": "gzip"})
