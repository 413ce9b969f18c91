"""Facilities: where residents go for a service."""

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
from twin.terms import Service

__all__ = [
    "Facilities",
    "FacilityRow",
    "Registered",
    "capacities",
    "load",
    "names",
    "register",
    "sources",
    "store",
]

SERVICES = tuple(Service)


@dataclass(frozen=True, slots=True)
class FacilityRow:
    """One facility as its source gives it, for one service; its place in WGS 84 degrees."""

    source_id: str  # n/w/r and the OpenStreetMap id, or the id in the user's file
    service: Service
    name: str
    name_zh: str | None
    opening_hours: str | None  # as OpenStreetMap writes them
    step_free: bool | None  # None: not known
    capacity: int | None  # None: not known
    source: str  # osm, or the name of the file it came from; demo: invented
    lon: float
    lat: float
    organisation: str | None = None  # unified social credit code of who runs it
    floor: int | None = None  # 1 is the ground floor, -1 the first below it; None: not known
    address: str | None = None
    building: str | None = None  # source id of the building that it is in
    entrance: tuple[float, float] | None = None  # lon, lat of where people go in; None: at its place
    staff: int | None = None
    office_m2: float | None = None  # floor area by function: 办公
    service_m2: float | None = None  # 服务
    activity_m2: float | None = None  # 活动
    emergency_m2: float | None = None  # 应急


@dataclass(frozen=True, slots=True)
class Registered:
    """One facility as the register has it, all that a file or the map said; the fields of FacilityRow, flat."""

    source_id: str
    service: str
    name: str
    name_zh: str | None
    opening_hours: str | None
    step_free: bool | None
    capacity: int | None
    source: str
    organisation: str | None
    floor: int | None
    address: str | None
    building: str | None
    staff: int | None
    office_m2: float | None
    service_m2: float | None
    activity_m2: float | None
    emergency_m2: float | None
    lon: float
    lat: float
    entrance_lon: float | None
    entrance_lat: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Facilities:
    """The facilities of a place as arrays, one row a facility and service, by id.

    service indexes list(Service); node indexes the network's nodes, -1 where none is near; node_m is the way from its
    entrance to that node [m], NaN where none; step_free is 1 yes, 0 no, -1 not known. upstairs_in is the id of the
    building that it is in, where it is not on the ground floor: its lift is part of the way there; else -1.
    """

    ids: NDArray[np.int32]
    service: NDArray[np.uint8]
    node: NDArray[np.int32]
    node_m: NDArray[np.float64]
    step_free: NDArray[np.int8]
    upstairs_in: NDArray[np.int32]
    source_ids: tuple[str, ...]
    names: tuple[str, ...]
    names_zh: tuple[str | None, ...]


def store(connection: Connection, place_id: int, rows: Sequence[FacilityRow]) -> Merged:
    """Make the facilities of the rows' sources in a place equal to the rows; other sources' stay as they are.

    What was corrected by hand, or is watched by a sensor, stays though the rows have it no longer.
    New and moved ones hang on no network node until the place's facilities are attached.
    """
    points = ewkb([shapely.Point(row.lon, row.lat) for row in rows])
    doors = [None if row.entrance is None else ewkb([shapely.Point(row.entrance)])[0] for row in rows]
    stage(
        connection,
        "staged_facility",
        {"point": POINT, "entrance": POINT, "place_id": "integer", "building": "text", **COLUMNS},
        (
            (point, door, place_id, row.building, *(getattr(row, column) for column in COLUMNS))
            for row, point, door in zip(rows, points, doors, strict=True)
        ),
    )
    return merge(
        connection,
        place_id,
        "facility",
        source=STAGED,
        columns=("point", "entrance", "building_id", *COLUMNS),
        key=("source_id", "service"),
        remove="old.source IN (SELECT source FROM staged_facility)",
        keep=f"{CORRECTED} OR {WATCHED}",
    )


def sources(connection: Connection, place_id: int) -> dict[tuple[str, str], str]:
    """Say where each facility of a place came from: (source id, service) to source."""
    rows = connection.execute(
        sa.text("SELECT source_id, service, source FROM facility WHERE place_id = :place"), {"place": place_id}
    )
    return {(source_id, service): source for source_id, service, source in rows}


