"""Grids in their hierarchy: street, community, grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from twin.db import Connection
from twin.history import as_of
from twin.staging import Merged, driver, ewkb, merge, stage

__all__ = [
    "LEVELS",
    "Footprints",
    "GridRow",
    "Grids",
    "Level",
    "Street",
    "assign",
    "footprints",
    "load",
    "store",
    "streets",
]

Level = Literal["street", "community", "grid"]
LEVELS: tuple[Level, ...] = ("street", "community", "grid")


@dataclass(frozen=True, slots=True)
class GridRow:
    """A street, community or grid to store; its shape in degrees, WGS 84."""

    code: str
    level: Level
    parent: str | None  # the code of the community or street it lies in
    name: str
    name_zh: str
    households: int
    generated: bool
    geom: shapely.MultiPolygon


@dataclass(frozen=True, slots=True, eq=False)
class Grids:
    """The grids of a place as arrays, all levels, by id; g rows.

    parent int32[g] is the row of the one it lies in, -1 none; households int32[g].
    """

    ids: NDArray[np.int32]
    codes: tuple[str, ...]
    names: tuple[str, ...]
    names_zh: tuple[str, ...]
    levels: tuple[str, ...]
    parent: NDArray[np.int32]
    households: NDArray[np.int32]
    generated: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Footprints:
    """The buildings of a place: ids int64[b], their outlines and entrances [degrees, WGS 84], residential bool[b]."""

    ids: NDArray[np.int64]
    source_ids: tuple[str, ...]
    outlines: NDArray[np.object_]
    points: NDArray[np.object_]
    residential: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Street:
    """A piece of street in the open air, where a border between grids may run; degrees, WGS 84."""

    name: str | None
    line: shapely.Geometry


def store(connection: Connection, place_id: int, rows: Sequence[GridRow]) -> Merged:
    """Make the grids of a place these, and give what changed; ids under the same code stay."""
    shapes = ewkb([row.geom for row in rows])
    stage(
        connection,
        "staged_grid",
        {"parent": "text", "geom": "geometry(MultiPolygon, 4326)", **COLUMNS},
        (
            (row.parent, shape, *(getattr(row, column) for column in COLUMNS))
            for row, shape in zip(rows, shapes, strict=True)
        ),
    )
    columns = ("geom", *COLUMNS)
    merged = merge(
        connection,
        place_id,
        "grid",
        source="SELECT code, level, name, name_zh, households, generated, geom FROM staged_grid",
        columns=columns,
        key=("code",),
    )
    with driver(connection).cursor() as cursor:
        cursor.execute(PARENTS, {"place": place_id})
    return merged


def assign(connection: Connection, place_id: int, grids: Mapping[int, str]) -> int:
    """Say which grid each building of a place lies in (building id to grid code); the others are in none.

    Gives how many buildings changed.
    """
    stage(connection, "staged_member", {"building_id": "integer", "code": "text"}, grids.items())
    with driver(connection).cursor() as cursor:
        return cursor.execute(MEMBERS, {"place": place_id}).rowcount


def load(connection: Connection, place_id: int, revision: int | None = None) -> Grids:
    """Read the grids of a place, or what they were after a revision."""
    rows = connection.execute(sa.text(as_of(LOAD, revision)), {"place": place_id}).all()
    index = {row.id: position for position, row in enumerate(rows)}
    return Grids(
        ids=np.array([row.id for row in rows], dtype=np.int32),
        codes=tuple(row.code for row in rows),
        names=tuple(row.name for row in rows),
        names_zh=tuple(row.name_zh for row in rows),
        levels=tuple(row.level for row in rows),
        parent=np.array([index.get(row.parent_id, -1) for row in rows], dtype=np.int32),
        households=np.array([row.households for row in rows], dtype=np.int32),
        generated=np.array([row.generated for row in rows], dtype=np.bool_),
    )


def footprints(connection: Connection, place_id: int) -> Footprints:
    """Read the outlines of a place's buildings, by source id."""
    rows = connection.execute(
        sa.text("""
        SELECT id, source_id, ST_AsBinary(geom), ST_AsBinary(point), residential FROM building
        WHERE place_id = :place ORDER BY source_id COLLATE "C"
        """),
        {"place": place_id},
    ).all()
    return Footprints(
        ids=np.array([row[0] for row in rows], dtype=np.int64),
        source_ids=tuple(row[1] for row in rows),
        outlines=np.array([shapely.from_wkb(bytes(row[2])) for row in rows], dtype=np.object_),
        points=np.array([shapely.from_wkb(bytes(row[3])) for row in rows], dtype=np.object_),
        residential=np.array([row[4] for row in rows], dtype=np.bool_),
    )


def streets(connection: Connection, place_id: int) -> list[Street]:
    """Read where borders between grids may run: streets and flights of steps outside tunnels, and railways."""
    rows = connection.execute(sa.text(STREETS), {"place": place_id})
    return [Street(name, shapely.from_wkb(bytes(line))) for name, line in rows]


COLUMNS = {
    "code": "text",
    "level": "text",
    "name": "text",
    "name_zh": "text",
    "households": "integer",
    "generated": "boolean",
}

LOAD = """
SELECT id, code, name, name_zh, level, coalesce(parent_id, -1) AS parent_id, households, generated
FROM {grid} AS grid WHERE place_id = :place ORDER BY id
"""

PARENTS = """
UPDATE grid AS old SET parent_id = new.parent_id
FROM (SELECT g.id, p.id AS parent_id FROM staged_grid AS s
      JOIN grid AS g ON g.place_id = %(place)s AND g.code = s.code
      LEFT JOIN grid AS p ON p.place_id = %(place)s AND p.code = s.parent) AS new
WHERE old.id = new.id AND old.parent_id IS DISTINCT FROM new.parent_id
"""

MEMBERS = """
UPDATE building AS old SET grid_id = new.grid_id
FROM (SELECT b.id, g.id AS grid_id FROM building AS b LEFT JOIN staged_member AS s ON s.building_id = b.id
      LEFT JOIN grid AS g ON g.place_id = %(place)s AND g.code = s.code WHERE b.place_id = %(place)s) AS new
WHERE old.id = new.id AND old.grid_id IS DISTINCT FROM new.grid_id
"""

STREETS = """
SELECT name, ST_AsBinary(geom) FROM network_edge
WHERE place_id = :place AND kind IN ('street', 'steps') AND NOT tunnel ORDER BY source_id COLLATE "C"
"""
