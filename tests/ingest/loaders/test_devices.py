"""A device file is enrolled row by row; each row that cannot be is named with its one reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from ingest.loaders.devices import kinds, load, read
from ingest.loaders.receipt import Receipt
from twin import db, places
from twin.datum import WGS_84
from twin.db import Connection
from twin.devices import things
from twin.errors import Refused
from twin.places import Place
from twin.terms import MobilityGroup, ThingKind

HEADER = "key,name,name_zh,kind,format,topic,lon,lat,interval_s,watches,simulated\n"
LIFT = "0004a30b001c0001,Lift,电梯,lift,chirpstack,application/1/device/0004a30b001c0001/event/up,,,60,edge:n7,yes\n"
AIR = "urn:air-1,Air 1,,pm,senml,senml/air-1,7.41,43.73,,,\n"

VILLAGE = """
INSERT INTO place (code, name, name_zh, boundary, metric_srid, timezone, residents, households, attribution)
VALUES ('v', 'Village', '村', ST_Multi(ST_MakeEnvelope(7, 43, 8, 44, 4326)), 32632, 'UTC', 10, 5, '');
INSERT INTO network_node (place_id, source_id, point)
SELECT 1, 'n7:' || i, ST_SetSRID(ST_MakePoint(7.1, 43.1), 4326) FROM unnest(ARRAY['a', 'b']) i;
INSERT INTO network_edge (place_id, source_id, tail_id, head_id, kind, length_m, geom)
SELECT 1, 'n7', 1, 2, 'lift', 0, ST_MakeLine(point, point) FROM network_node WHERE id = 1;
"""


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    """A village with one lift."""
    engine = db.engine(database)
    with engine.connect() as opened:
        opened.exec_driver_sql(VILLAGE)
        yield opened
    engine.dispose()


@pytest.fixture
def village(connection: Connection) -> Place:
    """That village."""
    return places.get(connection)


def write(folder: Path, rows: str, header: str = HEADER) -> Path:
    path = folder / "devices.csv"
    path.write_text(header + rows, encoding="utf-8")
    return path


def test_a_file_is_enrolled_once_with_a_receipt(connection: Connection, village: Place, tmp_path: Path) -> None:
    path = write(tmp_path, LIFT + AIR)
    assert load(connection, path, place=village, datum=WGS_84) == Receipt("devices", read=2, added=2, changed=0)
    assert load(connection, path, place=village, datum=WGS_84) == Receipt("devices", read=2, added=0, changed=0)
    changed = write(tmp_path, LIFT.replace(",60,", ",61,") + AIR)
    assert load(connection, changed, place=village, datum=WGS_84) == Receipt("devices", read=2, added=0, changed=1)


def test_a_lift_without_a_length_still_has_a_place(connection: Connection, village: Place, tmp_path: Path) -> None:
    load(connection, write(tmp_path, LIFT + AIR), place=village, datum=WGS_84)
    lift, air = things(connection, village.id, datetime.now(UTC))
    assert (lift.lon, lift.lat) == pytest.approx((7.1, 43.1))
    assert (lift.interval_s, lift.simulated) == (60, True)
    assert (air.lon, air.lat, air.interval_s, air.simulated, air.effects) == (7.41, 43.73, 300, False, ())
    assert [(r.property, r.unit) for r in air.readings] == [("pm2_5", "ug/m3"), ("battery", "%")]


REJECTS = [
    (LIFT.replace("lift,chirp", "ufo,chirp"), "unknown kind 'ufo'; there are lift, gate,"),
    (LIFT.replace("chirpstack", "smoke_signal"), "unknown format 'smoke_signal'; there are "),
    (LIFT.replace("edge:n7", "edge:n8"), "watches edge:n8, which is not in this place"),
    (
        LIFT.replace("edge:n7", "tree:n7"),
        "watches 'tree:n7' is not edge, facility, building_lift and a source id, such as edge:n12, nor grid and a code",
    ),
    (AIR.replace(",,,\n", ",,grid:g99,\n"), "watches grid:g99, which is not in this place"),
    (LIFT.replace("edge:n7", ""), "has neither lon and lat nor an element that it watches"),
    (AIR.replace("7.41", "nan"), "lon nan is no lon on the earth"),
    (AIR.replace("43.73", ""), "lat '' is not a number"),
    (AIR.replace("43.73", "91"), "lat 91 is no lat on the earth"),
    (AIR.replace("43.73,", "43.73,0"), "interval_s '0' is not a whole number of seconds"),
    (AIR.replace("43.73,", "43.73,1e3"), "interval_s '1e3' is not a whole number of seconds"),
    (AIR.replace("senml/air-1", "senml/#"), "not a topic to publish on: 'senml/#'"),
    (
        AIR.replace(",pm,senml,senml/air-1", ",door,senml,v1.1/door"),
        "a device in a dwelling reports where nobody subscribes",
    ),
    (AIR.replace("urn:air-1", ""), "no key"),
    (AIR.replace(",,,\n", ",,,maybe\n"), "simulated 'maybe' is neither yes nor no"),
    (AIR.replace("Air 1", "=1+1"), "name '=1+1' is a formula, no text"),
]


@pytest.mark.parametrize(("row", "reason"), REJECTS)
def test_a_row_that_cannot_be_taken_is_refused_with_its_reason(
    connection: Connection, village: Place, tmp_path: Path, row: str, reason: str
) -> None:
    path = write(tmp_path, AIR.replace("air-1", "air-0") + row)
    with pytest.raises(Refused, match="1 of 2 rows refused, nothing loaded"):
        load(connection, path, place=village, datum=WGS_84)
    connection.execute(sa.text("DELETE FROM thing"))
    receipt = load(connection, path, place=village, datum=WGS_84, partial=True)
    ((line, said),) = receipt.rejected
    assert (line, receipt.read, receipt.added) == ("line 3", 2, 1)
    assert said.startswith(reason)


def test_a_doubled_key_is_taken_once(connection: Connection, village: Place, tmp_path: Path) -> None:
    receipt = load(connection, write(tmp_path, AIR + AIR), place=village, datum=WGS_84, partial=True)
    assert (receipt.added, receipt.rejected) == (1, (("line 3", "the same as line 2"),))


@pytest.mark.parametrize(
    ("header", "reason"),
    [("", "no column key, name, kind, format, topic"), (HEADER.replace("lon", "lng"), "unknown column lng")],
)
def test_a_file_that_is_no_device_table_is_refused(tmp_path: Path, header: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read(write(tmp_path, "", header), datum=WGS_84)


def test_the_kind_table_has_every_kind_and_names_its_source() -> None:
    known = kinds()
    assert set(known) == set(ThingKind)
    for kind in known.values():
        assert kind.source
        assert kind.certainty in {"V1", "V2", "A", "M", "RH", "RM", "RL"}
        assert all(r.lowest < r.highest for r in kind.properties.values())
        assert all(rule.property in kind.properties for rule in kind.rules())


def test_water_closes_for_wheelchairs_first_and_for_everybody_in_the_end() -> None:
    by_group = {
        group: (rule.closes_above, rule.opens_below)
        for rule in kinds()[ThingKind.WATER_LEVEL].rules()
        for group in rule.mobility_groups or ()
    }
    assert by_group == {group: (5, 3) if group is MobilityGroup.WHEELCHAIR else (15, 12) for group in MobilityGroup}
