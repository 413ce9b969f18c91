"""An import is taken back as a whole, to what was before, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from ingest.loaders import facilities, generated_grids, residents
from ingest.loaders.demo import load_demo
from ingest.loaders.osm import load_osm
from ingest.loaders.receipt import Receipt, keep
from twin import db, network, places, receipts
from twin.acting import IMPORT, acting
from twin.datum import WGS_84
from twin.db import Connection, Engine
from twin.errors import NotFound, Refused
from twin.tables import KEPT, Table

DEMO = Path(__file__).resolve().parents[3] / "demo"
HEAD = "id,service,name,lon,lat\n"


@pytest.fixture
def engine(monaco: str) -> Iterator[Engine]:
    with db.opened(monaco) as engine:
        yield engine


def state(connection: Connection) -> dict[str, str]:
    """Give a hash of all rows of each kept table, all they say but by which revision they say it."""
    hashes = {}
    for name in KEPT:
        columns = Table.metadata.tables[name].columns
        said = ", ".join(
            f't."{column.name}"'
            for column in columns
            if (name, column.name) not in {("place", "network_version"), ("place", "loaded_at")}
            and column.name != "revision"
        )
        query = f"SELECT coalesce(md5(string_agg(h, '' ORDER BY h)), '') FROM (SELECT md5(({said})::text) AS h FROM {name} AS t) AS r"
        hashes[name] = str(connection.scalar(sa.text(query)))
    return hashes


def load(engine: Engine, path: Path, actor: str = IMPORT) -> int:
    """Load facilities, and give the receipt's number."""
    with engine.begin() as connection:
        acting(connection, actor, f"load facilities {path.name}")
        receipt = facilities.load(connection, path, place=places.get(connection), datum=WGS_84)
        return keep(connection, "facilities", path, [receipt])


def undo(engine: Engine, number: int) -> dict[str, int]:
    with engine.begin() as connection:
        return receipts.undo(connection, number, "li.wei")


def file(folder: Path, name: str, *rows: str) -> Path:
    path = folder / name
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


FIRST = ("a,clinic,Clinic,7.42,43.735", "b,canteen,Canteen,7.421,43.736", "c,market,Market,7.422,43.737")
SECOND = ("a,clinic,Clinic of the port,7.42,43.735", "c,market,Market,7.422,43.737", "d,clinic,New,7.423,43.738")


def test_what_was_added_changed_and_removed_is_put_back(engine: Engine, tmp_path: Path) -> None:
    load(engine, file(tmp_path, "own.csv", *FIRST))
    with engine.connect() as connection:
        before = state(connection)
        version = places.get(connection).network_version
    number = load(engine, file(tmp_path, "own.csv", *SECOND))
    with engine.connect() as connection:
        assert state(connection) != before
    assert undo(engine, number) == {"facility": 3}
    with engine.connect() as connection:
        assert state(connection) == before
        assert places.get(connection).network_version > version
        entry = receipts.entries(connection)[0]
    assert (entry.kind, entry.file_name, entry.added, entry.changed, entry.removed) == (
        "facilities",
        "own.csv",
        1,
        1,
        1,
    )
    assert (entry.undone_by, len(entry.digest)) == ("li.wei", 64)
    with pytest.raises(Refused, match=f"receipt {number} was taken back already"):
        undo(engine, number)


