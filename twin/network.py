"""The walking network: stored by COPY, given as frozen arrays in Hilbert order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from twin import hilbert
from twin.db import Connection
from twin.errors import NotFound
from twin.history import as_of
from twin.naming import Piece, rename
from twin.staging import CORRECTED, Merged, ewkb, merge, stage
from twin.terms import EdgeKind

__all__ = ["KINDS", "EdgeRow", "Network", "NodeRow", "components", "load", "store"]

KINDS: tuple[EdgeKind, ...] = tuple(EdgeKind)


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node to store; degrees, WGS 84. level is the floor where tagged, None where not."""

    source_id: str
    lon: float
    lat: float
    level: float | None = None


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """An edge to store, from tail to head (nodes by source id); the columns of network_edge say what each field is."""

    source_id: str
    tail: str
    head: str
    kind: EdgeKind
    length_m: float
    points: tuple[tuple[float, float], ...]  # lon, lat, from tail to head
    one_way: bool = False
    incline: float | None = None
    step_count: int | None = None
    kerb: str | None = None
    surface: str | None = None
    width_m: float | None = None
    wheelchair: str | None = None
    barrier: str | None = None
    lit: bool | None = None
    tunnel: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The walking network of a place as arrays, read-only; n nodes in Hilbert order of lon/lat, m edges by tail.

    node_ids int32[n] and edge_ids int32[m] are the ids in the database; lon, lat float64[n] degrees, WGS 84.
    tail, head int32[m] are indices into the nodes. kind uint8[m] is an index into KINDS. length_m float64[m] metres;
    incline float64[m] rise over run from tail to head, NaN unknown; incline_error float64[m] its standard error, 0 where
    it is tagged, above 0 where a height model gives it, NaN unknown; step_count int16[m], -1 unknown; width_m
    float64[m], NaN unknown; lit int8[m] 1, 0, -1 unknown; tunnel bool[m].
    kerb, surface, wheelchair, barrier uint8[m] are indices into the tuples kerbs, surfaces, wheelchairs, barriers of
    tag values, where 0 is "" for not tagged.
    """

    place_id: int
    version: int
    node_ids: NDArray[np.int32]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    edge_ids: NDArray[np.int32]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    kind: NDArray[np.uint8]
    one_way: NDArray[np.bool_]
    length_m: NDArray[np.float64]
    incline: NDArray[np.float64]
    incline_error: NDArray[np.float64]
    step_count: NDArray[np.int16]
    width_m: NDArray[np.float64]
    lit: NDArray[np.int8]
    tunnel: NDArray[np.bool_]
    kerb: NDArray[np.uint8]
    surface: NDArray[np.uint8]
    wheelchair: NDArray[np.uint8]
    barrier: NDArray[np.uint8]
    kerbs: tuple[str, ...]
    surfaces: tuple[str, ...]
    wheelchairs: tuple[str, ...]
    barriers: tuple[str, ...]

    def of_kind(self, kind: EdgeKind) -> NDArray[np.bool_]:
        """Tell which edges are of a kind; shape (m,)."""
        return np.equal(self.kind, KINDS.index(kind))

    def nodes_of(self, node_ids: NDArray[np.int32]) -> NDArray[np.int32]:
        """Give the index of each node id, -1 where the network has no such node; shapes as given."""
        if len(self.node_ids) == 0:
            return np.full(node_ids.shape, -1, np.int32)
        by_id = np.argsort(self.node_ids)
        place = np.searchsorted(self.node_ids, node_ids, sorter=by_id).clip(max=len(by_id) - 1)
        found = by_id[place].astype(np.int32)
        return np.where(self.node_ids[found] == node_ids, found, np.int32(-1))


def store(
    connection: Connection, place_id: int, nodes: Sequence[NodeRow], edges: Sequence[EdgeRow]
) -> tuple[Merged, Merged]:
    """Make the place's network these nodes and edges, and give what changed of the nodes and of the edges.

    Ids of what was there before under the same source id stay, and so do edges that are not there any more but were
    corrected by hand or are watched by a sensor, with their nodes.
    """
    points = ewkb([shapely.Point(node.lon, node.lat) for node in nodes])
    stage(
        connection,
        "staged_node",
        {"source_id": "text", "level": "float8", "point": "geometry"},
        ((node.source_id, node.level, point) for node, point in zip(nodes, points, strict=True)),
    )
    columns = ("source_id", "level", "point")
    # nodes go last: an edge that only moves to another node keeps its id
    put = merge(connection, place_id, "network_node", source="TABLE staged_node", columns=columns, remove="false")
    _stage_edges(connection, edges, _names(connection, place_id, edges))
    connection.execute(sa.text(FIND_ENDS), {"place": place_id})
    merged = merge(
        connection,
        place_id,
        "network_edge",
        source="TABLE staged_edge",
        columns=("tail_id", "head_id", "geom", *EDGE_COLUMNS),
        keep=f"{CORRECTED} OR {WATCHED}",
    )
    removed = connection.execute(sa.text(REMOVE_NODES), {"place": place_id}).rowcount
    return Merged(put.added, put.changed, removed), merged


def load(connection: Connection, place_id: int, revision: int | None = None) -> Network:
    """Read the network of a place, or what it was after a revision; a network may be empty.

    Raises NotFound where the place is not there.
    """
    version = connection.execute(
        sa.text("SELECT network_version FROM place WHERE id = :place"), {"place": place_id}
    ).scalar_one_or_none()
    if version is None:
        raise NotFound(f"no place {place_id}")
    nodes = _columns(connection, as_of(NODES, revision), place_id)
    lon, lat = nodes["lon"].astype(np.float64), nodes["lat"].astype(np.float64)
    along = hilbert.order(lon, lat)
    node_ids = nodes["id"].astype(np.int32)[along]
    edges = _columns(connection, as_of(EDGES, revision), place_id)
    index = {node_id: position for position, node_id in enumerate(node_ids.tolist())}
    tail, head = (np.array([index[node] for node in edges[end]], np.int32) for end in ("tail_id", "head_id"))
    by_tail = np.lexsort((head, tail))
    fields = _edge_fields({name: column[by_tail] for name, column in edges.items()})
    network = Network(
        place_id=place_id,
        version=int(version),
        node_ids=node_ids,
        lon=lon[along],
        lat=lat[along],
        tail=tail[by_tail],
        head=head[by_tail],
        **fields,
    )
    for name in Network.__slots__:
        value = getattr(network, name)
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
    return network


def components(network: Network) -> NDArray[np.int32]:
    """Number the connected parts of the network, 0 the one with the most nodes; shape (n,).

    One-way edges count as connecting both ways.
    """
    from scipy import sparse  # an eighth of a second that who only asks does not need

    n = len(network.node_ids)
    ones = np.ones(len(network.tail), np.int8)
    count, label = sparse.csgraph.connected_components(
        sparse.coo_array((ones, (network.tail, network.head)), shape=(n, n)), directed=False
    )
    rank = np.empty(count, np.int32)
    rank[np.argsort(-np.bincount(label, minlength=count), kind="stable")] = np.arange(count)
    return rank[label]


def _names(connection: Connection, place_id: int, edges: Sequence[EdgeRow]) -> list[str]:
    """Name the edges so that a piece of a way keeps its name, however the rest of the way is cut now."""
    before = [Piece(*row) for row in connection.execute(sa.text(PIECES), {"place": place_id})]
    return rename(before, [Piece(edge.source_id, edge.tail, edge.head) for edge in edges])


def _stage_edges(connection: Connection, edges: Sequence[EdgeRow], names: Sequence[str]) -> None:
    shapes = ewkb([shapely.LineString(edge.points) for edge in edges])
    others = [column for column in EDGE_COLUMNS if column != "source_id"]
    stage(
        connection,
        "staged_edge",
        {**END_COLUMNS, "geom": "geometry", **EDGE_COLUMNS},
        (
            (edge.tail, edge.head, None, None, shape, name, *(getattr(edge, column) for column in others))
            for edge, shape, name in zip(edges, shapes, names, strict=True)
        ),
    )


def _columns(connection: Connection, query: str, place_id: int) -> dict[str, NDArray[np.object_]]:
    """Run a query for a place and give its columns by name, each of shape (rows,)."""
    result = connection.execute(sa.text(query), {"place": place_id})
    names = list(result.keys())
    rows = np.array(result.all(), dtype=np.object_).reshape(-1, len(names))
    return {name: rows[:, i] for i, name in enumerate(names)}


def _edge_fields(edges: dict[str, NDArray[np.object_]]) -> dict[str, Any]:
    """Turn the columns of network_edge into the arrays of Network."""
    codes = {name: _coded(edges[name]) for name in ("kerb", "surface", "wheelchair", "barrier")}
    numbers = {kind.value: code for code, kind in enumerate(KINDS)}
    return {
        "edge_ids": edges["id"].astype(np.int32),
        "kind": np.array([numbers[kind] for kind in edges["kind"]], np.uint8),
        "one_way": edges["one_way"].astype(np.bool_),
        "length_m": edges["length_m"].astype(np.float64),
        "incline": edges["incline"].astype(np.float64),  # None becomes NaN
        "incline_error": edges["incline_error"].astype(np.float64),
        "step_count": _known(edges["step_count"], -1).astype(np.int16),
        "width_m": edges["width_m"].astype(np.float64),
        "lit": _known(edges["lit"], -1).astype(np.int8),
        "tunnel": edges["tunnel"].astype(np.bool_),
        **{name: code for name, (code, _) in codes.items()},
        **{f"{name}s": names for name, (_, names) in codes.items()},
    }


def _known(column: NDArray[np.object_], unknown: int) -> NDArray[np.object_]:
    """Put a number where the column has None."""
    return np.array([unknown if value is None else value for value in column], np.object_)


def _coded(column: NDArray[np.object_]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Replace texts by their index in the tuple of all texts, which starts with "" for None.

    Past 255 texts the rare ones are lost to 0: not known is the honest answer there.
    """
    texts, counts = np.unique(np.array([text or "" for text in column], dtype=str), return_counts=True)
    common = [str(text) for text in texts[np.argsort(-counts, kind="stable")] if text][:255]
    names = ("", *sorted(common))
    index = {text: code for code, text in enumerate(names)}
    return np.array([index.get(text or "", 0) for text in column], np.uint8), names


