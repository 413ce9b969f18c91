"""Tell the sea from the land by the coastline: OpenStreetMap draws it with the water on its right.

Extracts cut the coastline off. Each loose end is led on, straight, the way the coast ran at its end, so that the window
falls into faces; what is beyond the extract is thus a guess, good for a map's margin and for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from twin.shapes import lines, polygons

__all__ = ["sea"]

TREND_M = 1500.0  # the stretch of coast before a loose end that says where it runs on
BESIDE_M = 0.25  # how far beside the coastline to look for the face on that side
Points = NDArray[np.float64]  # shape (n, 2)


def sea(coast: Sequence[shapely.LineString], window: shapely.Polygon) -> shapely.MultiPolygon:
    """Give the sea in a window; all in one metric CRS, the coastlines in the direction they are mapped.

    Empty where there is no coastline. A face that lies left of more coast than right of it is land.
    """
    if not coast:
        return shapely.MultiPolygon()
    chains = [
        _led_on(chain, window) for chain in lines(shapely.line_merge(shapely.union_all(coast), directed=True)).geoms
    ]
    faces = shapely.get_parts(shapely.polygonize([shapely.unary_union([window.boundary, *chains])]))
    inside = [face for face in faces if window.covers(face.representative_point())]
    tree = shapely.STRtree(inside)
    wet_m = np.zeros(len(inside))
    for chain in chains:
        points = shapely.get_coordinates(chain)
        for side, vote in ((1.0, 1.0), (-1.0, -1.0)):
            beside, metres = _beside(points, side * BESIDE_M)
            which, face = tree.query(shapely.points(beside), predicate="within")
            np.add.at(wet_m, face, vote * metres[which])
    return polygons(shapely.union_all([face for face, metres in zip(inside, wet_m, strict=True) if metres > 0]))


def _led_on(chain: shapely.LineString, window: shapely.Polygon) -> shapely.LineString:
    """Lead the loose ends of a coastline that lie in the window on beyond it."""
    if chain.is_ring:
        return chain
    west, south, east, north = window.bounds
    far_m = np.hypot(east - west, north - south)
    points = shapely.get_coordinates(chain)
    before, after = list(_end(chain, far_m, at_start=True)), list(_end(chain, far_m, at_start=False))
    starts, ends = (window.covers(shapely.Point(points[i])) for i in (0, -1))
    return shapely.LineString(np.vstack([*(before if starts else []), points, *(after if ends else [])]))


def _end(chain: shapely.LineString, far_m: float, *, at_start: bool) -> Iterator[Points]:
    """Give the point far beyond one end of a line, in the direction that its last stretch has."""
    end = shapely.get_coordinates(chain)[0 if at_start else -1]
    back = min(TREND_M, chain.length)
    inner = shapely.get_coordinates(chain.interpolate(back if at_start else chain.length - back))[0]
    run = np.hypot(*(end - inner))
    if run > 0:
        yield (end + (end - inner) / run * far_m)[None, :]


def _beside(points: Points, right_m: float) -> tuple[Points, NDArray[np.float64]]:
    """Give a point beside the middle of each segment of a line, to its right (left if negative), and its length."""
    step = np.diff(points, axis=0)
    metres = np.hypot(step[:, 0], step[:, 1])
    step, start, metres = step[metres > 0], points[:-1][metres > 0], metres[metres > 0]
    right = np.column_stack((step[:, 1], -step[:, 0])) / metres[:, None]
    return start + step / 2 + right_m * right, metres
