"""Buildings: where people live, how high, with a lift or without, and the node their walk starts at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from twin.db import Connection
from twin.history import as_of
from twin.network import Network
from twin.staging import CORRECTED, Merged, ewkb, merge, stage

__all__ = ["BuildingRow", "Buildings", "Spot", "load", "spots", "store"]


@dataclass(frozen=True, slots=True)
class BuildingRow:
    """A building to store; shapes in degrees, WGS 84. The columns of building say what each field is.

    residential means that residents are counted in it: a dwelling inside the boundary. point is its entrance where
    mapped, else a point inside it.
    """

    source_id: str
    kind: str
    residential: bool
    floors: int
    floors_assumed: bool
    footprint_m2: float
    point: shapely.Point
    geom: shapely.MultiPolygon
    lift: bool | None = None
    name: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a building is entered [degrees, WGS 84], and what it is called."""

    source_id: str
    address: str | None
    lon: float
    lat: float


@dataclass(frozen=True, slots=True, eq=False)
class Buildings:
    """The buildings of a place as arrays, read-only, by id; b buildings.

    ids int32[b] as in the database; node int32[b] is the index of its node in the network, -1 none; node_m
    float64[b] metres to it, NaN none; floors int16[b] from 1; lift int8[b] 1 yes, 0 no, -1 not known; residential
    bool[b]; grid_ids int32[b], -1 none; lon, lat float64[b] degrees, WGS 84.
    """

    ids: NDArray[np.int32]
    node: NDArray[np.int32]
    node_m: NDArray[np.float64]
    floors: NDArray[np.int16]
    lift: NDArray[np.int8]
    residential: NDArray[np.bool_]
    grid_ids: NDArray[np.int32]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    names: tuple[str | None, ...]


def spots(connection: Connection, place_id: int) -> list[Spot]:
    """Give where the buildings of a place are, by source id."""
    rows = connection.execute(
        sa.text("""
        SELECT source_id, address, ST_X(point), ST_Y(point) FROM building
        WHERE place_id = :place ORDER BY source_id COLLATE "C"
        """),
        {"place": place_id},
    )
    return [Spot(*row) for row in rows]


def number(connection: Connection, place_id: int) -> int:
    """Count the buildings of a place."""
    statement = sa.text("SELECT count(*) FROM building WHERE place_id = :place")
    return int(connection.execute(statement, {"place": place_id}).scalar_one())


def store(connection: Connection, place_id: int, rows: Sequence[BuildingRow]) -> Merged:
    """Make the place's buildings these, and give what changed; ids under the same source id stay.

    Grid, households and residents of a building that stays are not touched. Buildings that were corrected by hand, or
    whose lift a sensor watches, stay.
    """
    points, shapes = ewkb([row.point for row in rows]), ewkb([row.geom for row in rows])
    stage(
        connection,
        "staged_building",
        {"point": "geometry", "geom": "geometry", **COLUMNS},
        (
            (point, geom, *(getattr(row, column) for column in COLUMNS))
            for row, point, geom in zip(rows, points, shapes, strict=True)
        ),
    )
    columns = ("point", "geom", *COLUMNS)
    return merge(
        connection,
        place_id,
        "building",
        source="TABLE staged_building",
        columns=columns,
        keep=f"{CORRECTED} OR {WATCHED}",
    )


def load(connection: Connection, network: Network, revision: int | None = None) -> Buildings:
    """Read the buildings of the network's place, or what they were after a revision, which the network is of too."""
    rows = connection.execute(sa.text(as_of(LOAD, revision)), {"place": network.place_id}).all()
    columns = np.array(rows, dtype=np.object_).reshape(-1, 10).T
    ids, node_ids, node_m, floors, lift, residential, grid_ids, lon, lat, names = columns
    buildings = Buildings(
        ids=ids.astype(np.int32),
        node=network.nodes_of(node_ids.astype(np.int32)),
        node_m=node_m.astype(np.float64),  # None becomes NaN
        floors=floors.astype(np.int16),
        lift=lift.astype(np.int8),
        residential=residential.astype(np.bool_),
        grid_ids=grid_ids.astype(np.int32),
        lon=lon.astype(np.float64),
        lat=lat.astype(np.float64),
        names=tuple(names),
    )
    for field in Buildings.__slots__:
        value = getattr(buildings, field)
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return buildings


COLUMNS = {
    "source_id": "text",
    "name": "text",
    "address": "text",
    "kind": "text",
    "residential": "boolean",
    "floors": "smallint",
    "floors_assumed": "boolean",
    "lift": "boolean",
    "footprint_m2": "float8",
}

WATCHED: LiteralString = "EXISTS (SELECT FROM effect WHERE element_kind = 'building_lift' AND element_id = old.id)"

LOAD = """
SELECT id, coalesce(node_id, -1), node_m, floors, coalesce(lift::integer, -1), residential, coalesce(grid_id, -1),
    ST_X(point), ST_Y(point), name
FROM {building} AS building WHERE place_id = :place ORDER BY id
"""
