"""The same rows from CSV, XLSX and layers, in any datum, become the same rows in the twin."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
import shapely.affinity
import sqlalchemy as sa
from numpy.typing import NDArray

from ingest.loaders import devices, facilities, grids, positions
from ingest.loaders.refusal import RefusedFile
from tests.ingest.loaders import layers
from twin import china_offset, crs, datum, db, places
from twin.db import Connection
from twin.errors import Refused
from twin.places import Place

Floats = NDArray[np.float64]

BEIJING = (116.39, 39.90, 116.42, 39.92)
BOX = shapely.box(116.395, 39.905, 116.405, 39.915)
AT = (116.401, 39.907)


@pytest.fixture
def town(database: str) -> Iterator[Connection]:
    engine = db.engine(database)
    with engine.begin() as connection:
        places.put(
            connection,
            code="town",
            name="Town",
            name_zh="镇",
            boundary=shapely.box(*BEIJING),
            timezone="Asia/Shanghai",
            residents=10,
            households=4,
            attribution="none",
        )
        yield connection
    engine.dispose()


def moved(name: str, shape: shapely.Geometry) -> shapely.Geometry:
    """A WGS 84 shape as a file in another datum has it."""
    return shapely.transform(shape, lambda at: np.column_stack(coordinates(name, at[:, 0], at[:, 1])))


def coordinates(name: str, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    if name == "GCJ-02":
        return china_offset.wgs84_to_gcj02(lon, lat)
    return china_offset.wgs84_to_bd09(lon, lat) if name == "BD-09" else crs.project(4527, lon, lat)


def grid(connection: Connection) -> shapely.Geometry:
    stored = connection.execute(sa.text("SELECT ST_AsBinary(geom) FROM grid")).scalar_one()
    return shapely.from_wkb(bytes(stored))


def place(connection: Connection) -> Place:
    return places.get(connection)


@pytest.mark.parametrize("name", ["GCJ-02", "BD-09", "CGCS2000-GK3"])
def test_a_grid_lies_where_it_lies_whatever_its_datum(town: Connection, tmp_path: Path, name: str) -> None:
    path = layers.geojson(tmp_path / "grids.geojson", layers.feature("g1", moved(name, BOX)))
    receipt = grids.load(town, path, place=place(town), datum=datum.parse(name))
    assert receipt.notes[0] == f"coordinates read as {name}"
    assert shapely.hausdorff_distance(grid(town), BOX) < 1e-9
    assert grids.load(town, path, place=place(town), datum=datum.parse(name)).changes == 0


def test_a_grid_read_by_the_wrong_plane_system_is_refused(town: Connection, tmp_path: Path) -> None:
    path = layers.geojson(tmp_path / "grids.geojson", layers.feature("g1", moved("CGCS2000-GK3", BOX)))
    with pytest.raises(Refused, match="5 of 5 points lie far outside the place if they are WGS84; linli crs guess"):
        grids.load(town, path, place=place(town), datum=datum.WGS_84)


def test_a_geopackage_and_a_shapefile_say_their_own_datum(town: Connection, tmp_path: Path) -> None:
    package = layers.geopackage(tmp_path / "grids.gpkg", shapely.to_wkb(moved("CGCS2000-GK3", BOX)), crs="EPSG:4527")
    receipt = grids.load(town, package, place=place(town), datum=None)
    assert receipt.notes[0] == "coordinates read as EPSG:4527"
    assert shapely.hausdorff_distance(grid(town), BOX) < 1e-9
    shapes = layers.shapefile(tmp_path / "grids.shp", moved("CGCS2000-GK3", BOX), crs="EPSG:4527")
    again = grids.load(town, shapes, place=place(town), datum=None)  # a Shapefile turns the rings around
    assert (again.added, again.removed) == (0, 0)
    assert shapely.hausdorff_distance(grid(town), BOX) < 1e-9


def test_a_geojson_file_without_a_declared_datum_is_refused_in_one_line(town: Connection, tmp_path: Path) -> None:
    path = layers.geojson(tmp_path / "grids.geojson", layers.feature("g1", BOX))
    with pytest.raises(
        RefusedFile, match=r"grids.geojson: its datum is not declared: say --datum WGS84, .*\[no-datum\]"
    ):
        grids.load(town, path, place=place(town), datum=None)


@pytest.mark.parametrize("cpg", ["GB18030", "936", None, "UTF-8"])
def test_a_shapefiles_chinese_is_read_by_its_cpg_or_without_one(tmp_path: Path, cpg: str | None) -> None:
    path = layers.shapefile(tmp_path / "grids.shp", BOX, encoding="UTF-8" if cpg == "UTF-8" else "GB18030")
    if cpg is None:
        path.with_suffix(".cpg").unlink()
    else:
        path.with_suffix(".cpg").write_text(cpg)
    (row,), *_ = grids.read(path, datum=datum.WGS_84)
    assert (row.code, row.name) == ("g1", "网格 g1")


def test_a_zipped_shapefile_is_read_where_it_lies(tmp_path: Path) -> None:
    path = layers.shapefile(tmp_path / "grids.shp", BOX)
    with zipfile.ZipFile(tmp_path / "grids.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in tmp_path.glob("grids.*"):
            if part.suffix != ".zip":
                archive.write(part, f"网格/{part.name}")
    assert path.exists()
    (row,), known, *_ = grids.read(tmp_path / "grids.zip", datum=None)
    assert (row.name, known.name) == ("网格 g1", "WGS84")


FACILITIES = [
    ("id", "service", "name", "lon", "lat", "step_free", "capacity"),
    ("c1", "clinic", "卫生站", *AT, True, 30),
    ("7", "canteen", "食堂", *AT, None, 12.0),
]


def stored(connection: Connection) -> list[tuple[object, ...]]:
    columns = "source_id, service, name, step_free, capacity, ST_X(point), ST_Y(point)"
    return [tuple(row) for row in connection.execute(sa.text(f"SELECT {columns} FROM facility ORDER BY 1"))]


EXPECTED = [("7", "canteen", "食堂", None, 12, *AT), ("c1", "clinic", "卫生站", True, 30, *AT)]


def test_facilities_come_from_a_spreadsheet(town: Connection, tmp_path: Path) -> None:
    path = layers.xlsx(tmp_path / "towns.xlsx", *FACILITIES)
    assert facilities.load(town, path, place=place(town), datum=datum.WGS_84).added == 2
    assert stored(town) == EXPECTED
    assert facilities.load(town, path, place=place(town), datum=datum.WGS_84).changes == 0


def test_a_gb18030_csv_that_declares_nothing_is_read_right_and_the_receipt_says_so(
    town: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "towns.csv"
    name = "朱镕基路社区卫生服务站𡌛分站"  # 镕 is not in GB 2312, 𡌛 takes four bytes
    rows = (f"{key},clinic,{said},{AT[0]},{AT[1]}\n" for key, said in (("c1", name), ("c2", "和平里社区卫生服务站")))
    path.write_text("id,service,name,lon,lat\n" + "".join(rows), encoding="gb18030")
    receipt = facilities.load(town, path, place=place(town), datum=datum.WGS_84)
    assert [row[:3] for row in stored(town)] == [("c1", "clinic", name), ("c2", "clinic", "和平里社区卫生服务站")]
    assert "read as GB18030: it is not UTF-8, and no .cpg says what it is" in receipt.notes
    assert facilities.load(town, path, place=place(town), datum=datum.WGS_84).changes == 0


@pytest.mark.parametrize("says", [True, False])
def test_a_shapefile_with_gb18030_attributes_is_loaded_right_with_a_cpg_or_without(
    town: Connection, tmp_path: Path, says: bool
) -> None:
    path = layers.shapefile(tmp_path / "grids.shp", BOX, shapely.affinity.translate(BOX, 0.01))
    assert "网格 g1".encode("gb18030") in path.with_suffix(".dbf").read_bytes()
    if not says:
        path.with_suffix(".cpg").unlink()
    receipt = grids.load(town, path, place=place(town), datum=None)
    assert (receipt.added, receipt.rejected) == (2, ())
    assert town.scalars(sa.text("SELECT name FROM grid ORDER BY code")).all() == ["网格 g1", "网格 g2"]
    assert grids.load(town, path, place=place(town), datum=None).changes == 0


def test_facilities_come_from_a_layer_of_points(town: Connection, tmp_path: Path) -> None:
    head, *rows = FACILITIES
    names = [name for name in head if name not in {"lon", "lat"}]
    path = layers.geojson(
        tmp_path / "towns.geojson",
        *(
            {
                "type": "Feature",
                "properties": {name: row[head.index(name)] for name in names},
                "geometry": {"type": "Point", "coordinates": [*np.ravel(china_offset.wgs84_to_gcj02(*AT))]},
            }
            for row in rows
        ),
    )
    facilities.load(town, path, place=place(town), datum=datum.parse("GCJ-02"))
    assert [row[:5] for row in stored(town)] == [row[:5] for row in EXPECTED]
    assert all(row[5:] == pytest.approx(AT, abs=1e-10) for row in stored(town))


def test_a_spreadsheets_refused_row_has_its_row_number(town: Connection, tmp_path: Path) -> None:
    path = layers.xlsx(tmp_path / "towns.xlsx", FACILITIES[0], (), ("c1", "clinic", "=A1", *AT))
    receipt = facilities.load(town, path, place=place(town), datum=datum.WGS_84, partial=True)
    assert receipt.rejected == (("row 3", "name is a formula: save its value"),)


def test_devices_come_from_a_spreadsheet_and_need_a_datum_only_where_they_have_places(
    town: Connection, tmp_path: Path
) -> None:
    head = ("key", "name", "kind", "format", "topic", "x", "y")
    x, y = (float(value) for value in crs.project(4548, *AT))
    path = layers.xlsx(tmp_path / "devices.xlsx", head, ("urn:a", "Air", "pm", "senml", "senml/a", x, y))
    with pytest.raises(RefusedFile, match=r"devices.xlsx: its datum is not declared"):
        devices.read(path, datum=None)
    (device,) = devices.read(path, datum=datum.parse("CGCS2000-GK3-CM117")).taken.values()
    assert (device.lon, device.lat) == pytest.approx(AT, abs=1e-9)
    bare = layers.xlsx(tmp_path / "bare.xlsx", head, ("urn:a", "Air", "pm", "senml", "senml/a"))
    assert devices.read(bare, datum=None).count == 1


def test_a_city_system_is_fitted_by_a_control_file(tmp_path: Path) -> None:
    lon, lat = np.array([116.39, 116.42, 116.40, 116.41]), np.array([39.90, 39.91, 39.92, 39.90])
    x, y = crs.project(4548, lon, lat)
    rows = zip((x - 400_000).tolist(), (y - 4_400_000).tolist(), lon.tolist(), lat.tolist(), strict=True)
    control = tmp_path / "control.csv"
    control.write_text("x,y,lon,lat\n" + "\n".join(",".join(map(repr, row)) for row in rows), encoding="utf-8")
    known = positions.declared(f"local:{control}", Path("layer.csv"))
    at = crs.project(4548, *AT)
    assert positions.position(repr(float(at[0]) - 400_000), repr(float(at[1]) - 4_400_000), known) == pytest.approx(AT)
    assert positions.notes(known)[1].startswith("local system fitted on 4 control points: residual 0.000 m")
