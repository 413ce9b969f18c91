"""Cut walkable ways into pieces: the edges of the network before lifts and gates are seen to.

A piece ends where ways meet, where a way ends, and at every node that severs it. Nodes are named n and their
OpenStreetMap id; what stands on a node (kerb, barrier) goes to the piece it belongs to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from ingest.loaders.osm_extract import Way
from ingest.loaders.osm_tags import Tags, walk_kind
from twin.shapes import polygons
from twin.terms import EdgeKind

__all__ = ["Piece", "Projection", "cross_squares", "cut", "cut_at", "measure", "subdivide"]

Points = NDArray[np.float64]  # shape (k, 2), metres east and north
Projection = Callable[[Sequence[float], Sequence[float]], Points]  # of lon, lat

# A longer piece is cut into equal parts, so that a building finds a node within half of this along its street.
LONGEST_M = 60.0
# The straight ways across a square are drawn between so many entrances at most: they grow with the square of it.
MOST_ENTRANCES = 16
# A straight way across a square may graze its border by this, metres: borders are drawn by hand.
GRAZE_M = 0.1
SHORTEST_M = 0.1  # two nodes at one spot: a piece of no length would cost no time


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A walkable line from the node tail to the node head.

    source is w and the way's id; refs are the OpenStreetMap ids of its points, 0 where a point is none; xy are the
    points in metres, lonlat in degrees, both of shape (k, 2).
    """

    source: str
    kind: EdgeKind
    tags: Tags
    tail: str
    head: str
    refs: tuple[int, ...]
    xy: Points
    lonlat: Points

    @property
    def length_m(self) -> float:
        """Its length in the plane [m], never 0."""
        return max(float(measure(self.xy)[-1]), SHORTEST_M)


def measure(xy: Points) -> NDArray[np.float64]:
    """Give the length along a line from its start to each of its points [m]; shape (k,)."""
    return np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))))


def cut(ways: Sequence[Way], severing: Collection[int], project: Projection) -> list[Piece]:
    """Cut the walkable ones of the ways where they meet, where they end and at the severing nodes."""
    walkable = [(way, kind) for way in ways if (kind := walk_kind(way.tags))]
    uses: Counter[int] = Counter()
    for way, _ in walkable:
        uses.update(way.refs[:-1] if way.refs[0] == way.refs[-1] else way.refs)
    cuts = {ref for ref, count in uses.items() if count > 1}.union(severing)
    return [piece for way, kind in walkable for run in _runs(way) for piece in _cut_run(way, kind, run, cuts, project)]


def cut_at(piece: Piece, along_m: float, node: str, project_back: Callable[[Points], Points]) -> tuple[Piece, Piece]:
    """Cut a piece at a distance along it [m], and name the node there."""
    at = measure(piece.xy)
    i = min(max(int(np.searchsorted(at, along_m)), 1), len(at) - 1)
    share = (along_m - at[i - 1]) / max(at[i] - at[i - 1], 1e-9)
    point = piece.xy[i - 1] + share * (piece.xy[i] - piece.xy[i - 1])
    lonlat = project_back(point[None, :])
    first = replace(
        piece,
        head=node,
        refs=(*piece.refs[:i], 0),
        xy=np.vstack((piece.xy[:i], point)),
        lonlat=np.vstack((piece.lonlat[:i], lonlat)),
    )
    second = replace(
        piece,
        tail=node,
        refs=(0, *piece.refs[i:]),
        xy=np.vstack((point, piece.xy[i:])),
        lonlat=np.vstack((lonlat, piece.lonlat[i:])),
    )
    return first, second


def subdivide(pieces: Sequence[Piece], project_back: Callable[[Points], Points]) -> list[Piece]:
    """Cut long pieces into equal parts, and loops into two at least, so that no edge ends where it starts."""
    parts: list[Piece] = []
    made: Counter[str] = Counter()
    for whole in pieces:
        piece = whole
        count = 1 if piece.kind is EdgeKind.LIFT else max(1, int(np.ceil(piece.length_m / LONGEST_M)))
        count = max(count, 2) if piece.tail == piece.head else count
        length = whole.length_m / count
        for _ in range(count - 1):
            made[piece.source] += 1
            part, piece = cut_at(piece, length, f"{piece.source}@{made[piece.source]}", project_back)
            parts.append(part)
        parts.append(piece)
    return parts


def cross_squares(ways: Sequence[Way], pieces: Sequence[Piece], project: Projection) -> tuple[list[Piece], list[str]]:
    """Draw straight ways across pedestrian squares between the nodes on the border where other ways come in.

    Only those that stay inside the square; a square with a hole keeps its hole. Squares with too many entrances keep
    to their border: their sources come second.
    """
    entrances: dict[int, set[str]] = {}
    for piece in pieces:
        for ref in (piece.refs[0], piece.refs[-1]):
            entrances.setdefault(ref, set()).add(piece.source)
    rings: dict[str, list[Way]] = {}
    for way in ways:
        if way.is_area and walk_kind(way.tags) is EdgeKind.PATH:
            rings.setdefault(way.source, []).append(way)
    crossings: list[Piece] = []
    too_many: list[str] = []
    for source, borders in rings.items():
        at = {
            ref: (way, i)
            for way in borders
            for i, ref in enumerate(way.refs[:-1])
            if entrances.get(ref, set()) - {source}
        }
        if len(at) > MOST_ENTRANCES:
            too_many.append(source)
            continue
        crossings.extend(_crossings(source, borders, list(at.values()), project))
    return crossings, too_many


def _crossings(
    source: str, borders: Sequence[Way], entrances: Sequence[tuple[Way, int]], project: Projection
) -> Iterator[Piece]:
    rings = shapely.GeometryCollection([shapely.LineString(project(way.lon, way.lat)) for way in borders])
    square = polygons(shapely.build_area(rings))
    inside, border = shapely.buffer(square, GRAZE_M), shapely.buffer(shapely.boundary(square), GRAZE_M)
    shapely.prepare([inside, border])
    for (way, i), (other, j) in combinations(entrances, 2):
        lon, lat = (way.lon[i], other.lon[j]), (way.lat[i], other.lat[j])
        xy = project(lon, lat)
        line = shapely.LineString(xy)
        if line.length > SHORTEST_M and shapely.covers(inside, line) and not shapely.covers(border, line):
            refs = (way.refs[i], other.refs[j])
            yield Piece(
                f"{source}:x",
                EdgeKind.PATH,
                way.tags,
                f"n{refs[0]}",
                f"n{refs[1]}",
                refs,
                xy,
                np.column_stack((lon, lat)),
            )


def _runs(way: Way) -> list[tuple[int, int]]:
    """Give the stretches of a way without missing nodes as (start, stop), each of two points at least."""
    bounds = [0, *sorted(way.gaps), len(way.refs)]
    return [(start, stop) for start, stop in pairwise(bounds) if stop - start > 1]


def _cut_run(
    way: Way, kind: EdgeKind, run: tuple[int, int], cuts: Collection[int], project: Projection
) -> Iterator[Piece]:
    start, stop = run
    ends = [start, *(i for i in range(start + 1, stop - 1) if way.refs[i] in cuts), stop - 1]
    xy = project(way.lon[start:stop], way.lat[start:stop])
    lonlat = np.column_stack((way.lon[start:stop], way.lat[start:stop]))
    for first, last in pairwise(ends):
        refs = way.refs[first : last + 1]
        here = slice(first - start, last + 1 - start)
        yield Piece(way.source, kind, way.tags, f"n{refs[0]}", f"n{refs[-1]}", refs, xy[here], lonlat[here])