def names(connection: Connection, place_id: int) -> dict[int, dict[str, str | None]]:
    """Give each facility's name and Chinese name by id."""
    rows = connection.execute(
        sa.text("SELECT id, name, name_zh FROM facility WHERE place_id = :place"), {"place": place_id}
    )
    return {facility_id: {"name": name, "name_zh": name_zh} for facility_id, name, name_zh in rows}


def register(connection: Connection, place_id: int) -> list[Registered]:
    """Give the facilities of a place as the register has them, by service and source id."""
    rows = connection.execute(sa.text(REGISTER), {"place": place_id})
    return [Registered(*row) for row in rows]


def capacities(connection: Connection, place_id: int) -> dict[int, int]:
    """Give how many people each facility has room for, by id; those of which it is not known are left out."""
    rows = connection.execute(
        sa.text("SELECT id, capacity FROM facility WHERE place_id = :place AND capacity IS NOT NULL"),
        {"place": place_id},
    )
    return {row.id: row.capacity for row in rows}


def load(connection: Connection, network: Network, revision: int | None = None) -> Facilities:
    """Read the facilities of the network's place, or what they were after a revision, which the network is of too."""
    rows = connection.execute(
        sa.text(as_of(LOAD, revision)),
        {"place": network.place_id},
    ).all()
    codes = {service.value: code for code, service in enumerate(SERVICES)}
    return Facilities(
        ids=np.array([row.id for row in rows], dtype=np.int32),
        service=np.array([codes[row.service] for row in rows], dtype=np.uint8),
        node=network.nodes_of(np.array([row.node_id for row in rows], dtype=np.int32)),
        node_m=np.array([np.nan if row.node_m is None else row.node_m for row in rows], dtype=np.float64),
        step_free=np.array([-1 if row.step_free is None else row.step_free for row in rows], dtype=np.int8),
        upstairs_in=np.array([row.upstairs_in for row in rows], dtype=np.int32),
        source_ids=tuple(row.source_id for row in rows),
        names=tuple(row.name for row in rows),
        names_zh=tuple(row.name_zh for row in rows),
    )


# Above the ground floor of a building without a lift is not step-free, where nobody has said that it is.
LOAD = """
SELECT facility.id, service, coalesce(facility.node_id, -1) AS node_id, facility.node_m, facility.source_id,
    facility.name, facility.name_zh,
    coalesce(step_free, CASE WHEN floor <> 1 AND NOT building.lift THEN false END) AS step_free,
    CASE WHEN floor <> 1 THEN coalesce(building_id, -1) ELSE -1 END AS upstairs_in
FROM {facility} AS facility LEFT JOIN {building} AS building ON building.id = facility.building_id
WHERE facility.place_id = :place ORDER BY facility.id
"""

WATCHED: LiteralString = "EXISTS (SELECT FROM effect WHERE element_kind = 'facility' AND element_id = old.id)"

POINT: LiteralString = "geometry(Point, 4326)"

STAGED = """
SELECT staged.*, building.id AS building_id FROM staged_facility AS staged
LEFT JOIN building ON building.place_id = staged.place_id AND building.source_id = staged.building
"""

REGISTER = """
SELECT f.source_id, f.service, f.name, f.name_zh, f.opening_hours, f.step_free, f.capacity, f.source, f.organisation,
    f.floor, coalesce(f.address, b.address), b.source_id, f.staff, f.office_m2, f.service_m2, f.activity_m2,
    f.emergency_m2, ST_X(f.point), ST_Y(f.point), ST_X(f.entrance), ST_Y(f.entrance)
FROM facility AS f LEFT JOIN building AS b ON b.id = f.building_id
WHERE f.place_id = :place ORDER BY f.service, f.source_id COLLATE "C"
"""

COLUMNS: dict[str, LiteralString] = {
    "source_id": "text",
    "service": "text",
    "name": "text",
    "name_zh": "text",
    "opening_hours": "text",
    "step_free": "boolean",
    "capacity": "integer",
    "source": "text",
    "organisation": "text",
    "floor": "smallint",
    "address": "text",
    "staff": "integer",
    "office_m2": "float8",
    "service_m2": "float8",
    "activity_m2": "float8",
    "emergency_m2": "float8",
}
