"""Slopes by height: right on a plane, only where the cells resolve them, tagged ones untouched, with their error."""

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
import sqlalchemy as sa
from affine import Affine

from ingest.loaders import confined, elevation
from ingest.loaders.raster_reader import Heights
from simulations import mobility
from simulations.graph import CLOSED
from twin import crs, db, network, places
from twin.db import Connection
from twin.errors import Refused
from twin.network import EdgeRow, NodeRow
from twin.places import Place
from twin.terms import EdgeKind, MobilityGroup

WEST, SOUTH = 7.42, 43.735
SRID = 32632
GRADE = 0.09  # the plane rises so to the east
METRES = {"a": 0.0, "b": 9.0, "c": 60.0, "d": 400.0}  # nodes on a line to the east
RASTER_M = 2_000.0


def lonlat(east_m: float) -> tuple[float, float]:
    x, y = (float(value) for value in crs.project(SRID, WEST, SOUTH))
    lon, lat = crs.unproject(SRID, x + east_m, y)
    return float(lon), float(lat)


def edge(source_id: str, tail: str, head: str, kind: EdgeKind = EdgeKind.PATH, incline: float | None = None) -> EdgeRow:
    ends = (lonlat(METRES[tail]), lonlat(METRES[head]))
    return EdgeRow(source_id, tail, head, kind, METRES[head] - METRES[tail], ends, incline=incline)


@pytest.fixture
def line(database: str) -> Iterator[tuple[Connection, Place]]:
    engine = db.engine(database)
    with engine.begin() as connection:
        place_id = places.put(
            connection,
            code="line",
            name="Line",
            name_zh="线",
            boundary=shapely.box(7.41, 43.73, 7.44, 43.74),
            timezone="Europe/Monaco",
            residents=0,
            households=0,
            attribution="none",
        )
        nodes = [NodeRow(name, *lonlat(east_m)) for name, east_m in METRES.items()]
        edges = [
            edge("ramp", "a", "b"),
            edge("short", "b", "c"),
            edge("long", "c", "d"),
            edge("tagged", "a", "d", incline=0.02),
            edge("stairs", "a", "c", EdgeKind.STEPS),
        ]
        network.store(connection, place_id, nodes, edges)
        yield connection, places.get(connection)
    engine.dispose()


def plane(path: Path, cell_m: float, *, grade: float = GRADE, hole: bool = False) -> Path:
    """Write a GeoTIFF of a plane that rises to the east from WEST, SOUTH in its middle."""
    x, y = (float(value) for value in crs.project(SRID, WEST, SOUTH))
    size = round(RASTER_M / cell_m)
    east_m = (np.arange(size) + 0.5) * cell_m - RASTER_M / 2
    heights = np.tile((100 + grade * east_m).astype("float32"), (size, 1))
    if hole:
        heights[:] = -9999
    transform = Affine(cell_m, 0, x - RASTER_M / 2, 0, -cell_m, y + RASTER_M / 2)
    with rasterio.open(
        path, "w", driver="GTiff", width=size, height=size, count=1, dtype="float32", crs=f"EPSG:{SRID}",
        transform=transform, nodata=-9999,
    ) as raster:  # fmt: skip
        raster.write(heights, 1)
    return path


def stored(connection: Connection) -> dict[str, tuple[float | None, float | None]]:
    rows = connection.execute(sa.text("SELECT source_id, elevation_incline, elevation_error FROM network_edge"))
    return {row.source_id: (row.elevation_incline, row.elevation_error) for row in rows}


def test_a_fine_model_gives_each_untagged_way_its_slope_and_error(
    line: tuple[Connection, Place], tmp_path: Path
) -> None:
    connection, place = line
    path = plane(tmp_path / "laser.tif", 1.0)
    receipt = elevation.load(connection, path, place=place)
    assert (receipt.added, receipt.changed, receipt.removed) == (3, 0, 0)
    found = stored(connection)
    for name in ("ramp", "short", "long"):
        incline, error = found[name]
        assert incline == pytest.approx(GRADE, abs=0.0005)
        assert error is not None
    assert found["ramp"][1] == pytest.approx(math.sqrt(2) * 0.15 / 9)
    assert (found["tagged"], found["stairs"]) == ((None, None), (None, None))
    assert receipt.notes[0] == "cells of 1.0 m, standard error of a height 0.15 m (assumed for cells of that size)"
    assert places.get(connection).network_version == place.network_version + 1
    assert elevation.load(connection, path, place=place).changes == 0
    assert places.get(connection).network_version == place.network_version + 1


