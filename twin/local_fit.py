"""Fit a city's own plane system to the metric CRS of its place by control points.

The systems of Shanghai, Shenzhen and others are not published. A similarity (turn, scale, shift; four parameters) found
by least squares on points known in both systems stands in for them, and its residual says how well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin import crs
from twin.errors import Refused

__all__ = ["LEAST_POINTS", "LIMIT_M", "Fit", "fit"]

LEAST_POINTS = 3  # two would fit any file with residual 0
LIMIT_M = 0.5  # assumed: good enough for coverage, poor enough that a wrong point is found
PARAMETERS = 4
# A true system is within this of scale 1: 304 ppm at the edge of a zone, and heights of 4,000 m are 630 ppm.
MOST_SCALE_OFF = 0.002


@dataclass(frozen=True, slots=True)
class Fit:
    """A similarity from local metres (as complex east + i north) to a metric CRS."""

    srid: int
    factor: complex
    local_centre: complex
    metric_centre: complex
    points: int
    residual_m: float  # root of the squared residuals by degrees of freedom, 2 x points - 4
    worst_m: float  # the greatest residual of a point

    @property
    def scale(self) -> float:
        """Metres of the metric CRS to a local metre."""
        return abs(self.factor)

    def degrees(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give local metres east (x) and north (y) in WGS 84 degrees (lon, lat); shapes as given."""
        local = np.asarray(x, np.float64) + 1j * np.asarray(y, np.float64)
        metric = self.metric_centre + self.factor * (local - self.local_centre)
        return crs.unproject(self.srid, metric.real, metric.imag)

    def describe(self) -> str:
        """Say how good the fit is, in one line."""
        return (
            f"local system fitted on {self.points} control points: residual {self.residual_m:.3f} m, "
            f"worst {self.worst_m:.3f} m, scale {self.scale:.6f}"
        )


def fit(x: ArrayLike, y: ArrayLike, lon: ArrayLike, lat: ArrayLike, *, limit_m: float = LIMIT_M) -> Fit:
    """Fit local metres east (x), north (y) to WGS 84 degrees (lon, lat), arrays of one length.

    Refuses fewer than 3 points, points in one spot, a residual above the limit [m] and a scale that is none; says so
    where the points fit with x and y the other way round.
    """
    local = np.asarray(x, np.float64) + 1j * np.asarray(y, np.float64)
    if len(local) < LEAST_POINTS:
        raise Refused(f"{len(local)} control points; a local system needs at least {LEAST_POINTS}, better 4")
    if not np.isfinite(local).all():
        raise Refused("a control point without finite x and y")
    srid = crs.metric_srid(float(np.mean(np.asarray(lon, np.float64))), float(np.mean(np.asarray(lat, np.float64))))
    east, north = crs.project(srid, lon, lat)
    found = _similarity(srid, local, east + 1j * north)
    if found.residual_m <= limit_m and abs(found.scale - 1) <= MOST_SCALE_OFF:
        return found
    swapped = _similarity(srid, local.imag + 1j * local.real, east + 1j * north)
    if swapped.residual_m <= limit_m and abs(swapped.scale - 1) <= MOST_SCALE_OFF:
        raise Refused("the control points fit with x and y the other way round: x must be east, y north")
    if found.residual_m <= limit_m:
        raise Refused(f"the control points fit with scale {found.scale:.4f}: a plane system in metres has 1")
    raise Refused(f"{found.describe()}; the limit is {limit_m} m")


def _similarity(srid: int, local: NDArray[np.complex128], metric: NDArray[np.complex128]) -> Fit:
    """Find the complex factor and shift with the least squares; about the centres, so that no digits are lost."""
    local_centre, metric_centre = complex(local.mean()), complex(metric.mean())
    from_centre, to = local - local_centre, metric - metric_centre
    spread = float(np.vdot(from_centre, from_centre).real)
    if spread < 1.0:
        raise Refused("the control points lie in one spot")
    factor = complex(np.vdot(from_centre, to) / spread)
    off_m = np.abs(to - factor * from_centre)
    freedom = 2 * len(local) - PARAMETERS
    return Fit(
        srid,
        factor,
        local_centre,
        metric_centre,
        len(local),
        residual_m=float(np.sqrt(np.sum(off_m**2) / freedom)),
        worst_m=float(off_m.max()),
    )
