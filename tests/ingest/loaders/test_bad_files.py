"""Broken and hostile files: each is refused with its one line, and leaves no row."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
import sqlalchemy as sa

from ingest.loaders import devices, elevation, facilities, grids, residents, welfare
from twin import db, network, places
from twin.datum import WGS_84
from twin.db import Connection
from twin.errors import Refused
from twin.network import EdgeRow, NodeRow
from twin.terms import EdgeKind

BAD = Path(__file__).parents[2] / "golden" / "bad"
LINES = tomllib.loads((BAD / "expected.toml").read_text(encoding="utf-8"))
PARTS = {".shx", ".dbf", ".prj", ".cpg", ".toml"}
TABLES = ("grid", "facility", "resident_count", "resident_unlocated", "welfare_count", "thing", "datastream", "effect")


@pytest.fixture
def village(database: str) -> Iterator[Connection]:
    engine = db.engine(database)
    with engine.begin() as connection:
        place_id = places.put(
            connection,
            code="village",
            name="Village",
            name_zh="村",
            boundary=shapely.box(7.41, 43.73, 7.43, 43.74),
            timezone="Europe/Monaco",
            residents=10,
            households=4,
            attribution="none",
        )
        ends = [NodeRow("a", 7.412, 43.732), NodeRow("b", 7.418, 43.738)]
        points = ((7.412, 43.732), (7.418, 43.738))
        network.store(connection, place_id, ends, [EdgeRow("w1:0", "a", "b", EdgeKind.PATH, 800.0, points)])
        yield connection
    engine.dispose()


def test_there_are_40_and_more_and_each_has_its_line() -> None:
    files = {path.name for path in BAD.iterdir() if path.suffix not in PARTS}
    assert files == set(LINES)
    assert len(files) >= 40


def test_each_is_refused_with_its_line_and_leaves_no_row(village: Connection) -> None:
    place = places.get(village)
    assert {name: refused(village, BAD / name, place) for name in LINES} == LINES
    rows = " + ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)
    assert village.execute(sa.text(f"SELECT {rows}")).scalar_one() == 0
    assert village.execute(sa.text("SELECT count(elevation_incline) FROM network_edge")).scalar_one() == 0
    assert places.get(village) == place


def refused(connection: Connection, path: Path, place: places.Place) -> str:
    """The line that a file is refused with, without its path; a table has a head line before its row's own."""
    try:
        load(connection, path, place)
    except Refused as refusal:
        lines = str(refusal).splitlines()
        assert len(lines) <= 2, lines
        return lines[-1].strip().removeprefix(f"{path}: ")
    return "taken"


def load(connection: Connection, path: Path, place: places.Place) -> None:
    """Load a file as what its name says: residents_, welfare_, devices_ or elevation_, else facilities or grids."""
    match path.name.partition("_")[0]:
        case "residents":
            residents.given(connection, path, place=place)
        case "welfare":
            welfare.load(connection, path, place=place)
        case "devices":
            devices.load(connection, path, place=place, datum=None)
        case "elevation":
            elevation.load(connection, path, place=place)
        case _ if path.suffix in {".csv", ".xlsx"}:
            facilities.load(connection, path, place=place, datum=WGS_84)
        case _:
            grids.load(connection, path, place=place, datum=None if "datum" in path.name else WGS_84)
