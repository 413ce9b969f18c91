"""The place the page is about."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api import loss_rows
from api.asked import Db, ThePlace

router = APIRouter()


@router.get("/api/place")
def place(place: ThePlace) -> dict[str, Any]:
    """Give the place's names, bounds [west, south, east, north in degrees], people and the sources of its data."""
    return {
        "code": place.code,
        "name": place.name,
        "name_zh": place.name_zh,
        "timezone": place.timezone,
        "residents": place.residents,
        "households": place.households,
        "attribution": place.attribution,
        "bounds": place.bounds,
        "network_version": place.network_version,
    }


@router.get("/api/health")
def health(request: Request, connection: Db, place: ThePlace) -> JSONResponse:
    """Say that the server and its database answer and that the board is kept fresh; 503 where it is not.

    `watch` says whether the account of who is cut off is kept, and since when not; that is another process's health.
    """
    is_fresh = request.app.state.hub.is_alive()
    status = {"status": "ok" if is_fresh else "stale", "watch": loss_rows.watched(connection, place)["all"]}
    return JSONResponse(status, 200 if is_fresh else 503)
