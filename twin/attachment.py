"""Hang buildings and facilities on the network: the node that a walk to or from them starts at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from twin import crs
from twin.db import Connection
from twin.network import Network, components, load
from twin.staging import stage
from twin.terms import EdgeKind

__all__ = ["FARTHEST_M", "Attached", "attach", "attachable"]

# Farther from any walkable way, a building has an access that is not mapped; a straight line would be a guess.
FARTHEST_M = 300.0


@dataclass(frozen=True, slots=True)
class Attached:
    """How many rows hang on a node, how many are too far from any, and the largest distance taken [m]."""

    attached: int
    too_far: int
    farthest_m: float


def attach(connection: Connection, place_id: int, table: Literal["building", "facility"]) -> Attached:
    """Hang each row of a table, by its point or a facility's entrance, on the nearest node that may carry it; rows too far get none.

    Nearest is in a straight line in the place's metric CRS, whatever stands between. Do it after a change of the
    network or of the table.
    """
    from scipy.spatial import cKDTree  # who only reads has no use for it

    network = load(connection, place_id)
    rows = connection.execute(sa.text(POINTS[table]), {"place": place_id}).all()
    points = np.array(rows, np.float64).reshape(-1, 3)
    srid = _metric_srid(connection, place_id)
    candidates = np.flatnonzero(attachable(network))
    nodes = np.column_stack(crs.project(srid, network.lon[candidates], network.lat[candidates]))
    here = np.column_stack(crs.project(srid, points[:, 1], points[:, 2]))
    # a point with none within the bound gets inf, and an index past the end
    metres, nearest = (np.asarray(found) for found in cKDTree(nodes).query(here, distance_upper_bound=FARTHEST_M))
    near = np.isfinite(metres)
    stage(
        connection,
        "staged_attachment",
        {"id": "integer", "node_id": "integer", "node_m": "float8"},
        (
            (int(row), int(network.node_ids[candidates[node]]), float(m)) if np.isfinite(m) else (int(row), None, None)
            for row, node, m in zip(points[:, 0], nearest, metres, strict=True)
        ),
    )
    connection.execute(sa.text(HANG[table]))
    return Attached(int(near.sum()), int((~near).sum()), float(metres[near].max(initial=0.0)))


def attachable(network: Network) -> NDArray[np.bool_]:
    """Tell which nodes may carry a building or a facility; shape (n,).

    Those of the largest connected part that are not the side of a lift and have an edge that is above ground and is
    no steps and no escalator; where there are no such nodes, all of the largest part.
    """
    n = len(network.node_ids)
    good = ~network.tunnel
    for kind in (EdgeKind.LIFT, EdgeKind.STEPS, EdgeKind.ESCALATOR):
        good &= ~network.of_kind(kind)
    on_good, on_lift = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    lifts = network.of_kind(EdgeKind.LIFT)
    for end in (network.tail, network.head):
        on_good[end[good]] = True
        on_lift[end[lifts]] = True
    main: NDArray[np.bool_] = np.equal(components(network), 0)
    usable: NDArray[np.bool_] = main & on_good & ~on_lift
    return usable if usable.any() else main


def _metric_srid(connection: Connection, place_id: int) -> int:
    return int(
        connection.execute(sa.text("SELECT metric_srid FROM place WHERE id = :place"), {"place": place_id}).scalar_one()
    )


POINTS = {
    "building": "SELECT id, ST_X(point), ST_Y(point) FROM building WHERE place_id = :place ORDER BY id",
    "facility": """
SELECT id, ST_X(coalesce(entrance, point)), ST_Y(coalesce(entrance, point)) FROM facility WHERE place_id = :place ORDER BY id
""",
}

HANG = {
    table: f"""
UPDATE {table} SET node_id = staged.node_id, node_m = staged.node_m FROM staged_attachment AS staged
WHERE {table}.id = staged.id AND ({table}.node_id, {table}.node_m) IS DISTINCT FROM (staged.node_id, staged.node_m)
"""
    for table in ("building", "facility")
}
