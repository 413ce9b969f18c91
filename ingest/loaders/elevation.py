"""Take slopes of ways from a height model (GeoTIFF or SRTM .hgt), where no incline is tagged and the model resolves them.

A slope is the rise between an edge's ends over its length. It is taken only of edges as long as two cells or more, and
so long that its standard error, from that of a height, is 3 % or less: nothing is said of a ramp of 9 m by cells of
30 or 90 m, it stays unknown. No slope is taken of steps, lifts and escalators, of what lies in a tunnel, or of more than
50 %: that is a roof or a wall in the model.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from ingest.loaders import confined
from ingest.loaders.raster_reader import Heights
from ingest.loaders.receipt import Receipt
from twin import crs, places, slopes
from twin.db import Connection
from twin.errors import Refused
from twin.slopes import Slope, Untagged

__all__ = ["LEAST_CELLS", "MOST_ERROR", "assumed_error_m", "load", "sample", "slopes_of"]

LEAST_CELLS = 2
MOST_ERROR = 0.03  # rise over run
STEEPEST = 0.5
# Standard error of a height against one near by [m], by the most that a cell measures [m]; recalled: airborne laser
# 0.15, Copernicus GLO-30 and its like 2, SRTM's 10 m at 90 % relative is 6.
ERRORS_M = ((5.0, 0.15), (40.0, 2.0), (math.inf, 6.0))

Floats = NDArray[np.float64]


def load(connection: Connection, path: Path, *, place: places.Place, error_m: float | None = None) -> Receipt:
    """Take the slopes of a place's untagged ways from a height model, and count the network version up on a change.

    error_m is the standard error of a height against its neighbours [m]; None: assumed by the size of the cells. Ways
    that lie outside the model keep what they had. Raises Refused where the file is no height model of the place.
    """
    edges = slopes.untagged(connection, place.id)
    if not len(edges.ids):
        raise Refused(f"{place.code} has no ways whose slope is not tagged: load its map first")
    bounds = _bounds(edges)
    heights = confined.run("raster_reader:window", path, *map(repr, bounds), kind=Heights)
    cell_m = _cell_m(heights, place.metric_srid, bounds)
    height_error_m = error_m if error_m is not None else assumed_error_m(cell_m)
    found, inside = slopes_of(edges, heights, cell_m=cell_m, error_m=height_error_m)
    merged = slopes.store(connection, place.id, edges.ids[inside].tolist(), found)
    if merged.added or merged.changed or merged.removed:
        places.bump(connection, place.id)
    shortest_m = max(LEAST_CELLS * cell_m, math.sqrt(2) * height_error_m / MOST_ERROR)
    said = "as declared" if error_m is not None else "assumed for cells of that size"
    notes = (
        f"cells of {cell_m:.1f} m, standard error of a height {height_error_m:g} m ({said})",
        f"{len(edges.ids)} ways without an incline tag, {int(inside.sum())} of them on the model, {len(found)} resolved",
        f"of ways shorter than {shortest_m:.0f} m nothing is said: their slope stays unknown",
    )
    return Receipt("slopes", len(found), merged.added, merged.changed, merged.removed, notes=notes)


def assumed_error_m(cell_m: float) -> float:
    """Give the standard error of a height against one near by [m] that cells of this size usually have."""
    return next(error_m for most_m, error_m in ERRORS_M if cell_m <= most_m)


def slopes_of(
    edges: Untagged, heights: Heights, *, cell_m: float, error_m: float
) -> tuple[list[Slope], NDArray[np.bool_]]:
    """Give the slopes that the heights resolve, and which edges lie on the model at all, bool[m]."""
    tail_m, head_m = (sample(heights, at[:, 0], at[:, 1]) for at in (edges.tail, edges.head))
    inside = np.isfinite(tail_m) & np.isfinite(head_m)
    with np.errstate(divide="ignore", invalid="ignore"):
        incline = (head_m - tail_m) / edges.length_m
        error = math.sqrt(2) * error_m / edges.length_m
    good = inside & (edges.length_m >= LEAST_CELLS * cell_m) & (error <= MOST_ERROR) & (np.abs(incline) <= STEEPEST)
    rows = zip(edges.ids[good].tolist(), incline[good].tolist(), error[good].tolist(), strict=True)
    return [Slope(*row) for row in rows], inside


def sample(heights: Heights, lon: Floats, lat: Floats) -> Floats:
    """Give the height [m] at points [degrees, WGS 84] between the centres of four cells; NaN where one of them has none."""
    x, y = Transformer.from_crs(crs.WGS84, heights.crs, always_xy=True).transform(lon, lat)
    a, b, c, d, e, f = heights.transform
    scale = a * e - b * d
    column = (e * (x - c) - b * (y - f)) / scale - 0.5
    row = (a * (y - f) - d * (x - c)) / scale - 0.5
    values = np.frombuffer(heights.values, "<f4").reshape(heights.rows, heights.columns).astype(np.float64)
    ok = (column >= 0) & (row >= 0) & (column <= heights.columns - 1) & (row <= heights.rows - 1)
    left = np.clip(np.floor(np.where(ok, column, 0)).astype(np.int64), 0, max(heights.columns - 2, 0))
    top = np.clip(np.floor(np.where(ok, row, 0)).astype(np.int64), 0, max(heights.rows - 2, 0))
    right, bottom = np.minimum(left + 1, heights.columns - 1), np.minimum(top + 1, heights.rows - 1)
    across, down = column - left, row - top
    upper = values[top, left] * (1 - across) + values[top, right] * across
    lower = values[bottom, left] * (1 - across) + values[bottom, right] * across
    return np.where(ok, upper * (1 - down) + lower * down, np.nan)


def _bounds(edges: Untagged) -> tuple[float, float, float, float]:
    at = np.concatenate((edges.tail, edges.head))
    (west, south), (east, north) = at.min(axis=0), at.max(axis=0)
    return float(west), float(south), float(east), float(north)


def _cell_m(heights: Heights, srid: int, bounds: tuple[float, float, float, float]) -> float:
    """Measure the longer side of a cell in the middle of the place [m]."""
    to_degrees = Transformer.from_crs(heights.crs, crs.WGS84, always_xy=True)
    middle = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    x, y = Transformer.from_crs(crs.WGS84, heights.crs, always_xy=True).transform(*middle)
    a, b, _, d, e, _ = heights.transform
    lon, lat = to_degrees.transform(np.array([x, x + a, x + b]), np.array([y, y + d, y + e]))
    at = np.column_stack(crs.project(srid, lon, lat))
    return float(np.hypot(*(at[1:] - at[0]).T).max())
