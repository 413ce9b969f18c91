"""A newer extract updates a place in place: what was corrected or is watched survives, what is gone has its date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from ingest.loaders import place as descriptions
from ingest.loaders.osm import load_osm
from ingest.loaders.receipt import Receipt
from twin import by_hand, db, history, network, places
from twin.acting import IMPORT, acting
from twin.db import Connection
from twin.errors import NotFound, Refused

DEMO = Path(__file__).resolve().parents[3] / "demo"
SENSOR = """
WITH device AS (
    INSERT INTO thing (place_id, key, name, kind, format, topic, interval_s, point)
    SELECT :place, :key, :key, 'gate', 'mapped', :key, 60, ST_SetSRID(ST_MakePoint(7.42, 43.73), 4326) RETURNING id
), stream AS (
    INSERT INTO datastream (thing_id, property, unit, lowest, highest) SELECT id, 'open', '1', 0, 1 FROM device RETURNING id
)
INSERT INTO effect (datastream_id, element_kind, element_id, closes_below) SELECT id, :kind, :element, 0.5 FROM stream
"""


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        descriptions.load(connection, DEMO / "place.toml")
        yield connection


def load(connection: Connection, path: Path) -> dict[str, Receipt]:
    place = places.get(connection)
    acting(connection, IMPORT, path.name)
    boundary = places.boundary(connection, place.id)
    return {receipt.what: receipt for receipt in load_osm(connection, place.id, path, boundary, lambda _: None)}


def ids(connection: Connection, table: str) -> dict[str, int]:
    rows = connection.execute(sa.text(f"SELECT source_id, id FROM {table} ORDER BY source_id"))
    return {row.source_id: row.id for row in rows}


def gone(connection: Connection, path: Path, table: str) -> list[str]:
    """Say what an extract has no longer, without loading it for good."""
    before = ids(connection, table)
    trial = connection.begin_nested()
    load(connection, path)
    after = ids(connection, table)
    trial.rollback()
    return sorted(before.keys() - after.keys())


def test_a_newer_extract_of_monaco_updates_it_in_place(connection: Connection, shared: Path) -> None:
    old, new = shared / "data/monaco/monaco-2021.osm.pbf", shared / "data/monaco/monaco.osm.pbf"
    load(connection, old)
    place_id = places.get(connection).id
    edges, houses = gone(connection, new, "network_edge"), gone(connection, new, "building")
    known, built = ids(connection, "network_edge"), ids(connection, "building")
    watched, corrected, left = edges[0], edges[1], edges[2]
    acting(connection, "li.wei", "measured on site")
    connection.execute(sa.text(SENSOR), {"place": place_id, "key": "g1", "kind": "edge", "element": known[watched]})
    by_hand.correct(connection, place_id, f"edge:{corrected}", {"width_m": "0.7"})
    by_hand.correct(connection, place_id, f"building:{houses[0]}", {"floors": "11"})
    stays = min(built.keys() - set(houses))
    by_hand.correct(connection, place_id, f"building:{stays}", {"name": "Our name", "lift": "true"})

    before = datetime.now(UTC)
    receipts = load(connection, new)
    now, here = ids(connection, "network_edge"), ids(connection, "building")
    # gone: all but the two that somebody needs; ids of what stays are what they were
    assert set(edges) & now.keys() == {watched, corrected}
    assert set(houses) & here.keys() == {houses[0]}
    assert {source: now[source] for source in known.keys() & now.keys()} == {
        source: known[source] for source in known.keys() & now.keys()
    }
    assert receipts["network"].removed == len(edges) - 2
    assert receipts["buildings"].removed == len(houses) - 1
    assert receipts["network"].added == len(now) - len(known) + len(edges) - 2
    assert (
        "2 are gone from the extract and kept: corrected by hand, or watched by a sensor" in receipts["network"].notes
    )
    assert receipts["network"].changed > 0
    rows = connection.execute(
        sa.text("SELECT name, lift, by_hand FROM building WHERE source_id = :stays"), {"stays": stays}
    )
    assert rows.one() == ("Our name", True, ["lift", "name"])
    # closed with a date, by whom and why
    last = history.changes(connection, place_id, f"edge:{left}")[-1]
    assert (last.is_gone, last.actor, last.reason) == (True, IMPORT, "monaco.osm.pbf")
    assert last.at >= before
    # every edge that is there has its nodes, and a second time nothing changes
    assert len(network.load(connection, place_id).edge_ids) == len(now)
    assert [receipt.changes for receipt in load(connection, new).values()] == [0, 0, 0, 0]
    # the map of before is still there to be read
    then = network.load(connection, place_id, history.revision_at(connection, before))
    assert len(then.edge_ids) == len(known)


def test_what_cannot_be_corrected_is_refused_in_one_line(connection: Connection) -> None:
    place_id = places.get(connection).id
    with pytest.raises(Refused, match="no column width to correct; there are kind, one_way, incline"):
        by_hand.correct(connection, place_id, "edge:w1:0", {"width": "1"})
    with pytest.raises(Refused, match="no 'tree' is corrected by hand"):
        by_hand.correct(connection, place_id, "tree:1", {"width": "1"})
    with pytest.raises(NotFound, match="edge:w1:0 is not in this place"):
        by_hand.correct(connection, place_id, "edge:w1:0", {"width_m": "1"})
    trial = connection.begin_nested()
    with pytest.raises(Refused, match='edge:w1:0: invalid input syntax for type double precision: "wide"'):
        by_hand.correct(connection, place_id, "edge:w1:0", {"width_m": "wide"})
    trial.rollback()
