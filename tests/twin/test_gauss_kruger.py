"""All zones of the Chinese systems are the ones EPSG has, and PostGIS agrees with pyproj to a millimetre."""

from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa
from pyproj import CRS

from twin import crs, datum, db, gauss_kruger
from twin.errors import Refused
from twin.gauss_kruger import System, Width

NAMES = {System.CGCS2000: "CGCS2000", System.XIAN_1980: "Xian 1980", System.BEIJING_1954: "Beijing 1954"}


@pytest.mark.parametrize("system", System)
@pytest.mark.parametrize("width", [3, 6])
def test_every_zone_is_the_one_epsg_names(system: System, width: Width) -> None:
    kind = f"{NAMES[system]} / {'3-degree ' if width == 3 else ''}Gauss-Kruger"
    assert len(gauss_kruger.zones(width)) == (21 if width == 3 else 11)
    for number in gauss_kruger.zones(width):
        meridian = gauss_kruger.central_meridian(number, width)
        numbered = CRS.from_epsg(gauss_kruger.srid(system, number, width, numbered=True))
        plain = CRS.from_epsg(gauss_kruger.srid(system, number, width, numbered=False))
        assert (numbered.name, plain.name) == (f"{kind} zone {number}", f"{kind} CM {meridian}E")
        assert gauss_kruger.zone(meridian, width) == number
        assert gauss_kruger.zone(meridian + width / 2 - 1e-9, width) == number
        assert gauss_kruger.zone(meridian - width / 2, width) == number


# design/domain.md §3.2: zone, with number, by central meridian
@pytest.mark.parametrize(
    ("lon", "number", "with_number", "by_meridian"),
    [
        (116.391, 39, 4527, 4548),
        (121.473, 40, 4528, 4549),
        (114.058, 38, 4526, 4547),
        (104.066, 35, 4523, 4544),
        (87.617, 29, 4517, 4538),
        (126.642, 42, 4530, 4551),
    ],
)
def test_cities_lie_in_their_zone(lon: float, number: int, with_number: int, by_meridian: int) -> None:
    assert gauss_kruger.zone(lon) == number
    assert gauss_kruger.srid(System.CGCS2000, number, 3, numbered=True) == with_number
    assert gauss_kruger.srid(System.CGCS2000, number, 3, numbered=False) == by_meridian


@pytest.mark.parametrize("lon", [0.0, 72.0, 140.0])
def test_there_is_no_zone_outside_china(lon: float) -> None:
    with pytest.raises(ValueError, match="no 3-degree zone at longitude"):
        gauss_kruger.zone(lon)
    with pytest.raises(ValueError, match="no 3-degree zone 24: there are 25 to 45"):
        gauss_kruger.srid(System.CGCS2000, 24, 3, numbered=True)


def test_postgis_and_pyproj_agree_to_a_millimetre_in_all_21_zones(database: str) -> None:
    ours, theirs = [], []
    engine = db.engine(database)
    with engine.connect() as connection:
        for number in gauss_kruger.zones(3):
            lon, lat = gauss_kruger.central_meridian(number, 3) + 1.2, 20.0 + number * 0.7
            for numbered in (True, False):
                srid = gauss_kruger.srid(System.CGCS2000, number, 3, numbered=numbered)
                x, y = crs.project(srid, lon, lat)
                ours.append((float(x), float(y)))
                point = "ST_Transform(ST_SetSRID(ST_Point(:lon, :lat), 4326), :srid)"
                query = sa.text(f"SELECT ST_X(p.at), ST_Y(p.at) FROM (SELECT {point} AS at) AS p")
                theirs.append(tuple(connection.execute(query, {"lon": lon, "lat": lat, "srid": srid}).one()))
    engine.dispose()
    assert len(ours) == 42
    assert np.abs(np.array(ours) - np.array(theirs)).max() < 1e-3


@pytest.mark.parametrize("number", gauss_kruger.zones(3))
def test_a_file_in_any_zone_comes_back_to_its_degrees(number: int) -> None:
    lon, lat = np.array([0.1, -1.4, 1.4]) + max(3 * number, 76), np.array([30.0, 31.0, 32.0])
    x, y = crs.project(gauss_kruger.srid(System.CGCS2000, number, 3, numbered=True), lon, lat)
    found = datum.parse("CGCS2000-GK3").degrees(x, y)
    assert np.abs(np.array(found) - (lon, lat)).max() < 1e-8
    plain = datum.parse(f"cgcs2000 gk3 cm{3 * number}").degrees(x - number * 1_000_000, y)
    assert np.abs(np.array(plain) - (lon, lat)).max() < 1e-8


def test_eastings_without_their_zone_number_are_refused_where_they_should_have_one() -> None:
    with pytest.raises(Refused, match="2 of 2 points lie outside the area of use if they are CGCS2000-GK3"):
        datum.parse("CGCS2000-GK3").locate([640346.0, 640347.0], [3457000.0, 3457001.0])