def test_cells_of_90_m_say_nothing_of_a_ramp(line: tuple[Connection, Place], tmp_path: Path) -> None:
    connection, place = line
    receipt = elevation.load(connection, plane(tmp_path / "coarse.tif", 90.0), place=place)
    found = stored(connection)
    assert found["ramp"] == found["short"] == (None, None)
    assert found["long"][0] == pytest.approx(GRADE, abs=0.0005)
    assert receipt.notes[2] == "of ways shorter than 283 m nothing is said: their slope stays unknown"
    elevation.load(connection, plane(tmp_path / "coarse.tif", 90.0), place=place, error_m=9.0)
    assert stored(connection)["long"] == (None, None)  # 3.7 % of error over 340 m


def test_the_network_takes_the_tag_first_then_the_model_and_says_how_sure(
    line: tuple[Connection, Place], tmp_path: Path
) -> None:
    connection, place = line
    elevation.load(connection, plane(tmp_path / "laser.tif", 1.0), place=place)
    walking = network.load(connection, place.id)
    rows = connection.execute(sa.text("SELECT id, source_id FROM network_edge"))
    ids: dict[int, str] = {row.id: row.source_id for row in rows}
    by_name = {ids[int(walking.edge_ids[at])]: at for at in range(len(walking.edge_ids))}
    assert walking.incline[by_name["tagged"]] == 0.02
    assert walking.incline_error[by_name["tagged"]] == 0
    assert walking.incline[by_name["long"]] == pytest.approx(GRADE, abs=0.0005)
    assert math.isnan(walking.incline[by_name["stairs"]])
    times = mobility.arc_times(walking, MobilityGroup.WHEELCHAIR, mobility.load()).reshape(-1, 2)
    # 9 % of slope: steeper than 1:12 beyond doubt over 340 m (error 0.06 %), not over 9 m (error 2.4 %)
    assert (times[by_name["long"]] == CLOSED).all()
    assert (times[by_name["ramp"]] > 0).all()


def test_ways_off_the_model_keep_what_they_had_and_a_hole_is_no_height(
    line: tuple[Connection, Place], tmp_path: Path
) -> None:
    connection, place = line
    elevation.load(connection, plane(tmp_path / "laser.tif", 1.0), place=place)
    before = stored(connection)
    elevation.load(connection, plane(tmp_path / "hole.tif", 1.0, hole=True), place=place)
    assert stored(connection) == before


def test_an_edge_that_runs_elsewhere_loses_its_slope(line: tuple[Connection, Place], tmp_path: Path) -> None:
    connection, place = line
    elevation.load(connection, plane(tmp_path / "laser.tif", 1.0), place=place)
    connection.execute(sa.text("UPDATE network_edge SET geom = ST_Reverse(geom) WHERE source_id = 'long'"))
    connection.execute(sa.text("UPDATE network_edge SET geom = geom, name = 'n' WHERE source_id = 'ramp'"))
    assert stored(connection)["long"] == (None, None)
    assert stored(connection)["ramp"][0] is not None


def test_a_wall_in_the_model_is_no_slope(line: tuple[Connection, Place], tmp_path: Path) -> None:
    connection, place = line
    elevation.load(connection, plane(tmp_path / "wall.tif", 1.0, grade=0.8), place=place)
    assert stored(connection)["long"] == (None, None)


def test_the_srtm_tile_of_monaco_is_read_by_its_name(shared: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared / "data" / "dem" / "N43E007.hgt.zip") as archive:
        archive.extract("N43E007.hgt", tmp_path)
    bounds = ("7.40", "43.72", "7.44", "43.75")
    heights = confined.run("raster_reader:window", tmp_path / "N43E007.hgt", *bounds, kind=Heights)
    at = np.array([[7.4197, 43.7314], [7.4285, 43.7277], [7.4126, 43.7393]])  # the palace's rock, the sea, up the hill
    rock, sea, hill = elevation.sample(heights, at[:, 0], at[:, 1])
    assert sea == pytest.approx(0, abs=3)
    assert 20 < rock < 70 < hill < 300


def test_a_model_of_somewhere_else_is_refused(line: tuple[Connection, Place], tmp_path: Path) -> None:
    connection, place = line
    connection.execute(sa.text("UPDATE network_node SET point = ST_Translate(point, 1, 0)"))
    with pytest.raises(Refused, match=r"none of its cells is near the place \[elsewhere\]"):
        elevation.load(connection, plane(tmp_path / "laser.tif", 10.0), place=place)
