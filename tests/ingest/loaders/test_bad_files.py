"""Broken and hostile files: each is refused with its one line, and leaves no row."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
import sqlalchemy as sa

from ingest.loaders import facilities, grids
from twin import db, places
from twin.datum import WGS_84
from twin.db import Connection
from twin.errors import Refused

BAD = Path(__file__).parents[2] / "golden" / "bad"
LINES = tomllib.loads((BAD / "expected.toml").read_text(encoding="utf-8"))
PARTS = {".shx", ".dbf", ".prj", ".cpg", ".toml"}


@pytest.fixture
def village(database: str) -> Iterator[Connection]:
    engine = db.engine(database)
    with engine.begin() as connection:
        places.put(
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
        yield connection
    engine.dispose()


def test_there_are_40_and_more_and_each_has_its_line() -> None:
    files = {path.name for path in BAD.iterdir() if path.suffix not in PARTS}
    assert files == set(LINES)
    assert len(files) >= 40


def test_each_is_refused_with_its_line_and_leaves_no_row(village: Connection) -> None:
    place = places.get(village)
    assert {name: refused(village, BAD / name, place) for name in LINES} == LINES
    rows = "SELECT (SELECT count(*) FROM grid) + (SELECT count(*) FROM facility)"
    assert village.execute(sa.text(rows)).scalar_one() == 0


def refused(connection: Connection, path: Path, place: places.Place) -> str:
    """The line that a file is refused with, without its path; a table has a head line before its row's own."""
    try:
        if path.suffix in {".csv", ".xlsx"}:
            facilities.load(connection, path, place=place, datum=WGS_84)
        else:
            grids.load(connection, path, place=place, datum=None if "datum" in path.name else WGS_84)
    except Refused as refusal:
        lines = str(refusal).splitlines()
        assert len(lines) <= 2, lines
        return lines[-1].strip().removeprefix(f"{path}: ")
    return "taken"
