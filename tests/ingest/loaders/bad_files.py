"""Make tests/golden/bad/ again: broken and hostile files, each one fault. `python -m tests.ingest.loaders.bad_files`."""

from __future__ import annotations

import io
import json
import sqlite3
import struct
import zipfile
from pathlib import Path

import shapely

from tests.ingest.loaders.layers import BOX, feature, geojson, geopackage, shapefile, xlsx

FOLDER = Path(__file__).parents[2] / "golden" / "bad"
HEAD = "id,service,name,lon,lat"
ROW = "c1,clinic,Town clinic,7.415,43.735"
VRT = '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/vsicurl/http://127.0.0.1:9/a</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
LAUGHS = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><kml>&b;</kml>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><sst>&x;</sst>'


def main() -> None:
    """Write every file; what was there goes, but the lines that they are refused with."""
    for path in FOLDER.iterdir():
        if path.name != "expected.toml":
            path.unlink()
    tables()
    collections()
    geometries()
    databases()
    archives()
    rasters()
    sheets()


def text(name: str, content: str, encoding: str = "utf-8") -> None:
    (FOLDER / name).write_bytes(content.encode(encoding))


def tables() -> None:
    text("latin1.csv", f"{HEAD}\nc1,clinic,Résidence des élèves,7.415,43.735\n", "latin-1")
    text("cpg_lies.csv", f"{HEAD}\nc1,clinic,卫生站,7.415,43.735\n", "gb18030")
    text("cpg_lies.cpg", "UTF-8")
    text("organisation.csv", f"{HEAD},organisation\n{ROW},91350100M000100Y44\n")
    text("hours.csv", f"{HEAD},opening_hours\n{ROW},25:99-26:00\n")
    text("area.csv", f"{HEAD},office_m2\n{ROW},-3\n")
    text("floor.csv", f"{HEAD},floor\n{ROW},0\n")
    text("no_place.csv", "id,service,name\nc1,clinic,Town clinic\n")
    text("huge_field.csv", f"{HEAD}\n{ROW.replace('Town clinic', 'a' * 132_000)}\n")
    text("residents_negative.csv", "building,age_band,residents\nw1,65+,-3\n")
    text("residents_suppressed.csv", "grid,age_band,residents\n,65+,*\n")
    text("residents_cell.csv", "cell,age_band,residents\nq1,65+,3\n")
    text("residents_bands.csv", "grid,age_band,residents\n,0-64,3\n,60+,3\n")
    text("welfare_group.csv", "grid,group,people\na,lonely,3\n")
    text("welfare_person.csv", "grid,group,people\n11010519491231002X,disabled,3\n")
    text("devices_topic.csv", "key,name,kind,format,topic\nd1,Door,door,senml,city/#\n")
    text("devices_kind.csv", "key,name,kind,format,topic\nd1,Eye,camera,senml,city/d1\n")
    text("utf16.csv", f"{HEAD}\n{ROW}\n", "utf-16")
    text("no_column.csv", "id,name,lon,lat\nc1,Town clinic,7.415,43.735\n")
    text("strange_column.csv", f"{HEAD},colour\n{ROW},red\n")
    text("doubled_column.csv", f"{HEAD},x\n{ROW},7.4\n")
    text("open_quote.csv", f'{HEAD}\nc1,clinic,"Town,7.415,43.735\n')
    text("empty.csv", "")
    text("hyperlink.csv", f"{HEAD}\n{ROW.replace('Town clinic', '=HYPERLINK(1)')}\n")
    text("nul.csv", f"{HEAD}\n{ROW.replace('Town', 'To' + chr(0) + 'wn')}\n")
    text("nan.csv", f"{HEAD}\n{ROW.replace('7.415', 'nan')}\n")
    text("overflow.csv", f"{HEAD}\n{ROW.replace('7.415', '1e400')}\n")
    text("swapped.csv", f"{HEAD}\n{ROW.replace('7.415,43.735', '43.735,7.415')}\n")
    text("beijing.csv", f"{HEAD}\n{ROW.replace('7.415,43.735', '116.391,39.907')}\n")
    text("metres.csv", f"{HEAD}\n{ROW.replace('7.415,43.735', '372360,4843592')}\n")
    text("doubled_row.csv", f"{HEAD}\n{ROW}\n{ROW}\n")
    text("citizen.csv", f"{HEAD}\n{ROW.replace('Town clinic', '11010519491231002X')}\n")
    text("wide_row.csv", f"{HEAD}\n{ROW},more\n")


