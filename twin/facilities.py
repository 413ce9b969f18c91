"""Facilities: where residents go for a service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from twin.db import Connection
from twin.network import Network
from twin.staging import Merged, ewkb, merge, stage
from twin.terms import Service

__all__ = ["Facilities", "FacilityRow", "capacities", "load", "names", "sources", "store"]

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


@dataclass(frozen=True, slots=True, eq=False)
class Facilities:
    """The facilities of a place as arrays, one row a facility and service, by id.

    service indexes list(Service); node indexes the network's nodes, -1 where none is near; node_m is the way from its
    entrance to that node [m], NaN where none; step_free is 1 yes, 0 no, -1 not known.
    """

    ids: NDArray[np.int32]
    service: NDArray[np.uint8]
    node: NDArray[np.int32]
    node_m: NDArray[np.float64]
    step_free: NDArray[np.int8]
    source_ids: tuple[str, ...]
    names: tuple[str, ...]
    names_zh: tuple[str | None, ...]

    @property
    def services(self) -> tuple[Service, ...]:
        """The service of each row."""
        return tuple(SERVICES[code] for code in self.service.tolist())


def store(connection: Connection, place_id: int, rows: Sequence[FacilityRow]) -> Merged:
    """Make the facilities of the rows' sources in a place equal to the rows; other sources' stay as they are.

    New and moved ones hang on no network node until the place's facilities are attached.
    """
    points = ewkb([shapely.Point(row.lon, row.lat) for row in rows])
    stage(
        connection,
        "staged_facility",
        {"point": "geometry(Point, 4326)", **COLUMNS},
        ((point, *(getattr(row, column) for column in COLUMNS)) for row, point in zip(rows, points, strict=True)),
    )
    return merge(
        connection,
        place_id,
        "facility",
        source="TABLE staged_facility",
        columns=("point", *COLUMNS),
        key=("source_id", "service"),
        remove="old.source IN (SELECT source FROM staged_facility)",
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


def capacities(connection: Connection, place_id: int) -> dict[int, int]:
    """Give how many people each facility has room for, by id; those of which it is not known are left out."""
    rows = connection.execute(
        sa.text("SELECT id, capacity FROM facility WHERE place_id = :place AND capacity IS NOT NULL"),
        {"place": place_id},
    )
    return {row.id: row.capacity for row in rows}


def load(connection: Connection, network: Network) -> Facilities:
    """Read the facilities of the network's place."""
    rows = connection.execute(
        sa.text("""
        SELECT id, service, coalesce(node_id, -1) AS node_id, node_m, step_free, source_id, name, name_zh FROM facility
        WHERE place_id = :place ORDER BY id
        """),
        {"place": network.place_id},
    ).all()
    codes = {service.value: code for code, service in enumerate(SERVICES)}
    return Facilities(
        ids=np.array([row.id for row in rows], dtype=np.int32),
        service=np.array([codes[row.service] for row in rows], dtype=np.uint8),
        node=network.nodes_of(np.array([row.node_id for row in rows], dtype=np.int32)),
        node_m=np.array([np.nan if row.node_m is None else row.node_m for row in rows], dtype=np.float64),
        step_free=np.array([-1 if row.step_free is None else row.step_free for row in rows], dtype=np.int8),
        source_ids=tuple(row.source_id for row in rows),
        names=tuple(row.name for row in rows),
        names_zh=tuple(row.name_zh for row in rows),
    )


COLUMNS = {
    "source_id": "text",
    "service": "text",
    "name": "text",
    "name_zh": "text",
    "opening_hours": "text",
    "step_free": "boolean",
    "capacity": "integer",
    "source": "text",
}
