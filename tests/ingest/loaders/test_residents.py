"""Residents given by building, and what of a file is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from ingest.loaders.demo import DEMO
from ingest.loaders.residents import estimate, given
from twin import db, places, residents
from twin.db import Connection
from twin.errors import Refused


@pytest.fixture
def connection(monaco: str) -> Iterator[Connection]:
    engine = db.engine(monaco)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def write(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(("building,age_band,residents", *rows)) + "\n", encoding="utf-8")
    return path


def total(connection: Connection) -> int:
    return int(connection.execute(sa.text("SELECT sum(residents) FROM resident_count")).scalar_one())


def test_counts_given_by_building_replace_the_estimate_and_come_back_from_it(
    connection: Connection, tmp_path: Path
) -> None:
    place = places.get(connection)
    first, second = residents.dwellings(connection, place.id).source_ids[:2]
    path = write(tmp_path, f"{first},0-64,30", f"{first},65+,12", f"{second},65+,0")
    receipt = given(connection, path, place=place)
    assert (receipt.added, total(connection)) == (2, 42)
    assert "42 of 38423 residents located" in receipt.notes[0]
    assert given(connection, path, place=place).changes == 0
    assert places.get(connection).network_version == place.network_version + 1
    estimate(connection, DEMO / "place.toml", place=place)
    assert total(connection) == 38_423
    households = connection.execute(sa.text("SELECT DISTINCT sum(households) FROM grid GROUP BY level")).all()
    assert households == [(17_905,)]


def test_each_refused_count_has_its_line_and_reason(connection: Connection, tmp_path: Path) -> None:
    place = places.get(connection)
    known = residents.dwellings(connection, place.id).source_ids[0]
    rows = {
        "w1,65+,3": "no residential building 'w1' in monaco",
        f"{known},old,3": "not an age band: 'old'",
        f"{known},65+,-3": "residents '-3' is not a whole number",
        f"{known},65+,1.5": "residents '1.5' is not a whole number",
        f"{known},65+,nan": "residents 'nan' is not a whole number",
        f"{known},,3": "no age_band",
    }
    with pytest.raises(Refused) as refusal:
        given(connection, write(tmp_path, *rows), place=place)
    for number, (line, reason) in enumerate(
        zip(str(refusal.value).splitlines()[1:], rows.values(), strict=True), start=2
    ):
        assert line.startswith(f"  line {number}: {reason}")
    assert total(connection) == 38_423


def test_age_bands_that_overlap_would_count_people_twice(connection: Connection, tmp_path: Path) -> None:
    place = places.get(connection)
    known = residents.dwellings(connection, place.id).source_ids[0]
    with pytest.raises(Refused, match="age bands 0-64 and 60\\+ overlap"):
        given(connection, write(tmp_path, f"{known},0-64,3", f"{known},60+,3"), place=place)


def test_a_description_of_another_place_is_refused(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "place.toml"
    text = (DEMO / "place.toml").read_text(encoding="utf-8")
    path.write_text(text.replace('code = "monaco"', 'code = "elsewhere"'), encoding="utf-8")
    with pytest.raises(Refused, match="describes elsewhere, not monaco"):
        estimate(connection, path, place=places.get(connection))
