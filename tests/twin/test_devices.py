"""Devices are enrolled once, keep what they have, and say what they watch and how they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from twin import db, places
from twin.db import Connection
from twin.devices import Slot, devices, register, things
from twin.enrolment import Device, Enrolment, Rule, Stream, elements, enrol

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

LIFT = Device(
    key="0004a30b001c0001",
    name="Lift",
    name_zh="电梯",
    kind="lift",
    format="chirpstack",
    topic="application/1/device/0004a30b001c0001/event/up",
    lon=None,
    lat=None,
    interval_s=60,
    simulated=True,
    watches="edge:n7",
    streams=(Stream("in_service", "1", 0, 1), Stream("battery", "%", 0, 100)),
    rules=(Rule("in_service", closes_below=0.5, max_closed_s=3600),),
)
WATER = replace(
    LIFT,
    key="water",
    kind="water_level",
    lon=7.5,
    lat=43.5,
    watches="edge:w5:1",
    streams=(Stream("depth", "cm", 0, 500),),
    rules=(
        Rule("depth", ("adult", "frail"), closes_above=15, opens_below=12),
        Rule("depth", ("wheelchair",), closes_above=5, opens_below=3),
    ),
)

VILLAGE = """
INSERT INTO place (code, name, name_zh, boundary, metric_srid, timezone, residents, households, attribution)
VALUES ('v', 'Village', '村', ST_Multi(ST_MakeEnvelope(7, 43, 8, 44, 4326)), 32632, 'UTC', 10, 5, '');
INSERT INTO network_node (place_id, source_id, point)
SELECT 1, 'n' || i, ST_SetSRID(ST_MakePoint(7.1 + i / 100.0, 43.1), 4326) FROM generate_series(1, 3) i;
INSERT INTO network_edge (place_id, source_id, tail_id, head_id, kind, length_m, geom)
SELECT 1, s, t, h, k, 10, ST_MakeLine(a.point, b.point)
  FROM (VALUES ('n7:0', 1, 1, 'lift'), ('n7:1', 1, 2, 'lift'), ('n77', 2, 3, 'lift'), ('w5:0', 1, 2, 'path'),
               ('w5:1', 2, 3, 'path')) v(s, t, h, k)
  JOIN network_node a ON a.id = t JOIN network_node b ON b.id = h;
