"""The place the page is about."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.asked import Db, ThePlace
from twin.errors import NotFound

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
def health(connection: Db) -> dict[str, str]:
    """Say that the server and its database answer."""
    if connection.closed:
        raise NotFound("no database connection")
    return {"status": "ok"}