def collections() -> None:
    text("vrt.geojson", VRT)
    text("laughs.geojson", LAUGHS)
    text("truncated.geojson", json.dumps({"type": "FeatureCollection", "features": [feature("a", BOX)]})[:-9])
    text("nan.geojson", '{"type": "FeatureCollection", "features": [NaN]}')
    text("latin1.geojson", '{"type": "FeatureCollection", "name": "é", "features": [1]}', "latin-1")
    text("array.geojson", "[1, 2, 3]")
    text("no_features.geojson", '{"type": "FeatureCollection", "features": []}')
    text("deep.geojson", "[" * 5_000 + "]" * 5_000)
    inner = '{"type": "Point", "coordinates": [7, 43]}'
    for _ in range(60):
        inner = '{"type": "GeometryCollection", "geometries": [' + inner + "]}"
    text("collections.geojson", wrapped(inner))
    text("no_properties.geojson", '{"type": "FeatureCollection", "features": [7]}')
    geojson(FOLDER / "doubled_code.geojson", feature("a", BOX), feature("a", BOX))
    geojson(FOLDER / "no_code.geojson", feature("", BOX))
    geojson(FOLDER / "citizen.geojson", feature("a", BOX, name="11010519491231002X"))
    geojson(FOLDER / "no_parent.geojson", feature("a", BOX, parent="b"))
    text("grids.kml", LAUGHS)
    text("link.kml", "<kml><NetworkLink><Link><href>http://127.0.0.1:9/a</href></Link></NetworkLink></kml>")


def wrapped(geometry: str) -> str:
    """Give a collection of one feature around a geometry written by hand."""
    head = '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": "a", "level": "grid", "name": "a"}'
    return f'{head}, "geometry": {geometry}}}]}}'


def geometries() -> None:
    text("null_geometry.geojson", wrapped("null"))
    text("two_point_ring.geojson", wrapped('{"type": "Polygon", "coordinates": [[[7.41, 43.73], [7.42, 43.74]]]}'))
    text(
        "open_ring.geojson",
        wrapped('{"type": "Polygon", "coordinates": [[[7.41, 43.73], [7.42, 43.73], [7.42, 43.74], [7.4, 43.7]]]}'),
    )
    text("empty_ring.geojson", wrapped('{"type": "Polygon", "coordinates": [[]]}'))
    text("overflow.geojson", wrapped('{"type": "Point", "coordinates": [1e400, 43.73]}'))
    text("no_type.geojson", wrapped('{"coordinates": [7.41, 43.73]}'))
    text(
        "hole_alone.geojson",
        wrapped(
            '{"type": "Polygon", "coordinates": [[], [[7.41, 43.73], [7.42, 43.73], [7.42, 43.74], [7.41, 43.73]]]}'
        ),
    )
    text("loop.geojson", wrapped('{"type": "LineString", "coordinates": [[7.41, 43.73], [7.41, 43.73]]}'))
    geojson(FOLDER / "line.geojson", feature("a", shapely.LineString([(7.41, 43.73), (7.42, 43.74)])))
    geojson(FOLDER / "swapped.geojson", feature("a", shapely.box(43.732, 7.412, 43.738, 7.418)))
    geojson(FOLDER / "metres.geojson", feature("a", shapely.box(372000, 4843000, 373000, 4844000)))
    geojson(FOLDER / "elsewhere.geojson", feature("a", shapely.box(116.3, 39.9, 116.4, 40.0)))


def databases() -> None:
    good = shapely.to_wkb(BOX)
    text("text.gpkg", "no GeoPackage")
    with sqlite3.connect(FOLDER / "plain.gpkg") as plain:
        plain.execute("CREATE TABLE grids (code text)")
    plain.close()
    geopackage(FOLDER / "two_layers.gpkg", good)
    geopackage(FOLDER / "two_layers.gpkg", good, layer="more", append=True)
    geopackage(FOLDER / "infinite.gpkg", struct.pack("<BIdd", 1, 1, float("inf"), 43.73))
    geopackage(FOLDER / "no_datum.gpkg", good, crs=None)
    text("text.shp", "no Shapefile")
    shapefile(FOLDER / "bad_cpg.shp", BOX)
    text("bad_cpg.cpg", "KLINGON")
    shapefile(FOLDER / "no_dbf.shp", BOX)
    (FOLDER / "no_dbf.dbf").unlink()


