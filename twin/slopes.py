"""Slopes of ways that a height model gives, where no incline is tagged: with their standard error, apart from the tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from twin.db import Connection
from twin.staging import Merged, driver, stage

__all__ = ["Slope", "Untagged", "store", "untagged"]


@dataclass(frozen=True, slots=True, eq=False)
class Untagged:
    """Edges without an incline tag that could have one: ids int32[m], length_m float64[m], ends (m, 2) lon, lat."""

    ids: NDArray[np.int32]
    length_m: NDArray[np.float64]
    tail: NDArray[np.float64]
    head: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slope:
    """The slope of an edge from tail to head and its standard error, rise over run."""

    edge_id: int
    incline: float
    error: float


def untagged(connection: Connection, place_id: int) -> Untagged:
    """Read the paths, streets and crossings of a place above ground that no incline is tagged of."""
    rows = np.array(connection.execute(sa.text(UNTAGGED), {"place": place_id}).all(), np.float64).reshape(-1, 6)
    return Untagged(rows[:, 0].astype(np.int32), rows[:, 1], rows[:, 2:4], rows[:, 4:6])


def store(connection: Connection, place_id: int, edge_ids: Sequence[int], found: Sequence[Slope]) -> Merged:
    """Make the slopes by height of these edges those found, none where none is; other edges keep theirs."""
    stage(connection, "staged_asked", {"id": "integer"}, ((each,) for each in edge_ids))
    columns = {"id": "integer", "incline": "float8", "error": "float8"}
    stage(connection, "staged_slope", columns, ((one.edge_id, one.incline, one.error) for one in found))
    with driver(connection).cursor() as cursor:
        written = [had for (had,) in cursor.execute(WRITE, {"place": place_id}).fetchall()]
        removed = cursor.execute(REMOVE, {"place": place_id}).rowcount
    return Merged(added=written.count(False), changed=written.count(True), removed=removed)


UNTAGGED = """
SELECT e.id, e.length_m, ST_X(t.point), ST_Y(t.point), ST_X(h.point), ST_Y(h.point)
FROM network_edge AS e JOIN network_node AS t ON t.id = e.tail_id JOIN network_node AS h ON h.id = e.head_id
WHERE e.place_id = :place AND e.incline IS NULL AND e.kind IN ('path', 'street', 'crossing') AND NOT e.tunnel
ORDER BY e.id
"""

WRITE = """
UPDATE network_edge AS edge SET elevation_incline = new.incline, elevation_error = new.error
FROM (SELECT s.*, e.elevation_incline IS NOT NULL AS had FROM staged_slope AS s JOIN network_edge AS e USING (id)) AS new
WHERE edge.id = new.id AND edge.place_id = %(place)s
    AND (edge.elevation_incline, edge.elevation_error) IS DISTINCT FROM (new.incline, new.error)
RETURNING new.had
"""

REMOVE = """
UPDATE network_edge AS edge SET elevation_incline = NULL, elevation_error = NULL
WHERE place_id = %(place)s AND elevation_incline IS NOT NULL
    AND id IN (SELECT id FROM staged_asked) AND id NOT IN (SELECT id FROM staged_slope)
"""