END_COLUMNS = {"tail": "text", "head": "text", "tail_id": "integer", "head_id": "integer"}

EDGE_COLUMNS = {
    "source_id": "text",
    "kind": "text",
    "one_way": "boolean",
    "length_m": "float8",
    "incline": "float8",
    "step_count": "smallint",
    "kerb": "text",
    "surface": "text",
    "width_m": "float8",
    "wheelchair": "text",
    "barrier": "text",
    "lit": "boolean",
    "tunnel": "boolean",
    "name": "text",
}

FIND_ENDS = """
UPDATE staged_edge SET tail_id = tail_node.id, head_id = head_node.id
FROM network_node AS tail_node, network_node AS head_node
WHERE tail_node.place_id = :place AND tail_node.source_id = staged_edge.tail
  AND head_node.place_id = :place AND head_node.source_id = staged_edge.head
"""

REMOVE_NODES = """
DELETE FROM network_node AS node
WHERE place_id = :place AND NOT EXISTS (SELECT FROM staged_node WHERE staged_node.source_id = node.source_id)
  AND NOT EXISTS (SELECT FROM network_edge WHERE tail_id = node.id)
  AND NOT EXISTS (SELECT FROM network_edge WHERE head_id = node.id)
"""

WATCHED: LiteralString = "EXISTS (SELECT FROM effect WHERE element_kind = 'edge' AND element_id = old.id)"

PIECES = """
SELECT edge.source_id, tail_node.source_id, head_node.source_id FROM network_edge AS edge
JOIN network_node AS tail_node ON tail_node.id = edge.tail_id
JOIN network_node AS head_node ON head_node.id = edge.head_id
WHERE edge.place_id = :place
"""

NODES = """
SELECT id, ST_X(point) AS lon, ST_Y(point) AS lat FROM {network_node} AS node WHERE place_id = :place ORDER BY source_id
"""

EDGES = """
SELECT id, tail_id, head_id, kind, one_way, length_m, coalesce(incline, elevation_incline) AS incline,
    CASE WHEN incline IS NULL THEN elevation_error ELSE 0 END AS incline_error, step_count, kerb, surface, width_m,
    wheelchair, barrier, lit, tunnel
FROM {network_edge} AS edge WHERE place_id = :place ORDER BY source_id
"""
