"""A datum is declared or refused, swapped axes are found, and a local system is fitted with its residual."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin import china_offset, crs, datum, local_fit
from twin.errors import Refused

# What a file of Beijing (116.391 E, 39.907 N) holds under each datum.
LON, LAT = np.array([116.391, 116.41]), np.array([39.907, 39.93])


def coordinates(name: str) -> tuple[np.ndarray, np.ndarray]:
    if name == "GCJ-02":
        return china_offset.wgs84_to_gcj02(LON, LAT)
    if name == "BD-09":
        return china_offset.wgs84_to_bd09(LON, LAT)
    srid = {"CGCS2000-GK3": 4527, "CGCS2000-GK3-CM117": 4548, "CGCS2000-GK6": 4498, "EPSG:32650": 32650}.get(name)
    return crs.project(srid, LON, LAT) if srid else (LON, LAT)


NAMES = ("WGS84", "CGCS2000", "GCJ-02", "BD-09", "CGCS2000-GK3", "CGCS2000-GK3-CM117", "CGCS2000-GK6", "EPSG:32650")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_comes_to_wgs84_by_its_declared_datum(name: str) -> None:
    found = datum.parse(name).locate(*coordinates(name))
    assert np.abs(np.array(found) - (LON, LAT)).max() < 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_swapped_axes_are_found(name: str) -> None:
    x, y = coordinates(name)
    with pytest.raises(Refused, match=f"x and y are the wrong way round for {name}: the points fit when swapped"):
        datum.parse(name).locate(y, x)


def test_swapped_degrees_that_are_both_possible_are_found_by_the_place() -> None:
    around_monaco = (6.9, 43.2, 7.9, 44.2)
    with pytest.raises(Refused, match="the wrong way round"):
        datum.parse("WGS84").locate([43.73], [7.42], within=around_monaco)
    with pytest.raises(Refused, match="1 of 2 points lie far outside the place if they are WGS84"):
        datum.parse("WGS84").locate([7.42, 8.42], [43.73, 43.73], within=around_monaco)


@pytest.mark.parametrize("written", ["wgs84", "WGS 84", "wgs-84", "EPSG:4326", "epsg4326"])
def test_case_blanks_and_dashes_do_not_matter(written: str) -> None:
    assert datum.parse(written) is datum.WGS_84


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "unknown datum ''"),
        ("mars", "unknown datum 'mars'; say for example WGS84, CGCS2000"),
        ("EPSG:99999", "unknown datum 'EPSG:99999'"),
        ("EPSG:5737", "Yellow Sea 1985 height, no CRS of the plane"),
        ("CGCS2000-GK3-CM121", "no 3-degree zone has the central meridian 121"),
        ("+proj=nothing", r"unknown datum '\+proj=nothing'"),
        ("CGCS2000-GK4", "unknown datum"),
    ],
)
def test_what_is_no_datum_is_refused(written: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        datum.parse(written)


@pytest.mark.parametrize("name", ["BEIJING54", "XIAN80-GK3", "xian80-gk6-cm117", "EPSG:4214", "EPSG:2436"])
def test_old_systems_come_with_a_warning(name: str) -> None:
    assert "no published way to WGS 84: taken as it stands, it may be off by 100 m" in datum.parse(name).warning
    assert datum.parse("CGCS2000-GK3").warning == ""


def city(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An invented city system: turned by 0.3 degrees, shrunk by 60 ppm, its origin in the city."""
    turn = 0.99994 * np.exp(1j * np.radians(0.3))
    local = turn * ((x - 500_000.0) + 1j * (y - 4_418_000.0)) + (300_000 + 200_000j)
    return local.real, local.imag


def controls(count: int, noise_m: float = 0.0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(count)
    lon, lat = rng.uniform(116.2, 116.6, count), rng.uniform(39.8, 40.0, count)
    x, y = city(*crs.project(4548, lon, lat))
    return x + rng.normal(0, noise_m, count), y + rng.normal(0, noise_m, count), lon, lat


def test_a_local_system_is_fitted_on_three_control_points() -> None:
    found = local_fit.fit(*controls(3))
    assert found.residual_m < 1e-6
    local = datum.fitted(found)
    assert np.abs(np.array(local.locate(*city(*crs.project(4548, LON, LAT)))) - (LON, LAT)).max() < 1e-9
    assert local.warning.startswith("local system fitted on 3 control points: residual 0.000 m, worst 0.000 m")


@given(noise_m=st.floats(0.01, 0.1))
def test_the_residual_is_the_noise_of_the_control_points(noise_m: float) -> None:
    found = local_fit.fit(*controls(40, noise_m))
    # each point is off by noise in x and in y: the residual counts both
    assert found.residual_m == pytest.approx(noise_m, rel=0.3)


def test_a_local_system_that_does_not_fit_is_refused() -> None:
    x, y, lon, lat = controls(5)
    x[2] += 8.0
    with pytest.raises(Refused, match=r"residual \d.\d+ m, worst \d.\d+ m, scale .*; the limit is 0.5 m"):
        local_fit.fit(x, y, lon, lat)
    with pytest.raises(Refused, match="2 control points; a local system needs at least 3"):
        local_fit.fit(*controls(2))
    with pytest.raises(Refused, match="the other way round: x must be east, y north"):
        local_fit.fit(controls(5)[1], controls(5)[0], lon, lat)
    with pytest.raises(Refused, match="in one spot"):
        local_fit.fit([1.0] * 3, [2.0] * 3, lon[:3], lat[:3])
    with pytest.raises(Refused, match=r"scale 0.3048: a plane system in metres has 1"):
        local_fit.fit(controls(5)[0] / 0.3048, controls(5)[1] / 0.3048, lon, lat)
