"""What time raises and clears: silence, gateways, inactivity, losses of many, waiting too long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
import shapely
import sqlalchemy as sa

from tests.alarming import NOON, look_after_homes, place_of, quiet_street, report, rule, standing, tick
from tests.sensors import stream
from twin import alarm_clock, alarm_rules, alarms, buildings, db, losses, network
from twin.db import Connection
from twin.errors import NotFound
from twin.losses import Loss
from twin.terms import AlarmKind


@pytest.fixture
def street(database: str) -> Iterator[Connection]:
    engine = db.engine(database)
    with engine.begin() as connection:
        quiet_street(connection)
        yield connection
    engine.dispose()


def subjects(connection: Connection) -> list[str]:
    return sorted(alarm.subject for alarm in standing(connection))


def thing_of(connection: Connection, key: str) -> int:
    return int(connection.execute(sa.text("SELECT id FROM thing WHERE key = :key"), {"key": key}).scalar_one())


def test_a_device_that_misses_reports_is_silent_and_one_that_never_spoke_is_not(street: Connection) -> None:
    rule(street, "silent", AlarmKind.THING_SILENT, severity="notice", intervals=3)
    heard = stream(street, "heard", "x", interval_s=60)
    stream(street, "never", "x", interval_s=60)
    report(street, heard, (0, 1))
    tick(street, 3)
    assert standing(street) == []
    tick(street, 3.1)
    (alarm,) = standing(street)
    assert (alarm.kind, alarm.subject) == ("thing_silent", f"thing:{thing_of(street, 'heard')}")
    tick(street, 300)
    assert [(one.id, one.count) for one in standing(street)] == [(alarm.id, 1)]
    report(street, heard, (301, 1))
    tick(street, 301)
    assert standing(street) == []


def test_the_worst_rule_of_silence_decides_and_may_come_later(street: Connection) -> None:
    rule(street, "silent", AlarmKind.THING_SILENT, severity="notice", intervals=3)
    rule(street, "long silent", AlarmKind.THING_SILENT, severity="major", thing_kind="lift", intervals=10)
    lift = stream(street, "lift", "x", kind="lift", interval_s=60)
    report(street, lift, (0, 1))
    tick(street, 4)
    assert [alarm.severity for alarm in standing(street)] == ["notice"]
    tick(street, 11)
    assert [(alarm.severity, alarm.count) for alarm in standing(street)] == [("major", 2)]


def test_a_gateway_that_fails_explains_the_silence_of_what_is_behind_it(street: Connection) -> None:
    rule(street, "silent", AlarmKind.THING_SILENT, severity="notice", intervals=3)
    gateway = stream(street, "gateway", "online", kind="gateway", interval_s=120)
    one, two, free = (stream(street, key, "x", interval_s=60) for key in ("one", "two", "free"))
    assert alarm_rules.put_behind(street, "gateway", ["one", "two", "gateway", "unknown"]) == 2
    for each in (gateway, one, two, free):
        report(street, each, (0, 1))
    tick(street, 4)  # the devices are silent before the gateway is
    assert len(standing(street)) == 3
    tick(street, 7)
    assert subjects(street) == sorted(f"thing:{thing_of(street, key)}" for key in ("gateway", "free"))
    report(street, gateway, (10, 1))
    report(street, one, (10, 1))
    tick(street, 10)  # two may take three intervals more
    assert subjects(street) == [f"thing:{thing_of(street, 'free')}"]
    tick(street, 12)
    assert len(standing(street)) == 1
    report(street, gateway, (13.4, 1))
    report(street, one, (13.4, 1))
    tick(street, 13.5)
    assert subjects(street) == sorted(f"thing:{thing_of(street, key)}" for key in ("two", "free"))
    with pytest.raises(NotFound):
        alarm_rules.put_behind(street, "nothing", ["one"])


def test_devices_whose_gateway_fails_first_never_show(street: Connection) -> None:
    rule(street, "silent", AlarmKind.THING_SILENT, severity="notice", intervals=3)
    gateway, one = stream(street, "gateway", "x", interval_s=60), stream(street, "one", "x", interval_s=60)
    alarm_rules.put_behind(street, "gateway", ["one"])
    report(street, gateway, (0, 1))
    report(street, one, (0, 1))
    tick(street, 5)
    assert subjects(street) == [f"thing:{thing_of(street, 'gateway')}"]
    assert len(alarms.now(street, place_of(street))) == 2


def test_an_alarm_that_waits_too_long_escalates_once_and_not_when_it_is_taken_on(street: Connection) -> None:
    rule(street, "deep", property="depth", above=15, escalate_after_s=300)
    one, two = (stream(street, key, "depth", interval_s=3600) for key in ("one", "two"))
    report(street, one, (0, 20))
    report(street, two, (0, 20))
    first, second = standing(street)
    alarms.acknowledge(street, first.id, by="Wang", at=NOON)
    tick(street, 4.9)
    assert [alarm.escalated_at for alarm in standing(street)] == [None, None]
    tick(street, 5)
    tick(street, 6)
    escalated = {alarm.id: alarm.escalated_at for alarm in standing(street)}
    assert escalated == {first.id: None, second.id: NOON + timedelta(minutes=5)}


def home(connection: Connection, interval_s: int = 3600) -> int:
    """Enrol a water meter that has counted for two days before noon, a litre an hour."""
    meter = stream(connection, "meter", "volume", "m3", kind="meter", interval_s=interval_s)
    report(connection, meter, *((hour * 60, 100 + hour / 1000) for hour in range(-48, 1)))
    return meter


def test_a_home_in_which_no_water_runs_is_told_and_one_that_is_away_is_not(street: Connection) -> None:
    rule(street, "no water", AlarmKind.INACTIVE, thing_kind="meter", property="volume", below=0.001, within_s=12 * 3600)
    meter = home(street)
    report(street, meter, *((hour * 60, 100) for hour in range(1, 13)))
    look_after_homes(street, 11.9 * 60)
    assert standing(street) == []
    look_after_homes(street, 12 * 60)
    assert [alarm.kind for alarm in standing(street)] == ["inactive"]
    look_after_homes(street, 20 * 60)  # the meter is silent now: nobody knows, so it stands
    assert len(standing(street)) == 1
    report(street, meter, *((hour * 60, 100.002) for hour in range(13, 15)))
    look_after_homes(street, 14 * 60)
    assert standing(street) == []
    report(street, meter, *((hour * 60, 100.002) for hour in range(15, 60)))
    alarm_rules.leave(street, "meter", from_at=NOON, until_at=NOON + timedelta(hours=40), by="daughter")
    look_after_homes(street, 39 * 60)
    assert standing(street) == []
    look_after_homes(street, 45 * 60)  # back for five hours: that is no window of twelve
    assert standing(street) == []
    look_after_homes(street, 52 * 60)
    assert len(standing(street)) == 1


def test_a_meter_that_was_not_there_before_the_window_or_never_spoke_is_not_inactive(street: Connection) -> None:
    rule(street, "no water", AlarmKind.INACTIVE, property="volume", below=0.001, within_s=12 * 3600)
    new = stream(street, "new", "volume", "m3", interval_s=3600)
    stream(street, "never", "volume", "m3", interval_s=3600)
    report(street, new, *((hour * 60, 5) for hour in range(11)))
    look_after_homes(street, 10 * 60)
    assert standing(street) == []


@pytest.mark.parametrize(
    ("zone", "midnight_utc"),
    [
        ("Asia/Shanghai", datetime(2026, 3, 1, 16, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 2, 5, tzinfo=UTC)),
    ],
)
def test_a_day_without_water_is_a_day_of_the_place(street: Connection, zone: str, midnight_utc: datetime) -> None:
    street.execute(sa.text("UPDATE place SET timezone = :zone"), {"zone": zone})
    rule(
        street,
        "no water today",
        AlarmKind.INACTIVE,
        property="volume",
        below=0.001,
        from_local=time(20),
        until_local=time(23, 59),
    )
    meter = home(street)
    midnight = (midnight_utc - NOON) / timedelta(minutes=1)
    report(street, meter, *((midnight + hour * 60 - 30, 101) for hour in range(26)))
    look_after_homes(street, midnight + 19.9 * 60)
    assert standing(street) == []
    look_after_homes(street, midnight + 20 * 60)
    assert len(standing(street)) == 1
    look_after_homes(street, midnight + 24.5 * 60)  # the hours of the rule are over; nothing has moved
    assert len(standing(street)) == 1


def loss(building_id: int, people: int, *, certain: bool = True, group: str = "85+") -> Loss:
    counted = {"85+": people}
    return Loss("canteen", group, building_id, certain, 600, 300.0, None, None, counted, counted, [], NOON)


def test_a_service_that_many_have_lost_is_an_alarm_until_it_is_certain_that_fewer_have(street: Connection) -> None:
    place = place_of(street)
    at = shapely.Point(7.05, 43.05)
    row = buildings.BuildingRow("w1", "house", True, 3, False, 90.0, at, shapely.MultiPolygon([at.buffer(0.0001)]))
    buildings.store(street, place, [row])
    (house,) = buildings.load(street, network.load(street, place)).ids.tolist()
    rule(street, "many", AlarmKind.SERVICE_LOST, service="canteen", mobility_group="85+", people=10)
    rule(street, "very many", AlarmKind.SERVICE_LOST, severity="critical", people=40)

    def become(*rows: Loss) -> list[tuple[str, str]]:
        before = losses.now(street, place)
        losses.write(street, place, ended=[(key, NOON) for key in before], begun=rows, changed=[])
        alarm_clock.count_losses(street, place, NOON, if_needed=["wheelchair"])
        return [(alarm.subject, alarm.severity) for alarm in standing(street)]

    assert become(loss(house, 9)) == []
    assert become(loss(house, 50, group="wheelchair")) == []  # everybody, if they moved so
    assert become(loss(house, 10)) == [("service:canteen:85+", "major")]
    assert become(loss(house, 41)) == [("service:canteen:85+", "critical")]
    assert become(loss(house, 41, certain=False)) == [("service:canteen:85+", "critical")]  # a lift fell silent
    assert become(loss(house, 3)) == []