def archives() -> None:
    with zipfile.ZipFile(FOLDER / "traversal.zip", "w") as archive:
        archive.writestr("../../etc/passwd.shp", "x")
    with zipfile.ZipFile(FOLDER / "many.zip", "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}", "")
    with zipfile.ZipFile(FOLDER / "no_shape.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with zipfile.ZipFile(FOLDER / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.shp", bytes(20 * 2**20))
    text("text.zip", "no zip")
    ten_gigabytes("a.shp", FOLDER / "declared_10gb.zip")


def ten_gigabytes(entry: str, path: Path) -> None:
    """Write a zip whose directory says that one small entry unpacks to 10 GB."""
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry, b"x" * 100)
        archive.filelist[0].file_size = 10 * 10**9
    path.write_bytes(inside.getvalue())


def rasters() -> None:
    text("elevation_text.tif", "no GeoTIFF")
    text(
        "elevation_vrt.tif",
        '<VRTDataset rasterXSize="9" rasterYSize="9"><SourceFilename>/etc/passwd</SourceFilename></VRTDataset>',
    )
    text("elevation_short.hgt", "too few heights")
    text("elevation_grid.asc", "ncols 2\n")
    raster(FOLDER / "elevation_nowhere.tif", crs=None)
    raster(FOLDER / "elevation_bands.tif", count=3)
    raster(FOLDER / "elevation_elsewhere.tif", west=100.0)
    # a sparse file of 2 kB that says it holds 40 billion cells; 4 million degrees of them around the place
    raster(FOLDER / "elevation_10gb.tif", side=200_000, cell=1e-7)


def raster(
    path: Path, *, side: int = 9, cell: float = 0.01, west: float = 7.41, crs: str | None = "EPSG:4326", count: int = 1
) -> None:
    import rasterio
    from affine import Affine

    with rasterio.open(
        path, "w", driver="GTiff", width=side, height=side, count=count, dtype="int16", crs=crs, tiled=True,
        blockxsize=8192 if side > 8192 else 16, blockysize=8192 if side > 8192 else 16,
        transform=Affine(cell, 0, west, 0, -cell, 43.74), SPARSE_OK=True, BIGTIFF="YES",
    ):  # fmt: skip
        pass


def sheets() -> None:
    good = xlsx(FOLDER / "formula.xlsx", HEAD.split(","), ["c1", "clinic", "=1+1", 7.415, 43.735]).read_bytes()
    (FOLDER / "truncated.xlsx").write_bytes(good[: len(good) // 2])
    text("text.xlsx", f"{HEAD}\n{ROW}\n")
    xlsx(FOLDER / "empty.xlsx")
    replaced(good, "xl/sharedStrings.xml", OUTSIDE.encode(), FOLDER / "entities.xlsx")
    replaced(good, "xl/sharedStrings.xml", OUTSIDE.encode("utf-16"), FOLDER / "entities_utf16.xlsx")
    replaced(good, "xl/media/image1.png", bytes(20 * 2**20), FOLDER / "bomb.xlsx")
    replaced(good, "xl/workbook.xml", b"<workbook/>", FOLDER / "no_workbook.xlsx")
    cell = '<row r="{row}"><c r="{at}" t="inlineStr"><is><t>x</t></is></c></row>'
    for name, row, at in (("far_row.xlsx", 1048576, "A1048576"), ("far_column.xlsx", 1, "XFD1")):
        sheet = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        sheet += cell.format(row=row, at=at) + "</sheetData></worksheet>"
        replaced(good, "xl/worksheets/sheet1.xml", sheet.encode(), FOLDER / name)


def replaced(workbook: bytes, name: str, content: bytes, path: Path) -> None:
    """Write a workbook with one of its parts replaced, or added."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, content)


if __name__ == "__main__":
    main()
