"""Guess the datum of a layer: under which one do its points lie on the streets that the twin has?

A layer of streets lies within a metre of them under the right datum and some 20 m off under a wrong one. Points of
buildings or grids lie 20 m off in any case: then it says that it cannot tell. Xian 1980 and Beijing 1954 cannot be told
by distance, since nobody knows how far they are off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import ArrayLike, NDArray

from twin import crs, datum, gauss_kruger
from twin.datum import Bounds, Datum
from twin.db import Connection
from twin.errors import NotFound
from twin.gauss_kruger import System, Width
from twin.places import Place
from twin.projection import to_metric

__all__ = ["Finding", "Guess", "guess", "street_lines"]

LEAST_POINTS = 20  # fewer hit streets by chance
SAMPLE = 2000
# Assumed; on the fixture of the tests the right datum is 10 times better than the next.
CLEAR = 3.0  # so many times nearer than the next must the best be
FARTHEST_M = 50.0  # a layer whose best is farther than this is no layer of these streets
RIM = 0.05  # degrees around the place in which the points may lie
MOST_INSIDE = 0.5  # of the points; a hypothesis that puts fewer near the place is none
SAME_M = 1.0  # hypotheses that differ by less are one
WIDTHS: tuple[Width, ...] = (3, 6)


@dataclass(frozen=True, slots=True)
class Finding:
    """A hypothesis, the names it goes by, and how far the points lie from the streets under it."""

    names: tuple[str, ...]
    swapped: bool  # the file has y before x
    median_m: float

    @property
    def label(self) -> str:
        """The hypothesis for a person."""
        return " or ".join(self.names) + (" with x and y the wrong way round" if self.swapped else "")


@dataclass(frozen=True, slots=True)
class Guess:
    """Findings from the nearest to the farthest, and which one it is: None where that cannot be told."""

    points: int
    findings: tuple[Finding, ...]
    answer: Finding | None

    def lines(self) -> list[str]:
        """The guess for a person: one line a hypothesis, then the answer."""
        found = [f"{finding.median_m:10.1f} m  {finding.label}" for finding in self.findings]
        if self.answer is not None:
            return [*found, f"it is {self.answer.label}"]
        if not self.findings:
            return ["cannot tell: under no hypothesis do the points lie at the place"]
        if self.points < LEAST_POINTS:
            return [*found, f"cannot tell: {self.points} points, at least {LEAST_POINTS} are needed"]
        return [*found, "cannot tell: no hypothesis is clearly nearer to the streets than the others"]


def street_lines(connection: Connection, place: Place) -> NDArray[np.object_]:
    """Give the edges of a place's network as lines in its metric CRS; raises NotFound where it has none."""
    rows = connection.execute(
        sa.text("SELECT ST_AsBinary(geom) FROM network_edge WHERE place_id = :place"), {"place": place.id}
    ).scalars()
    lines = shapely.from_wkb([bytes(row) for row in rows])
    if not len(lines):
        raise NotFound(f"{place.code} has no network to compare with: load its map first")
    return to_metric(place.metric_srid, lines)


def guess(lines: NDArray[np.object_], place: Place, x: ArrayLike, y: ArrayLike) -> Guess:
    """Compare points, in the coordinates of their file, with lines in the metric CRS of a place.

    Of more than SAMPLE points every n-th is taken.
    """
    east, north = np.asarray(x, np.float64), np.asarray(y, np.float64)
    stride = max(1, len(east) // SAMPLE)
    east, north = east[::stride], north[::stride]
    tree = shapely.STRtree(lines)
    west, south, right, top = place.bounds
    near = (west - RIM, south - RIM, right + RIM, top + RIM)
    seen: list[tuple[NDArray[np.float64], Finding]] = []
    for known, swapped, at in _placed(east, north, near, place.metric_srid):
        same = next((i for i, (there, _) in enumerate(seen) if _is_same(there, at)), None)
        if same is None:
            seen.append((at, Finding((known.name,), swapped, _median_m(tree, at))))
        elif seen[same][1].swapped == swapped:
            there, finding = seen[same]
            seen[same] = there, Finding((*finding.names, known.name), swapped, finding.median_m)
    findings = sorted((finding for _, finding in seen), key=lambda finding: finding.median_m)
    return Guess(len(east), tuple(findings), _answer(len(east), findings))


def _placed(
    x: NDArray[np.float64], y: NDArray[np.float64], near: Bounds, srid: int
) -> Iterator[tuple[Datum, bool, NDArray[np.float64]]]:
    """Give each hypothesis that puts the points near the place, and where [m]; shape (n, 2), NaN for strays."""
    for known in _hypotheses(srid):
        for swapped in (False, True):
            lon, lat = known.degrees(*((y, x) if swapped else (x, y)))
            inside = known.covers(lon, lat, within=near)
            if inside.mean() >= MOST_INSIDE:
                # what is no place on the earth is left out of the projection
                at = np.column_stack(crs.project(srid, np.where(inside, lon, np.nan), np.where(inside, lat, np.nan)))
                yield known, swapped, at


def _hypotheses(srid: int) -> Iterator[Datum]:
    for name in ("WGS84", "CGCS2000", "GCJ-02", "BD-09", "CGCS2000-GK3", "CGCS2000-GK6"):
        yield datum.parse(name)
    for width in WIDTHS:
        for number in gauss_kruger.zones(width):
            meridian = gauss_kruger.central_meridian(number, width)
            yield datum.parse(f"{System.CGCS2000}-GK{width}-CM{meridian}")
    yield datum.parse(f"EPSG:{srid}")
    yield datum.parse("EPSG:3857")


def _is_same(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    off_m = np.hypot(*(one - other).T)
    return bool(np.nanmax(off_m, initial=0.0) < SAME_M and (np.isnan(one) == np.isnan(other)).all())


def _median_m(tree: shapely.STRtree, at: NDArray[np.float64]) -> float:
    points = shapely.points(at[np.isfinite(at).all(axis=1)])
    _, far_m = tree.query_nearest(points, return_distance=True, all_matches=False)
    return float(np.median(far_m))


def _answer(points: int, findings: list[Finding]) -> Finding | None:
    if points < LEAST_POINTS or not findings or findings[0].median_m > FARTHEST_M:
        return None
    clear = len(findings) == 1 or findings[0].median_m * CLEAR <= findings[1].median_m
    return findings[0] if clear else None
