"""Grids from a GeoJSON file: what is wrong with their topology is said, and a file that is no such collection refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
import sqlalchemy as sa

from ingest.loaders.generated_grids import generate
from ingest.loaders.grids import load, read
from ingest.loaders.residents import given
from tests.ingest.loaders import town
from twin import db, grids, places
from twin.datum import WGS_84
from twin.db import Connection
from twin.errors import Refused


@pytest.fixture
def connection(monaco: str) -> Iterator[Connection]:
    engine = db.engine(monaco)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def feature(code: str, shape: shapely.Geometry, **said: object) -> dict[str, object]:
    properties = {"code": code, "level": "grid", "name": f"Grid {code}", **said}
    return {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}


def write(tmp_path: Path, *features: object) -> Path:
    path = tmp_path / "grids.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def generated(connection: Connection) -> list[dict[str, object]]:
    """The generated grids as a file would give them, with names of their own."""
    rows = connection.execute(
        sa.text("""
        SELECT g.code, g.level, p.code AS parent, g.name, g.name_zh, ST_AsBinary(g.geom) AS geom
        FROM grid AS g LEFT JOIN grid AS p ON p.id = g.parent_id
        """)
    )
    return [
        feature(row.code, shapely.from_wkb(bytes(row.geom)), level=row.level, parent=row.parent, name=row.name)
        for row in rows
    ]


def test_a_file_of_the_same_grids_keeps_every_building_in_its_grid(connection: Connection, tmp_path: Path) -> None:
    before = connection.execute(sa.text("SELECT id, grid_id FROM building ORDER BY id")).all()
    path = write(tmp_path, *generated(connection))
    receipt = load(connection, path, place=places.get(connection), datum=WGS_84)
    assert (receipt.read, receipt.added, receipt.removed) == (51, 0, 0)
    assert receipt.notes == ("1192 of 1283 buildings lie in a grid, 0 in another than before",)
    assert connection.execute(sa.text("SELECT id, grid_id FROM building ORDER BY id")).all() == before
    found = grids.load(connection, places.get(connection).id)
    assert not found.generated.any()
    assert {int(n) for n in found.households[[level == "street" for level in found.levels]]} == {8936, 8969}
    assert load(connection, path, place=places.get(connection), datum=WGS_84).changes == 0


def test_an_overlap_a_gap_and_sizes_out_of_the_band_are_on_the_receipt(connection: Connection, tmp_path: Path) -> None:
    place = places.get(connection)
    west, south, east, north = place.bounds
    middle = (west + east) / 2
    halves = (
        feature("a", shapely.box(west, south, middle + 1e-4, north)),
        feature("b", shapely.box(middle, south, east - 1e-4, north)),
    )
    notes = load(connection, write(tmp_path, *halves), place=place, datum=WGS_84).notes
    assert [note.split(" of ")[0] for note in notes[:1]] == ["overlap"]
    assert sum(note.startswith("gap of") for note in notes) == 1
    assert sum("outside 300 to 500" in note for note in notes) == 2


def test_generating_again_replaces_a_files_grids(connection: Connection, tmp_path: Path) -> None:
    place = places.get(connection)
    load(connection, write(tmp_path, feature("a", shapely.box(*place.bounds))), place=place, datum=WGS_84)
    receipt = generate(connection, place, code_prefix="990492")
    assert (receipt.added, receipt.removed) == (51, 1)


BOX = shapely.box(7.41, 43.73, 7.42, 43.74)
REFUSED: dict[str, list[object]] = {
    "feature 1: no code or no name": [feature("", BOX)],
    "feature 1: level 'town' is none of street, community, grid": [feature("a", BOX, level="town")],
    "feature 2: code a is there twice": [feature("a", BOX), feature("a", BOX)],
    "feature 1: its geometry has no area": [feature("a", shapely.LineString([(7, 43), (8, 44)]))],
    "4 of 4|5 of 5 points lie outside the area of use if they are WGS84": [
        feature("a", shapely.box(372000, 4843000, 373000, 4844000))
    ],
    "grid a: its parent x is no community in it": [feature("a", BOX, parent="x")],
    "feature 1: no feature with properties": ["a"],
    "no FeatureCollection with features in it": [],
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_feature_that_cannot_be_taken_is_named(tmp_path: Path, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read(write(tmp_path, *REFUSED[reason]), datum=WGS_84)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "grids.geojson"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(Refused, match="not JSON"):
        read(path, datum=WGS_84)


def test_s01_one_overlap_one_gap_and_one_grid_of_812_households_are_exactly_three_findings(
    database: str, tmp_path: Path
) -> None:
    with db.opened(database) as engine, engine.begin() as connection:
        town.build(connection, np.random.default_rng(4))
        people = {at: 25 if town.grid(at) != 7 else 51 - (at // town.SIDE == 7) for at in range(town.SIDE**2)}
        assert sum(people[at] for at in people if town.grid(at) == 7) == 812
        (tmp_path / "people.csv").write_text(
            "building,age_band,residents\n" + "".join(f"w{at:03d},0+,{n}\n" for at, n in people.items())
        )
        connection.execute(sa.text("UPDATE place SET households = :n"), {"n": sum(people.values())})
        given(connection, tmp_path / "people.csv", place=places.get(connection))
        shapes = {
            row.code: shapely.from_wkb(bytes(row.geom))
            for row in connection.execute(sa.text("SELECT code, ST_AsBinary(geom) AS geom FROM grid"))
        }
        sliver = 0.0001  # degrees, where no building stands
        west, south, east, north = shapes["g00"].bounds
        shapes["g00"] = shapely.box(west, south, east + sliver, north)
        west, south, east, north = shapes["g24"].bounds
        shapes["g24"] = shapely.box(west, south, east - sliver, north)
        path = write(tmp_path, *(feature(code, shape) for code, shape in shapes.items()))
        receipt = load(connection, path, place=places.get(connection), datum=WGS_84)
        loose = connection.execute(sa.text("SELECT count(*) FROM building WHERE grid_id IS NULL")).scalar_one()
    *findings, foreign, inside = receipt.notes
    assert [finding.split(" of ")[0] for finding in findings[:2]] == ["overlap", "gap"]
    assert findings[0].endswith("between g00 and g01")
    assert findings[2:] == ["g07 holds 812 households, outside 300 to 500"]
    assert foreign == "25 codes are not of the national form of 9, 12 or 15 digits, and not checked"
    assert (inside, loose) == ("400 of 400 buildings lie in a grid, 0 in another than before", 0)


def test_an_outline_that_crosses_itself_is_mended_and_said(connection: Connection, tmp_path: Path) -> None:
    bow = shapely.Polygon([(7.412, 43.732), (7.418, 43.738), (7.418, 43.732), (7.412, 43.738)])
    receipt = load(connection, write(tmp_path, feature("a", bow)), place=places.get(connection), datum=WGS_84)
    assert receipt.notes[0] == "feature 1: its outline crosses itself: mended"
