"""Make the walking network of an extract: nodes and edges to store, and what became of its lifts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from ingest.loaders.osm_extract import Extract, Node
from ingest.loaders.osm_lifts import Lift, join_ends, part_gates, part_lifts
from ingest.loaders.osm_pieces import Piece, Points, cross_squares, cut, subdivide
from ingest.loaders.osm_tags import (
    Tags,
    incline,
    is_closed_to_walkers,
    is_underground,
    metres,
    walk_direction,
    worst,
)
from twin import crs
from twin.network import EdgeRow, NodeRow
from twin.terms import EdgeKind

__all__ = ["WalkingNetwork", "build"]

LIT = {"yes": True, "24/7": True, "automatic": True, "sunset-sunrise": True, "limited": True, "no": False}
STAIRS = (EdgeKind.STEPS, EdgeKind.ESCALATOR)


@dataclass(frozen=True, slots=True)
class WalkingNetwork:
    """Nodes and edges to store, the lifts, and elements that could not be taken as they are, with the reason."""

    nodes: list[NodeRow]
    edges: list[EdgeRow]
    lifts: list[Lift]
    rejected: list[tuple[str, str]]


def build(extract: Extract, srid: int, window: shapely.MultiPolygon) -> WalkingNetwork:
    """Build the walking network of all that touches the window, a shape in the metric CRS srid."""

    def project(lon: Sequence[float], lat: Sequence[float]) -> Points:
        return np.column_stack(crs.project(srid, lon, lat))

    def project_back(xy: Points) -> Points:
        return np.column_stack(crs.unproject(srid, xy[:, 0], xy[:, 1]))

    at_node = {node.id: node for node in extract.nodes if node.tags.keys() & {"barrier", "kerb", "highway"}}
    lifts = [node for node in at_node.values() if node.tags.get("highway") == "elevator"]
    gates = [node for node in at_node.values() if "barrier" in node.tags and is_closed_to_walkers(node.tags)]
    pieces = cut(extract.ways, {node.id for node in (*lifts, *gates)}, project)
    crossings, crowded = cross_squares(extract.ways, pieces, project)
    pieces = _clip([*pieces, *crossings], window)
    lifts = [lift for lift in lifts if window.covers(shapely.Point(*project([lift.lon], [lift.lat])[0]))]
    pieces, left = part_gates(pieces, gates)
    pieces, joined = join_ends(pieces, lifts, project_back)
    pieces, level_of, told = part_lifts(pieces, lifts, joined)
    pieces = subdivide(pieces, project_back)
    rejected = [*left, *((source, "too many ways in: walked along its border only") for source in crowded)]
    return WalkingNetwork(_nodes(pieces, level_of), _edges(pieces, at_node), told, rejected)


def _clip(pieces: Iterable[Piece], window: shapely.Geometry) -> list[Piece]:
    """Keep the pieces that touch the window, whole; and of lifts mapped as ways, those that lead somewhere."""
    kept = [piece for piece in pieces if piece.kind is not EdgeKind.LIFT or piece.tail != piece.head]
    shapely.prepare(window)
    touching = shapely.intersects(window, [shapely.LineString(piece.xy) for piece in kept])
    return [piece for piece, touches in zip(kept, touching, strict=True) if touches]


def _nodes(pieces: Sequence[Piece], level_of: Mapping[str, float]) -> list[NodeRow]:
    at = {node: point for p in pieces for node, point in ((p.tail, p.lonlat[0]), (p.head, p.lonlat[-1]))}
    return [NodeRow(node, float(lon), float(lat), level_of.get(node)) for node, (lon, lat) in at.items()]


def _edges(pieces: Sequence[Piece], at_node: Mapping[int, Node]) -> list[EdgeRow]:
    """Make the rows, numbered along each way."""
    obstacles = _obstacles(pieces, at_node)
    steps = _step_counts(pieces)
    number: Counter[str] = Counter()
    rows: list[EdgeRow] = []
    for i, piece in enumerate(pieces):
        row = _row(piece, f"{piece.source}:{number[piece.source]}", obstacles.get(i, {}))
        number[piece.source] += 1
        rows.append(replace(row, step_count=steps.get(i)))
    return rows


def _row(piece: Piece, source_id: str, obstacles: Mapping[str, str]) -> EdgeRow:
    """Make the row of a piece, turned round where people may only walk it backward."""
    tags, direction = piece.tags, walk_direction(piece.tags)
    back = direction == "backward"
    is_shaft = piece.kind is EdgeKind.LIFT and piece.source.startswith("n")  # a way that is a lift has a length
    rise = None if piece.kind in (*STAIRS, EdgeKind.LIFT) else incline(tags)
    return EdgeRow(
        source_id=piece.source if is_shaft else source_id,
        tail=piece.head if back else piece.tail,
        head=piece.tail if back else piece.head,
        kind=piece.kind,
        length_m=0.0 if is_shaft else piece.length_m,
        points=tuple((float(lon), float(lat)) for lon, lat in (piece.lonlat[::-1] if back else piece.lonlat)),
        one_way=direction != "both",
        incline=-rise if back and rise is not None else rise,
        kerb=obstacles.get("kerb", tags.get("kerb")),
        surface=tags.get("surface"),
        width_m=metres(tags.get("width")) or metres(tags.get("est_width")),
        wheelchair=tags.get("wheelchair"),
        barrier=obstacles.get("barrier"),
        lit=LIT.get(tags.get("lit", "")),
        tunnel=is_underground(tags),
        name=tags.get("name"),
    )


def _obstacles(pieces: Sequence[Piece], at_node: Mapping[int, Node]) -> dict[int, dict[str, str]]:
    """Give kerb and barrier of the pieces that have one, by index.

    What stands inside a piece is on it. What stands where pieces meet is crossed once by whoever passes: it goes to
    the crossing among them, else to one way that is no street, the shorter first; of a barrier on a fork every way
    but the streets has it.
    """
    inside: dict[int, list[Tags]] = {}
    meeting: dict[int, list[int]] = {}
    for i, piece in enumerate(pieces):
        for position, ref in enumerate(piece.refs):
            if ref not in at_node or piece.kind is EdgeKind.LIFT:
                continue
            if 0 < position < len(piece.refs) - 1:
                inside.setdefault(i, []).append(at_node[ref].tags)
            else:
                meeting.setdefault(ref, []).append(i)
    for ref, indices in meeting.items():
        for i in _carriers(pieces, indices, at_node[ref].tags):
            inside.setdefault(i, []).append(at_node[ref].tags)
    return {i: found for i, tags in inside.items() if (found := _worst_of(tags))}


def _carriers(pieces: Sequence[Piece], indices: Sequence[int], tags: Tags) -> Sequence[int]:
    """Choose which of the pieces that meet at a node carry what stands on it."""
    order = sorted(
        indices,
        key=lambda i: (pieces[i].kind is not EdgeKind.CROSSING, pieces[i].kind is EdgeKind.STREET, pieces[i].length_m),
    )
    off_street = [i for i in order if pieces[i].kind is not EdgeKind.STREET]
    is_fork = len(indices) > 2  # noqa: PLR2004 a way through has two ends
    if is_fork and tags.get("barrier") not in (None, "kerb"):
        return off_street
    return order[:1]


def _worst_of(tags: Sequence[Tags]) -> dict[str, str]:
    """Give the kerb and the barrier that are hardest to pass among some nodes' tags."""
    kerbs = [t.get("kerb", "yes") for t in tags if "kerb" in t or t.get("barrier") == "kerb"]
    barriers = [t["barrier"] for t in tags if t.get("barrier", "kerb") != "kerb"]
    found = {"kerb": worst("kerb", kerbs), "barrier": worst("barrier", barriers)}
    return {key: value for key, value in found.items() if value is not None}


def _step_counts(pieces: Sequence[Piece]) -> dict[int, int]:
    """Share the steps counted on a way among its pieces by length, whole steps, none lost."""
    flights: dict[str, list[int]] = {}
    for i, piece in enumerate(pieces):
        if piece.kind in STAIRS and piece.tags.get("step_count", "").isdecimal():
            flights.setdefault(piece.source, []).append(i)
    shares: dict[int, int] = {}
    for indices in flights.values():
        total = int(pieces[indices[0]].tags["step_count"])
        ends = np.cumsum([pieces[i].length_m for i in indices])
        counts = np.diff(np.rint(total * ends / ends[-1]).astype(int), prepend=0)
        shares.update(zip(indices, (int(count) for count in counts), strict=True))
    return shares
