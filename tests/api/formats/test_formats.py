"""Exports: the same rows in every format, read back by readers that are not ours."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pyarrow.parquet
import pyogrio
import pytest
import shapely

from api import formats
from api.formats.table import Shapes, Table
from twin.errors import Refused
from twin.queries.expressions import Kind

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ABOUT = {"time": "2026-11-24T12:00:00Z", "user": "li", "purpose": "平时巡查", "norms": "GB 50180-2018"}
TEXTS = ["=1+1", "药店", None]


def table(*, with_shapes: bool = True, kind: str = "Point", srid: int = 4326) -> Table:
    """Three rows of every kind, each kind with a null."""
    shapes = Shapes(
        [shapely.to_wkb(shapely.Point(7.42, 43.73)), shapely.to_wkb(shapely.Point(7.43, 43.74)), None], kind, srid
    )
    return Table(
        "facilities",
        {"name": Kind.TEXT, "seats": Kind.NUMBER, "open": Kind.TRUTH, "since": Kind.TIME},
        {"name": TEXTS, "seats": [12, None, 2.5], "open": [True, None, False], "since": [NOON, None, NOON]},
        ABOUT,
        shapes if with_shapes else None,
    )


def test_every_format_is_found_by_its_suffix() -> None:
    assert formats.suffixes() == ("csv", "fgb", "geojson", "gpkg", "parquet", "xlsx")
    with pytest.raises(Refused, match="csv, fgb"):
        formats.named("doc")


def test_csv_keeps_rows_and_makes_formulas_text() -> None:
    lines = formats.named("csv").write(table()).decode("utf-8-sig").splitlines()
    about, rows = [line for line in lines if line.startswith("#")], [line for line in lines if not line.startswith("#")]
    assert len(about) == 4
    assert "平时巡查" in about[2]
    read = list(csv.DictReader(io.StringIO("\n".join(rows))))
    assert [row["name"] for row in read] == ["'=1+1", "药店", ""]
    assert [row["open"] for row in read] == ["true", "", "false"]
    assert read[0]["geometry"] == "POINT (7.42 43.73)"


def test_xlsx_has_no_formula_and_says_what_it_is_about() -> None:
    book = openpyxl.load_workbook(io.BytesIO(formats.named("xlsx").write(table())))
    sheet = book["facilities"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == ("name", "seats", "open", "since", "x", "y")
    assert [row[0] for row in rows[1:]] == TEXTS
    assert sheet["A2"].data_type == "s"
    assert sheet["E4"].value is None
    assert {name: value for name, value in book["about"].iter_rows(values_only=True)} == ABOUT  # noqa: C416


def test_geojson_has_every_row_and_what_it_is_about() -> None:
    read = json.loads(formats.named("geojson").write(table()))
    assert read["about"] == ABOUT
    assert [one["geometry"] and one["geometry"]["coordinates"] for one in read["features"]] == [
        [7.42, 43.73],
        [7.43, 43.74],
        None,
    ]
    assert read["features"][0]["properties"] == {"name": "=1+1", "seats": 12, "open": True, "since": NOON.isoformat()}


@pytest.mark.parametrize("suffix", ["gpkg", "fgb"])
def test_gdal_reads_what_was_written(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    file.write_bytes(formats.named(suffix).write(table(srid=4549)))
    meta, _, shapes, values = pyogrio.raw.read(file)
    assert meta["crs"] == "EPSG:4549"
    read = dict(zip(meta["fields"].tolist(), values, strict=True))
    assert sorted(str(name) for name in read["name"]) == sorted(str(name) for name in TEXTS)
    assert sorted(read["seats"][~(read["seats"] != read["seats"])].tolist()) == [2.5, 12.0]
    assert sorted(str(shapely.from_wkb(one)) for one in shapes if one is not None) == [
        "POINT (7.42 43.73)",
        "POINT (7.43 43.74)",
    ]


def test_a_geopackage_says_what_it_is_about(tmp_path: Path) -> None:
    file = tmp_path / "a.gpkg"
    file.write_bytes(formats.named("gpkg").write(table()))
    assert pyogrio.read_info(file)["dataset_metadata"]["purpose"] == "平时巡查"


def test_geoparquet_has_kinds_nulls_and_its_geometry_column() -> None:
    read = pyarrow.parquet.read_table(io.BytesIO(formats.named("parquet").write(table(srid=4549))))
    assert read.column("name").to_pylist() == TEXTS
    assert read.column("seats").to_pylist() == [12.0, None, 2.5]
    assert read.column("since").to_pylist() == [NOON, None, NOON]
    metadata = {key.decode(): value.decode() for key, value in read.schema.metadata.items()}
    geo = json.loads(metadata["geo"])
    assert geo["columns"]["geometry"]["geometry_types"] == ["Point"]
    assert geo["columns"]["geometry"]["bbox"] == [7.42, 43.73, 7.43, 43.74]
    assert geo["columns"]["geometry"]["crs"]["id"] == {"authority": "EPSG", "code": 4549}
    assert metadata["purpose"] == "平时巡查"


@pytest.mark.parametrize("suffix", formats.suffixes())
def test_a_table_without_rows_and_one_without_shapes_can_be_written(suffix: str) -> None:
    empty = Table(
        "none", {"name": Kind.TEXT, "seats": Kind.NUMBER}, {"name": [], "seats": []}, ABOUT, Shapes([], "Point")
    )
    assert formats.named(suffix).write(empty)
    assert formats.named(suffix).write(table(with_shapes=False))