INSERT INTO facility (place_id, source_id, service, name, source, point)
SELECT 1, 'n9', s, 'Shop', 'demo', ST_SetSRID(ST_MakePoint(7.2, 43.2), 4326) FROM unnest(ARRAY['pharmacy', 'supermarket']) s;
INSERT INTO building (place_id, source_id, kind, residential, floors, floors_assumed, footprint_m2, point, geom)
SELECT 1, 'w456', 'apartments', true, 20, false, 100, ST_Centroid(g), ST_Multi(g) FROM ST_MakeEnvelope(7.3, 43.3, 7.4, 43.4, 4326) g;
"""


@pytest.fixture
def village(database: str) -> Iterator[Connection]:
    """A place of three nodes, three lift edges, a path in two pieces, one shop of two services and one tower."""
    engine = db.engine(database)
    with engine.connect() as connection:
        connection.exec_driver_sql(VILLAGE)
        yield connection
    engine.dispose()


def effect_rows(connection: Connection) -> list[tuple[object, ...]]:
    rows = connection.execute(
        sa.text("""
        SELECT t.key, n.source_id, e.mobility_groups, e.closes_above, e.closes_below, e.opens_below, s.state, s.reading_time
          FROM effect e JOIN effect_state s ON s.effect_id = e.id JOIN datastream d ON d.id = e.datastream_id
          JOIN thing t ON t.id = d.thing_id LEFT JOIN network_edge n ON n.id = e.element_id ORDER BY e.id
        """)
    )
    return [tuple(row) for row in rows]


def test_a_source_without_an_index_names_all_its_pieces_and_an_index_names_one(village: Connection) -> None:
    watches = ["edge:n7", "edge:w5:1", "edge:w5:9", "facility:n9", "building_lift:w456", "edge:n9", "tree:n7"]
    found = elements(village, 1, watches)
    assert {watch: [(e.kind, e.id) for e in hits] for watch, hits in found.items()} == {
        "edge:n7": [("edge", 1), ("edge", 2)],
        "edge:w5:1": [("edge", 5)],
        "facility:n9": [("facility", 1), ("facility", 2)],
        "building_lift:w456": [("building_lift", 1)],
    }


def test_each_edge_of_a_lift_gets_an_effect_that_starts_unknown(village: Connection) -> None:
    assert enrol(village, 1, [LIFT, WATER]) == Enrolment((LIFT.key, "water"), (), (), ())
    assert effect_rows(village) == [
        (LIFT.key, "n7:0", None, None, 0.5, None, "unknown", None),
        (LIFT.key, "n7:1", None, None, 0.5, None, "unknown", None),
        ("water", "w5:1", ["adult", "frail"], 15, None, 12, "unknown", None),
        ("water", "w5:1", ["wheelchair"], 5, None, 3, "unknown", None),
    ]


def test_enrolling_the_same_devices_again_changes_nothing(village: Connection) -> None:
    enrol(village, 1, [LIFT, WATER])
    before = effect_rows(village), register(village)
    assert enrol(village, 1, [LIFT, WATER]) == Enrolment((), (), (LIFT.key, "water"), ())
    assert (effect_rows(village), register(village)) == before


def test_how_much_slower_is_bound_with_the_limit_and_a_change_of_it_is_seen(village: Connection) -> None:
    crowd = replace(WATER, rules=(Rule("depth", slows_above=30, slow_factor=2.0, slow_s=15),))
    assert enrol(village, 1, [crowd]).added == ("water",)
    assert enrol(village, 1, [crowd]).unchanged == ("water",)
    assert enrol(village, 1, [replace(crowd, rules=(replace(crowd.rules[0], slow_s=20),))]).changed == ("water",)
    rows = village.execute(sa.text("SELECT slows_above, slow_factor, slow_s, closes_above FROM effect"))
    assert rows.one() == (30, 2, 20, None)


def test_a_changed_device_keeps_the_state_of_the_effects_that_stay(village: Connection) -> None:
    enrol(village, 1, [WATER])
    village.execute(sa.text("UPDATE effect_state SET state = 'closed'"))
    lower = replace(WATER, rules=(WATER.rules[0], replace(WATER.rules[1], closes_above=4)))
    assert enrol(village, 1, [lower]) == Enrolment((), ("water",), (), ())
    assert [(row[3], row[6]) for row in effect_rows(village)] == [(15, "closed"), (4, "unknown")]
    assert enrol(village, 1, [replace(lower, watches=None, rules=())]).changed == ("water",)
    assert effect_rows(village) == []


@pytest.mark.parametrize(
    "change", [{"name": "New"}, {"topic": "t"}, {"interval_s": 61}, {"lon": 7.1}, {"simulated": False}]
)
def test_each_field_that_changes_is_seen(village: Connection, change: dict[str, object]) -> None:
    enrol(village, 1, [WATER])
    assert enrol(village, 1, [replace(WATER, **change)]).changed == ("water",)  # type: ignore[arg-type]


def test_a_device_without_an_element_or_of_another_kind_is_refused_alone(village: Connection) -> None:
    enrol(village, 1, [WATER])
    gone = replace(LIFT, key="gone", watches="edge:n8")
    nowhere = replace(LIFT, key="nowhere", watches=None, rules=())
    assert enrol(village, 1, [LIFT, gone, nowhere, replace(WATER, kind="pm")]) == Enrolment(
        (LIFT.key,),
        (),
        (),
        (
            ("gone", "watches edge:n8, which is not in this place"),
            ("nowhere", "has neither lon and lat nor an element that it watches"),
            ("water", "this key is enrolled as a water_level: a device keeps its kind"),
        ),
    )


def test_a_device_far_outside_the_place_or_with_lon_and_lat_swapped_is_refused(village: Connection) -> None:
    standing = {"near": (8.1, 43.5), "far": (8.2, 43.5), "swapped": (43.5, 7.5), "no latitude": (120.1, 30.2)}
    batch = [replace(WATER, key=key, lon=lon, lat=lat) for key, (lon, lat) in standing.items()]
    assert enrol(village, 1, batch) == Enrolment(
        ("near",),
        (),
        (),
        (
            ("far", "lon 8.2, lat 43.5 is 16 km from this place; a device stands within 10 km of it"),
            ("swapped", "lon 43.5, lat 7.5 are the wrong way round: swapped they are in this place"),
            ("no latitude", "lon 120.1, lat 30.2 is 9290 km from this place; a device stands within 10 km of it"),
        ),
    )


def test_a_device_without_a_place_of_its_own_stands_at_what_it_watches(village: Connection) -> None:
    enrol(village, 1, [LIFT, replace(LIFT, key="tower", watches="building_lift:w456")])
    places = [(round(t.lon, 6), round(t.lat, 6)) for t in things(village, 1, NOW)]
    assert places == [(7.11, 43.1), (7.35, 43.35)]


def test_the_register_gives_the_datastream_its_range_and_unit(village: Connection) -> None:
    enrol(village, 1, [LIFT])
    (thing,) = things(village, 1, NOW)
    speaks: dict[str, Any] = {"thing_id": thing.id, "format": LIFT.format, "topic": LIFT.topic}
    assert register(village) == {
        (LIFT.key, "in_service"): Slot(1, 0, 1, "1", **speaks),
        (LIFT.key, "battery"): Slot(2, 0, 100, "%", **speaks),
    }


def test_devices_are_read_back_as_enrolled_but_for_their_rules(village: Connection) -> None:
    enrol(village, 1, [WATER, LIFT])
    water, lift = devices(village, 1)
    assert water == replace(WATER, rules=())
    assert replace(lift, lon=None, lat=None) == replace(LIFT, watches="edge:n7:0", rules=())


@pytest.mark.parametrize(("age_s", "condition"), [(180, "ok"), (180.1, "silent"), (-5, "ok"), (None, "never_seen")])
def test_a_thing_is_silent_after_more_than_three_intervals(
    village: Connection, age_s: float | None, condition: str
) -> None:
    enrol(village, 1, [LIFT])
    measured_at = None if age_s is None else NOW - timedelta(seconds=age_s)
    if measured_at is not None:
        latest = "INSERT INTO latest VALUES (1, :at, 1, :at), (2, :at - interval '1 hour', 90, :at)"
        village.execute(sa.text(latest), {"at": measured_at})
    (thing,) = things(village, 1, NOW)
    assert (thing.condition, thing.age_s, thing.measured_at) == (condition, age_s, measured_at)
    assert [(r.property, r.unit, r.value) for r in thing.readings] == [
        ("in_service", "1", None if age_s is None else 1),
        ("battery", "%", None if age_s is None else 90),
    ]
    assert [(e.element_kind, e.element_source, e.state) for e in thing.effects] == [
        ("edge", "n7:0", "unknown"),
        ("edge", "n7:1", "unknown"),
    ]
    assert not thing.is_welfare


def test_readers_are_told_when_what_is_watched_changes_and_only_then(village: Connection) -> None:
    def version() -> int:
        return places.get(village).network_version

    before = version()
    enrol(village, 1, [LIFT])
    assert version() == before + 1
    enrol(village, 1, [LIFT])
    enrol(
        village,
        1,
        [replace(LIFT, name="Another name"), replace(LIFT, key="idle", watches=None, lon=7, lat=43, rules=())],
    )
    assert version() == before + 1
    enrol(village, 1, [replace(LIFT, watches="edge:n77")])
    assert version() == before + 2