def test_imports_are_taken_back_one_after_the_other(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        before = state(connection)
    numbers = [load(engine, file(tmp_path, "own.csv", *rows)) for rows in (FIRST, SECOND, FIRST[:1])]
    for number in reversed(numbers):
        undo(engine, number)
    with engine.connect() as connection:
        assert state(connection) == before


def test_grids_and_residents_are_put_back_with_what_hangs_on_them(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        before = state(connection)
    counts = tmp_path / "counts.csv"
    with engine.connect() as connection:
        source = connection.scalar(sa.text("SELECT source_id FROM building WHERE residential ORDER BY id LIMIT 1"))
    counts.write_text(f"building,age_band,residents\n{source},0-17,4\n{source},65+,5\n", encoding="utf-8")
    with engine.begin() as connection:
        acting(connection, IMPORT, "counted")
        place = places.get(connection)
        done = [residents.given(connection, counts, place=place)]
        first = keep(connection, "residents", counts, done)
    with engine.begin() as connection:
        acting(connection, IMPORT, "cut anew")
        done = [generated_grids.generate(connection, places.get(connection), code_prefix="990001")]
        second = keep(connection, "grids", None, done)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT sum(residents) FROM resident_count")) == 9
        assert connection.scalar(sa.text("SELECT count(*) FROM grid WHERE code LIKE '990000%'")) == 0
    assert set(undo(engine, second)) == {"grid", "building"}
    assert {"resident_count", "building", "grid", "place"} <= set(undo(engine, first))
    with engine.connect() as connection:
        assert state(connection) == before


def test_a_map_is_put_back_with_its_network_buildings_and_residents(engine: Engine, shared: Path) -> None:
    extract = shared / "data/monaco/monaco-2021.osm.pbf"
    with engine.connect() as connection:
        before = state(connection)
        walk = network.load(connection, places.get(connection).id)
    with engine.begin() as connection:
        acting(connection, IMPORT, extract.name)
        place = places.get(connection)
        boundary = places.boundary(connection, place.id)
        done = load_osm(connection, place.id, extract, boundary, lambda _: None)
        number = keep(connection, "osm", extract, done)
    assert all(receipt.changes for receipt in done)
    put_back = undo(engine, number)
    assert {"network_node", "network_edge", "building", "facility", "map_feature", "resident_count"} <= set(put_back)
    with engine.connect() as connection:
        assert state(connection) == before
        again = network.load(connection, places.get(connection).id)
    assert again.edge_ids.tolist() == walk.edge_ids.tolist()
    assert again.node_ids.tolist() == walk.node_ids.tolist()


def test_a_whole_place_is_taken_back_to_nothing(database: str) -> None:
    with db.opened(database) as engine:
        with engine.begin() as connection:
            acting(connection, IMPORT, "load place place.toml")
            number = keep(connection, "place", DEMO / "place.toml", load_demo(connection, lambda _: None))
        done = undo(engine, number)
        assert {"place", "network_node", "building", "grid", "thing", "effect", "resident_count"} <= set(done)
        with engine.connect() as connection:
            tables = {*KEPT, "location"} - {"alarm_rule"}  # the rules come with linli and are of no place
            left = {name: connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) for name in tables}
    assert set(left.values()) == {0}


def test_what_later_changes_stand_on_is_not_undone(engine: Engine, tmp_path: Path) -> None:
    number = load(engine, file(tmp_path, "own.csv", *FIRST))
    with engine.begin() as connection:
        acting(connection, "wang", "now a larger one")
        connection.execute(sa.text("UPDATE facility SET capacity = 80 WHERE source_id = 'b'"))
    with engine.connect() as connection:
        before = state(connection)
    with pytest.raises(Refused, match=r"1 of its rows of facility were changed since by wang at .*: now a larger one"):
        undo(engine, number)
    with engine.connect() as connection:
        assert state(connection) == before


def test_what_a_sensor_was_bound_to_since_is_not_undone(engine: Engine, tmp_path: Path) -> None:
    number = load(engine, file(tmp_path, "own.csv", *FIRST))
    with engine.begin() as connection:
        connection.execute(
            sa.text("""
            INSERT INTO effect (datastream_id, element_kind, element_id, closes_below)
            SELECT min(d.id), 'facility', (SELECT id FROM facility WHERE source_id = 'a'), 0.5 FROM datastream AS d
            """)
        )
    with pytest.raises(Refused, match="1 rows of effect that came after refer to what it added"):
        undo(engine, number)


def test_the_same_file_again_has_nothing_to_undo(engine: Engine, tmp_path: Path) -> None:
    load(engine, file(tmp_path, "own.csv", *FIRST))
    number = load(engine, file(tmp_path, "own.csv", *FIRST))
    with pytest.raises(Refused, match=f"receipt {number} changed nothing"):
        undo(engine, number)
    with pytest.raises(NotFound, match="no receipt 4711"):
        undo(engine, 4711)


def test_a_receipt_says_what_was_rejected(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        receipt = Receipt("facilities", 3, 1, 0, rejected=(("line 2", "no name"), ("line 4", "no place")))
        keep(connection, "facilities", file(tmp_path, "own.csv", *FIRST), [receipt])
        entry = receipts.entries(connection)[0]
        assert (entry.read, entry.added, entry.rejected, entry.revision) == (3, 1, 2, None)
        kept = connection.scalar(sa.text("SELECT receipts -> 0 -> 'rejected' -> 1 ->> 1 FROM import_receipt"))
        assert kept == "no place"
