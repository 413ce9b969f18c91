"""Codes in a file of grids: 9, 12 and 15 digits are checked, revoked ones have a successor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import shapely

from ingest.loaders import grids, residents
from tests.ingest.loaders.layers import feature, geojson
from twin import code_validity, db, places
from twin.datum import WGS_84
from twin.db import Connection
from twin.errors import Refused

WEST, EAST = shapely.box(7.41, 43.73, 7.42, 43.74), shapely.box(7.42, 43.73, 7.43, 43.74)
STREET, COMMUNITY = "110101001", "110101001001"


@pytest.fixture
def connection(monaco: str) -> Iterator[Connection]:
    with db.opened(monaco) as engine, engine.connect() as connection:
        yield connection


def levels(*grids: object) -> list[object]:
    return [
        feature(STREET, shapely.union(WEST, EAST), level="street"),
        feature(COMMUNITY, shapely.union(WEST, EAST), level="community", parent=STREET),
        *grids,
    ]


def grid(code: str, shape: shapely.Geometry = WEST, **said: object) -> object:
    return feature(code, shape, parent=COMMUNITY, **said)


def test_national_codes_are_taken_where_they_fit_their_level_and_parent(tmp_path: Path) -> None:
    path = geojson(tmp_path / "g.geojson", *levels(grid(f"{COMMUNITY}001"), grid(f"{COMMUNITY}002", EAST)))
    rows, _, validities, _ = grids.read(path, datum=WGS_84)
    assert [row.code for row in rows] == [STREET, COMMUNITY, f"{COMMUNITY}001", f"{COMMUNITY}002"]
    assert validities == []


def test_a_code_with_zeros_for_the_levels_below_is_of_its_level(tmp_path: Path) -> None:
    path = geojson(tmp_path / "g.geojson", feature("110101001000", WEST, level="street"))
    assert [row.code for row in grids.read(path, datum=WGS_84).rows] == ["110101001000"]


@pytest.mark.parametrize(
    ("code", "said", "line"),
    [
        (COMMUNITY, {}, r"code 110101001001: a grid's has 15 digits, this has 12"),
        (f"{COMMUNITY}000", {}, "is no unit grid: 12 digits of a community and a number from 001"),
        ("110101001601001", {}, "code 110101001601: no committee is numbered 601"),
        ("110101001002001", {}, f"code 110101001002001 does not begin with that of its parent {COMMUNITY}"),
        ("g1", {"successor": "g2"}, "code g1 has a successor and no valid_to: until when does it hold?"),
        ("g1", {"valid_to": "soon"}, "valid_to 'soon' is no day such as 2026-11-24"),
        ("g1", {"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "is not before valid_to"),
        ("g1", {"valid_to": "2020-01-01", "successor": "g1"}, "code g1 is its own successor"),
    ],
)
def test_what_a_code_cannot_be_is_one_line(tmp_path: Path, code: str, said: dict[str, object], line: str) -> None:
    with pytest.raises(Refused, match=f"feature 3: .*{line}"):
        grids.read(geojson(tmp_path / "g.geojson", *levels(grid(code, WEST, **said))), datum=WGS_84)


def test_a_citys_own_codes_are_taken_and_counted(connection: Connection, tmp_path: Path) -> None:
    path = geojson(tmp_path / "g.geojson", feature("west", WEST), feature("east", EAST))
    notes = grids.load(connection, path, place=places.get(connection), datum=WGS_84).notes
    assert "2 codes are not of the national form of 9, 12 or 15 digits, and not checked" in notes


def test_a_revoked_code_is_no_grid_and_names_its_successor(connection: Connection, tmp_path: Path) -> None:
    place = places.get(connection)
    old, merged, new = (f"{COMMUNITY}00{n}" for n in (1, 2, 3))
    path = geojson(
        tmp_path / "g.geojson",
        *levels(
            grid(old, valid_from="2018-01-01", valid_to="2022-07-01", successor=merged),
            grid(merged, valid_to="2024-01-01", successor=f"{new}, {COMMUNITY}004"),
            grid(new, valid_from="2024-01-01"),
            grid(f"{COMMUNITY}004", EAST),
        ),
    )
    receipt = grids.load(connection, path, place=place, datum=WGS_84)
    assert receipt.read == 4
    assert "3 codes hold for a time, 2 of them no longer; 3 of that is new" in receipt.notes
    assert code_validity.revoked(connection, place.id, date(2026, 1, 1)) == {
        old: (new, f"{COMMUNITY}004"),
        merged: (new, f"{COMMUNITY}004"),
    }
    assert code_validity.revoked(connection, place.id, date(2023, 1, 1)) == {old: (merged,)}
    assert grids.load(connection, path, place=place, datum=WGS_84).changes == 0

    counts = tmp_path / "counts.csv"
    counts.write_text(f"grid,age_band,residents\n{old},65+,7\n", encoding="utf-8")
    with pytest.raises(Refused, match=f"grid {old} is revoked; in its stead there is {new}, {COMMUNITY}004"):
        residents.given(connection, counts, place=place)


def test_codes_that_are_each_others_successors_are_refused(connection: Connection) -> None:
    place = places.get(connection)
    ended = date(2020, 1, 1)
    rows = [code_validity.Validity(*pair) for pair in (("a", None, ended, ("b",)), ("b", None, ended, ("a",)))]
    code_validity.store(connection, place.id, rows)
    with pytest.raises(Refused, match="each other's successors: a, b, a"):
        code_validity.revoked(connection, place.id, date(2026, 1, 1))
