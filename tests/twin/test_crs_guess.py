"""A layer of streets tells its datum; a layer of anything else, or of too few points, does not."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from twin import china_offset, crs, crs_guess
from twin.crs_guess import Guess
from twin.places import Place

Floats = NDArray[np.float64]

SRID = 4548
WEST, SOUTH = 440_000.0, 4_418_000.0  # metres; in Beijing
SIDE_M = 2000.0
PLACE = Place(1, "town", "Town", "镇", SRID, "Asia/Shanghai", 0, 0, "", 0, (116.29, 39.89, 116.33, 39.92))


@pytest.fixture(scope="module")
def lines() -> NDArray[np.object_]:
    """Streets of a town: 60 crooked ones each way, some 70 m apart."""
    rng = np.random.default_rng(22)
    streets = []
    for start in np.sort(rng.uniform(0, SIDE_M, 30)):
        along = np.linspace(0, SIDE_M, 40)
        across = start + np.cumsum(rng.normal(0, 4, 40))
        streets.append(shapely.LineString(np.column_stack((WEST + along, SOUTH + across))))
        streets.append(shapely.LineString(np.column_stack((WEST + across, SOUTH + along))))
    return np.array(streets, dtype=np.object_)


def vertices(lines: NDArray[np.object_]) -> tuple[Floats, Floats]:
    """The streets as another surveyor drew them: half a metre off, degrees."""
    at = shapely.get_coordinates(lines) + np.random.default_rng(1).normal(0, 0.5, (40 * len(lines), 2))
    return crs.unproject(SRID, at[:, 0], at[:, 1])


def written(name: str, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    if name == "GCJ-02":
        return china_offset.wgs84_to_gcj02(lon, lat)
    if name == "BD-09":
        return china_offset.wgs84_to_bd09(lon, lat)
    srid = {"CGCS2000-GK3": 4527, "CGCS2000-GK6": 4498, "CGCS2000-GK3-CM117": 4548, "CGCS2000-GK3-CM114": 4547}.get(
        name
    )
    return crs.project(srid, lon, lat) if srid else (lon, lat)


@pytest.mark.parametrize(
    "name", ["WGS84", "GCJ-02", "BD-09", "CGCS2000-GK3", "CGCS2000-GK6", "CGCS2000-GK3-CM117", "CGCS2000-GK3-CM114"]
)
@pytest.mark.parametrize("swapped", [False, True])
def test_streets_tell_their_datum(lines: NDArray[np.object_], name: str, swapped: bool) -> None:
    x, y = written(name, *vertices(lines))
    found = crs_guess.guess(lines, PLACE, *((y, x) if swapped else (x, y)))
    assert found.answer is not None
    assert (found.answer.names[0], found.answer.swapped) == (name, swapped)
    assert found.answer.median_m < 0.5
    assert all(other.median_m > 10 * found.answer.median_m for other in found.findings[1:])
    assert found.lines()[-1].startswith("it is ")


def test_wgs84_and_cgcs2000_are_one_answer(lines: NDArray[np.object_]) -> None:
    found = crs_guess.guess(lines, PLACE, *vertices(lines))
    assert found.lines()[-1] == "it is WGS84 or CGCS2000"


def test_houses_do_not_tell(lines: NDArray[np.object_]) -> None:
    at = np.random.default_rng(3).uniform(0, SIDE_M, (500, 2)) + np.array([WEST, SOUTH])
    found = crs_guess.guess(lines, PLACE, *crs.unproject(SRID, at[:, 0], at[:, 1]))
    assert found.answer is None
    assert found.lines()[-1] == "cannot tell: no hypothesis is clearly nearer to the streets than the others"


def test_too_few_points_and_points_elsewhere_do_not_tell(lines: NDArray[np.object_]) -> None:
    lon, lat = vertices(lines)
    few = crs_guess.guess(lines, PLACE, lon[:19], lat[:19])
    assert few.answer is None
    assert few.lines()[-1] == "cannot tell: 19 points, at least 20 are needed"
    assert crs_guess.guess(lines, PLACE, lon + 5, lat) == Guess(2400, (), None)
