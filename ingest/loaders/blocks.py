"""Cut a place into blocks: the faces of its streets, the overfull ones split between their buildings.

All lengths and coordinates are metres in the place's metric CRS. The blocks are the faces of one noded line work, so
that two neighbours share every vertex of their common border: no overlap and no gap, whatever is merged later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import Voronoi
from shapely.geometry.base import BaseGeometry

__all__ = ["Blocks", "Houses", "cut", "owner"]

Geometries = NDArray[np.object_]

CURB_M = 1.0  # a street line this near to a wall runs through the building: an arcade or a tunnel, no border
SPACING_M = 4.0  # between the points on a wall that the cells of split blocks grow from
WALL_M = 0.3  # what a footprint is shrunk by for that
SMOOTHING_M = 2.5  # what the borders between such cells may be straightened by
SLIVER_M2 = 400.0  # smaller blocks without residents (traffic islands, the strip between two carriageways) are merged
SLIVER_WIDTH_M = 12.0  # and so are thin ones
TOUCH_M = 0.01  # a shorter common border is a corner
BRIDGE_M = 0.1  # what two parts of a place that do not touch are taken to have in common


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """A planar partition of a place.

    polygons has shape (n,); households int64[n] is the sum over the buildings of each; building int64[b] is the block
    that each building belongs to, -1 outside the boundary; border_m is the symmetric sparse
    matrix (n, n) of the shared border lengths [m], connected: an island is tied to what is nearest by BRIDGE_M.
    """

    polygons: Geometries
    households: NDArray[np.int64]
    building: NDArray[np.int64]
    border_m: sparse.csr_array


@dataclass(frozen=True, slots=True, eq=False)
class Houses:
    """The buildings, shape (b,): their footprints, the point that says where each belongs, and their households."""

    footprints: Geometries
    points: Geometries
    households: NDArray[np.int64]


def cut(boundary: BaseGeometry, streets: Geometries, houses: Houses, *, most: int) -> Blocks:
    """Cut the boundary along the streets, and blocks of more than `most` households between their buildings.

    A street is no border where it runs under or through a building.
    """
    footprints, points, households = houses.footprints, houses.points, houses.households
    walls = shapely.buffer(shapely.union_all(footprints), CURB_M)
    lines = [boundary.boundary, shapely.difference(shapely.union_all(streets), walls)]
    faces = _faces(lines, boundary)
    building = owner(faces, points)
    load = _sum(households, building, len(faces))
    for face in np.flatnonzero(load > most):
        lines.extend(_split(faces[face], footprints[(building == face) & (households > 0)]))
    faces = _faces(lines, boundary)
    faces = _without_slivers(faces, _sum(households, owner(faces, points), len(faces)))
    building = owner(faces, points)
    return Blocks(faces, _sum(households, building, len(faces)), building, _bridged(faces, _borders(faces)))


def owner(polygons: Geometries, points: Geometries) -> NDArray[np.int64]:
    """Find the polygon that each point lies in; the first where it lies on a border, -1 where in none; shape of points."""
    found = np.full(len(points), len(polygons), dtype=np.int64)
    point, polygon = shapely.STRtree(polygons).query(points, predicate="intersects")
    np.minimum.at(found, point, polygon)
    return np.where(found == len(polygons), -1, found)


def _faces(lines: list[shapely.Geometry], boundary: shapely.Geometry) -> Geometries:
    """Node the lines together and give the faces inside the boundary, from west to east."""
    noded = shapely.union_all(np.array(lines, dtype=object))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    centres = shapely.point_on_surface(faces)
    shapely.prepare(boundary)
    inside = shapely.contains_properly(boundary, centres)
    faces, centres = faces[inside], centres[inside]
    return faces[np.lexsort((shapely.get_y(centres), shapely.get_x(centres)))]


def _split(face: BaseGeometry, footprints: Geometries) -> list[shapely.Geometry]:
    """Give the lines half-way between the footprints of a face; none where it has one building only.

    They are the ridges of the Voronoi diagram of points on the walls that lie between two buildings.
    """
    if len(footprints) <= 1:
        return []
    # shrunk a little, so that two buildings wall to wall have points of their own on either side
    walls = shapely.segmentize(shapely.buffer(footprints, -WALL_M), SPACING_M)
    points, building = shapely.get_coordinates(walls, return_index=True)
    if len(set(building.tolist())) <= 1:
        return []  # the others are sheds that nothing is left of
    points, first = np.unique(points.round(3), axis=0, return_index=True)
    west, south, east, north = shapely.total_bounds([face, *footprints])
    size, middle = max(east - west, north - south), np.array([west + east, south + north]) / 2
    # four far points of no building: every ridge between two buildings that crosses the face has two ends
    frame = middle + 5 * size * np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])
    diagram = Voronoi(np.concatenate((points, frame)) - middle)
    owners = np.concatenate((building[first], np.full(len(frame), -1)))[diagram.ridge_points]
    ends = np.array(diagram.ridge_vertices)
    between = (owners[:, 0] != owners[:, 1]) & (owners >= 0).all(axis=1) & (ends >= 0).all(axis=1)
    ridges = shapely.union_all(shapely.linestrings(diagram.vertices[ends[between]] + middle))
    smooth = shapely.simplify(shapely.get_parts(shapely.line_merge(ridges)), SMOOTHING_M)
    # reach over the face's edge by a hair: a line that ends just short of it would be no border
    return list(shapely.intersection(smooth, shapely.buffer(face, 0.01)))


def _without_slivers(faces: Geometries, households: NDArray[np.int64]) -> Geometries:
    """Merge each small or thin face without residents into the neighbour with the longest common border."""
    width_m = 2 * shapely.area(faces) / shapely.length(faces)  # of a long strip
    sliver = (households == 0) & ((shapely.area(faces) < SLIVER_M2) | (width_m < SLIVER_WIDTH_M))
    border_m = _borders(faces).tolil()
    target = np.arange(len(faces))
    for face in np.flatnonzero(sliver):
        near = np.array(border_m.rows[face], dtype=np.int64)
        if near.size:
            target[face] = near[np.argmax(border_m.data[face])]
    links = sparse.coo_array((np.ones(len(faces)), (np.arange(len(faces)), target)), shape=(len(faces), len(faces)))
    _, group = sparse.csgraph.connected_components(links, directed=False)
    _, first = np.unique(group, return_index=True)
    return np.array([shapely.coverage_union_all(faces[group == group[face]]) for face in np.sort(first)], dtype=object)


def _borders(faces: Geometries) -> sparse.csr_array:
    """Measure the common border of each pair of neighbours; corners that only touch are none."""
    one, other = shapely.STRtree(faces).query(faces, predicate="intersects")
    keep = one < other
    one, other = one[keep], other[keep]
    length = shapely.length(shapely.intersection(shapely.boundary(faces[one]), shapely.boundary(faces[other])))
    keep = length > TOUCH_M
    one, other, length = one[keep], other[keep], length[keep]
    both = (np.concatenate((length, length)), (np.concatenate((one, other)), np.concatenate((other, one))))
    return sparse.csr_array(both, shape=(len(faces), len(faces)))


def _bridged(faces: Geometries, border_m: sparse.csr_array) -> sparse.csr_array:
    """Tie each part that touches no other to the nearest face of another, until all are connected."""
    count, part = sparse.csgraph.connected_components(border_m, directed=False)
    while count > 1:
        links = np.array([_nearest(faces, part == number) for number in range(count)])
        one, other = np.concatenate((links, links[:, ::-1])).T
        bridges = sparse.csr_array((np.full(len(one), BRIDGE_M), (one, other)), shape=border_m.shape)
        bridges.data[:] = BRIDGE_M  # a pair that is nearest to each other is in it twice
        border_m = sparse.csr_array(border_m + bridges)
        count, part = sparse.csgraph.connected_components(border_m, directed=False)
    return border_m


def _nearest(faces: Geometries, mine: NDArray[np.bool_]) -> tuple[int, int]:
    """Find the pair of faces, one of mine and one of the others, that are nearest to each other."""
    own, others = np.flatnonzero(mine), np.flatnonzero(~mine)
    (one, other), distance = shapely.STRtree(faces[others]).query_nearest(
        faces[own], return_distance=True, all_matches=False
    )
    nearest = int(np.argmin(distance))
    return int(own[one[nearest]]), int(others[other[nearest]])


def _sum(values: NDArray[np.int64], group: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Sum the values by group, those of group -1 left out; shape (n,)."""
    inside = group >= 0
    return np.bincount(group[inside], weights=values[inside], minlength=n).astype(np.int64)
