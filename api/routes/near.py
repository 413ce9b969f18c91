"""For residents: where the nearest service is that one can really get to now. No account, no map, no script."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from api import ways
from api.asked import Db, ThePlace
from api.ways import Asked
from twin import addresses
from twin.terms import MobilityGroup, Service
from viz import near
from viz.screens import Wanted

router = APIRouter()

MOST_TEXT = 100
LARGEST_ID = 2**31 - 1


class Walk(BaseModel):
    """From which building, how one walks, and to what; without a service, to all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    building: int = Field(ge=1, le=LARGEST_ID)
    group: MobilityGroup = MobilityGroup.AGE_75_84
    service: Service | None = None


@router.get("/api/addresses")
def find(connection: Db, place: ThePlace, text: Annotated[str, Query(max_length=MOST_TEXT)]) -> dict[str, Any]:
    """Find buildings by the words of their address, name or street."""
    found = addresses.find(connection, place.id, text)
    return {"addresses": [{"building": one.building_id, "label": one.label} for one in found]}


@router.get("/api/ways")
def walk(request: Request, connection: Db, place: ThePlace, walk: Annotated[Walk, Query()]) -> dict[str, Any]:
    """Give the nearest places of a service with the way to each, step by step; without a service, one of each."""
    asked, shelf = Asked(walk.building, walk.group, datetime.now(UTC)), request.app.state.shelf
    if walk.service is None:
        return ways.overview(connection, shelf, place, asked)
    return ways.one(connection, shelf, place, asked, walk.service)


@router.get("/near", response_class=HTMLResponse, include_in_schema=False)
def page(request: Request, connection: Db, place: ThePlace) -> HTMLResponse:
    """Show the residents' page: find the building, then all services, then the way to one."""
    query = dict(request.query_params)
    wanted = Wanted.choose(query, request.headers.get("accept-language", ""))
    static = f"static/{request.app.state.assets.version}"
    text, shown = query.get("text", "")[:MOST_TEXT], near.Near(place, wanted, static)
    building = query.get("building", "")
    if not (building.isascii() and building.isdecimal() and 0 < int(building[:10]) <= LARGEST_ID):
        return HTMLResponse(shown.searched(text, addresses.find(connection, place.id, text)))
    asked = Asked(int(building), wanted.group, datetime.now(UTC))
    if "service" in query:
        found = ways.one(connection, request.app.state.shelf, place, asked, wanted.service)
        return HTMLResponse(shown.way(found))
    return HTMLResponse(shown.services(ways.overview(connection, request.app.state.shelf, place, asked)))
