"""The map: its spec without data, and its layers as GeoJSON from the database."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from api.asked import Db, Moment, ThePlace
from twin import features
from twin.history import revision_at
from viz.scene import scene

router = APIRouter()

Layer = Literal["street", "rail", "water", "green", "land", "buildings", "grids", "facilities", "network"]


class Look(BaseModel):
    """The theme a spec is for."""

    model_config = ConfigDict(extra="forbid")

    theme: Literal["dark", "light", "contrast"] = "dark"


@router.get("/viz/scene")
def spec(place: ThePlace, look: Annotated[Look, Query()]) -> dict[str, Any]:
    """Give the map's layers, order and styles as deck.gl's JSON."""
    return scene(look.theme, bounds=place.bounds)


@router.get("/map/{layer}.geojson")
def layer(
    connection: Db, place: ThePlace, layer: Annotated[Layer, Path()], asked: Annotated[Moment, Query()]
) -> Response:
    """Give one layer's features as they are, or were at a moment; WGS 84."""
    revision = None if asked.at is None else revision_at(connection, asked.at)
    found = features.geojson(connection, place.id, layer, revision)
    return Response(found, media_type="application/geo+json")
