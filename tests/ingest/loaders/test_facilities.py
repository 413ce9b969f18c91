"""A facility file: each refused row has its line and one reason, and a file loaded twice changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
import sqlalchemy as sa

from ingest.loaders.facilities import load, read
from twin import db, places
from twin.datum import WGS_84
from twin.db import Connection
from twin.errors import Refused

HEAD = "id,service,name,lon,lat,step_free,capacity,source"
GOOD = "c1,clinic,Town clinic,7.42,43.735,yes,30,demo"


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


def write(tmp_path: Path, *rows: str, head: str = HEAD) -> Path:
    path = tmp_path / "some facilities.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path


def stored(connection: Connection) -> list[tuple[object, ...]]:
    query = "SELECT source_id, service, name, step_free, capacity, source, ST_X(point), ST_Y(point) FROM facility ORDER BY 1"
    return [tuple(row) for row in connection.execute(sa.text(query))]


def test_a_row_is_stored_as_it_is(village: Connection, tmp_path: Path) -> None:
    place = places.get(village)
    path = write(tmp_path, GOOD, "c2,canteen,食堂,7.421,43.736,,,")
    receipt = load(village, path, place=place, datum=WGS_84)
    assert (receipt.read, receipt.added, receipt.rejected) == (2, 2, ())
    assert stored(village) == [
        ("c1", "clinic", "Town clinic", True, 30, "demo", 7.42, 43.735),
        ("c2", "canteen", "食堂", None, None, "some facilities", 7.421, 43.736),
    ]
    assert places.get(village).network_version == place.network_version + 1


def test_the_same_file_twice_changes_nothing(village: Connection, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    load(village, path, place=places.get(village), datum=WGS_84)
    version = places.get(village).network_version
    receipt = load(village, path, place=places.get(village), datum=WGS_84)
    assert (receipt.changes, receipt.unchanged) == (0, 1)
    assert places.get(village).network_version == version


def test_a_row_that_is_gone_from_the_file_is_removed_and_other_sources_stay(
    village: Connection, tmp_path: Path
) -> None:
    other = GOOD.replace("c1", "x1").replace("demo", "town")
    load(village, write(tmp_path, GOOD, GOOD.replace("c1", "c2"), other), place=places.get(village), datum=WGS_84)
    receipt = load(village, write(tmp_path, GOOD.replace("Town", "New")), place=places.get(village), datum=WGS_84)
    assert (receipt.added, receipt.changed, receipt.removed) == (0, 1, 1)
    assert [row[:3] for row in stored(village)] == [("c1", "clinic", "New clinic"), ("x1", "clinic", "Town clinic")]


REFUSED = {
    GOOD.replace("clinic", "clinick", 1): "unknown service 'clinick'",
    GOOD.replace("Town clinic", ""): "no name",
    GOOD.replace("7.42", "nan"): "lon nan is no lon on the earth",
    GOOD.replace("7.42", "inf"): "lon inf is no lon on the earth",
    GOOD.replace("43.735", "north"): "lat 'north' is not a number",
    GOOD.replace("43.735", "91"): "lat 91 is no lat on the earth",
    GOOD.replace("7.42,43.735", "116.4,39.9"): "km outside the place",
    GOOD.replace("7.42,43.735", "43.735,7.42"): "are the wrong way round",
    GOOD.replace("Town clinic", '"=HYPERLINK(""http://x"")"'): "is a formula, no text",
    GOOD.replace("yes", "perhaps"): "step_free 'perhaps' is neither yes nor no nor empty",
    GOOD.replace(",30,", ",-3,"): "capacity '-3' is not a whole number of people",
    GOOD.replace(",30,", ",99999999999,"): "capacity '99999999999' is not a whole number",
    GOOD.replace("demo", "osm"): "source osm is the map's own",
    GOOD + ",more": "more fields than columns",
    GOOD.replace("Town", "To\0wn"): "a NUL character in it",
}


def test_each_refused_row_has_its_line_and_reason_and_nothing_is_loaded(village: Connection, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("c1", "c0"), *REFUSED)
    with pytest.raises(Refused) as refusal:
        load(village, path, place=places.get(village), datum=WGS_84)
    head, *lines = str(refusal.value).splitlines()
    assert f"{len(REFUSED)} of {len(REFUSED) + 1} rows refused, nothing loaded" in head
    for number, (line, reason) in enumerate(zip(lines, REFUSED.values(), strict=True), start=3):
        assert line.startswith(f"  line {number}: ")
        assert reason in line
    assert stored(village) == []


def test_partial_loads_the_other_rows_and_keeps_the_reasons(village: Connection, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, GOOD, GOOD.replace("c1", "c2"))
    receipt = load(village, path, place=places.get(village), datum=WGS_84, partial=True)
    assert (receipt.read, receipt.added) == (3, 2)
    assert receipt.rejected == (("line 3", "the same as line 2"),)


def test_a_facility_of_another_source_is_not_taken_over(village: Connection, tmp_path: Path) -> None:
    load(village, write(tmp_path, GOOD), place=places.get(village), datum=WGS_84)
    with pytest.raises(Refused, match="clinic c1 is one of demo's"):
        load(village, write(tmp_path, GOOD.replace("demo", "town")), place=places.get(village), datum=WGS_84)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"id,service\n", "no column name, lon, lat"),
        (b"id,service,name,lon,lat,colour\n", "unknown column colour"),
        (b"", "no column id"),
        (b"id,service,name,lon,lat\nc1,clinic,\xff,7,43\n", "not UTF-8"),
        (b'id,service,name,lon,lat\nc1,clinic,"open,7,43\n', "after line 1: unexpected end of data"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises(Refused, match=reason):
        read(path, datum=WGS_84, distance_m=lambda _lon, _lat: 0.0, known={})


def test_a_missing_file_is_said(village: Connection, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(village, tmp_path / "none.csv", place=places.get(village), datum=WGS_84)
