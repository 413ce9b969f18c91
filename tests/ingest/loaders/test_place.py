"""The description of a place and its boundary."""

from pathlib import Path

import pytest

from ingest.loaders.demo import DEMO
from ingest.loaders.place import read, read_boundary
from twin.errors import Refused

TEXT = (DEMO / "place.toml").read_text(encoding="utf-8")


def test_the_demos_boundary_is_one_valid_polygon_of_two_square_kilometres() -> None:
    boundary = read_boundary(DEMO / "monaco_boundary.geojson")
    assert boundary.is_valid
    assert len(boundary.geoms) == 1
    # a degree of latitude is 111.1 km, one of longitude 80.4 km at 43.7 N
    assert 2.0 < boundary.area * 111.1 * 80.4 < 2.5


def test_all_polygons_of_a_file_are_the_place_and_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "boundary.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": ['
        '{"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": [[0, 0], [9, 9]]}},'
        '{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}},'
        '{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[[4, 4], [5, 4], [5, 5], [4, 4]]]}}'
        "]}",
        encoding="utf-8",
    )
    assert [part.area for part in read_boundary(path).geoms] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not GeoJSON"),
        ("[1, 2]", "not GeoJSON"),
        ('{"type": "FeatureCollection", "features": []}', "no area"),
        ('{"type": "LineString", "coordinates": [[0, 0], [9, 9]]}', "no area"),
        ('{"type": "Polygon", "coordinates": [[[0, 0], [500, 0], [500, 500], [0, 0]]]}', "not in degrees"),
    ],
)
def test_a_boundary_without_an_area_on_the_earth_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "boundary.geojson"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Refused, match=reason):
        read_boundary(path)


def test_a_boundary_that_would_crash_or_stop_a_reader_is_one_line(tmp_path: Path) -> None:
    deep = tmp_path / "deep.geojson"
    deep.write_text('{"type":"GeometryCollection","geometries":[' * 50_000, encoding="utf-8")
    with pytest.raises(Refused, match=r"deep.geojson: nested too deep"):
        read_boundary(deep)
    endless = tmp_path / "endless.geojson"
    endless.write_text('{"type": "Polygon", "coordinates": [[[0, 0], [1e999, 0], [1, 1], [0, 0]]]}', encoding="utf-8")
    with pytest.raises(Refused, match="not GeoJSON"):
        read_boundary(endless)
    with pytest.raises(FileNotFoundError):
        read_boundary(tmp_path / "none.geojson")


@pytest.mark.parametrize(
    ("line", "instead", "reason"),
    [
        ('code = "monaco"\n', "", "code"),
        ('code = "monaco"', 'code = "monaco"\ncolour = 3', "colour"),
        ('datum = "WGS84"\n', "", "datum"),
        ('datum = "WGS84"', 'datum = "mars"', "unknown datum 'mars'"),
        ('"Europe/Monaco"', '"Europe/Nowhere"', "unknown timezone 'Europe/Nowhere'"),
        ('"80+" = 9.4', '"old" = 9.4', "not an age band: 'old'"),
        ('"80+" = 9.4', '"80+" = -9.4', "share -9.4 of 80\\+ is no share"),
        ('"80+" = 9.4', '"80+" = nan', "share nan of 80\\+ is no share"),
        ("total = 38423", "total = -1", "must not be negative"),
        ("total = 38423", "total = many", "place.toml"),
    ],
)
def test_a_description_that_cannot_be_taken_is_refused(tmp_path: Path, line: str, instead: str, reason: str) -> None:
    assert line in TEXT
    path = tmp_path / "place.toml"
    path.write_text(TEXT.replace(line, instead), encoding="utf-8")
    with pytest.raises(Refused, match=reason):
        read(path)
