"""Readings raise and clear alarms by the rules: limits, hysteresis, holds, locks, rates, hours; silence clears nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.alarming import NOON, quiet_street, report, rule, standing, tick
from tests.sensors import stream
from twin import alarm_rules, alarms, db
from twin.alarm_rules import Limits, Spot
from twin.db import Connection
from twin.terms import AlarmKind


@pytest.fixture
def street(database: str) -> Iterator[Connection]:
    engine = db.engine(database)
    with engine.begin() as connection:
        quiet_street(connection)
        yield connection
    engine.dispose()


def raised(connection: Connection) -> list[tuple[str, str]]:
    return [(alarm.detail["rule"], alarm.severity) for alarm in standing(connection)]


def test_an_alarm_is_raised_past_its_limit_and_cleared_only_behind_the_other(street: Connection) -> None:
    depth = stream(street, "underpass", "depth", "cm", kind="water_level")
    rule(street, "deep", thing_kind="water_level", property="depth", above=15, clear_below=12)
    for minute, value, expected in [(0, 15, []), (1, 16, ["deep"]), (2, 13, ["deep"]), (3, 12, ["deep"]), (4, 11, [])]:
        report(street, depth, (minute, value))
        assert [name for name, _ in raised(street)] == expected, value


def test_rules_of_one_datastream_are_one_alarm_as_severe_as_the_worst(street: Connection) -> None:
    depth = stream(street, "underpass", "depth", "cm", kind="water_level")
    rule(street, "wet", severity="notice", thing_kind="water_level", property="depth", above=5)
    rule(street, "closed", severity="critical", thing_kind="water_level", property="depth", above=25)
    report(street, depth, (0, 10))
    assert raised(street) == [("wet", "notice")]
    report(street, depth, (1, 30))
    assert raised(street) == [("closed", "critical")]
    report(street, depth, (2, 10))
    assert raised(street) == [("wet", "notice")]
    report(street, depth, (3, 1))
    assert raised(street) == []
    events = street.scalars(sa.text("SELECT what FROM alarm_event ORDER BY id")).all()
    assert events == ["raised", "worsened", "eased", "cleared"]


def test_a_rule_holds_for_its_type_of_device_and_one_of_a_device_takes_its_place(street: Connection) -> None:
    one, other = (stream(street, key, "depth", "cm", kind="water_level") for key in ("one", "other"))
    air = stream(street, "air", "depth", "cm", kind="climate")
    rule(street, "deep", thing_kind="water_level", property="depth", above=15)
    thing = street.execute(sa.text("SELECT id FROM thing WHERE key = 'other'")).scalar_one()
    rule(street, "deep", thing_id=thing, property="depth", above=50)
    for each in (one, other, air):
        report(street, each, (0, 20))
    (alarm,) = standing(street)
    assert alarm.subject == f"datastream:{one}"


def test_a_hold_ends_by_a_reading_or_by_the_clock_but_not_by_silence(street: Connection) -> None:
    one, other = (stream(street, key, "tilt", "deg", interval_s=60) for key in ("one", "other"))
    rule(street, "tilted", property="tilt", above=10, hold_s=120)
    report(street, one, (0, 20), (1, 20))
    assert raised(street) == []
    report(street, one, (2, 20))
    assert len(raised(street)) == 1
    report(street, other, (0, 20))
    tick(street, 1)
    assert len(raised(street)) == 1
    tick(street, 2)
    assert len(raised(street)) == 2
    rule(street, "leaning", AlarmKind.VALUE, property="lean", above=10, hold_s=600)
    last = stream(street, "last", "lean", "deg", interval_s=60)
    report(street, last, (0, 20))  # and then nothing for three intervals: nobody knows whether it still leans
    tick(street, 60)
    assert len(raised(street)) == 2


def test_what_is_raised_stands_for_the_lock_and_is_then_cleared_by_the_clock(street: Connection) -> None:
    depth = stream(street, "underpass", "depth", "cm")
    rule(street, "deep", property="depth", above=15, lock_s=300)
    report(street, depth, (0, 20), (1, 2))
    tick(street, 4.9)
    assert len(raised(street)) == 1
    tick(street, 5)
    assert raised(street) == []
    report(street, depth, (6, 20), (12, 2))
    assert raised(street) == []


def test_an_alarm_is_not_cleared_because_its_device_falls_silent_and_survives_a_restart(database: str) -> None:
    with db.opened(database) as engine, engine.begin() as connection:
        quiet_street(connection)
        depth = stream(connection, "underpass", "depth", "cm", interval_s=60)
        rule(connection, "deep", property="depth", above=15, clear_below=12)
        report(connection, depth, (0, 20))
        before = alarms.now(connection, 1)
    with db.opened(database) as engine, engine.begin() as connection:  # another process, a day later
        tick(connection, 1440)
        assert alarms.now(connection, 1) == before
        report(connection, depth, (1450, 13))
        assert alarms.now(connection, 1) == before
        report(connection, depth, (1451, 11))
        assert alarms.now(connection, 1) == []


def test_a_rate_is_the_change_within_its_span(street: Connection) -> None:
    depth = stream(street, "underpass", "depth", "cm")
    rule(street, "rises", AlarmKind.RATE, property="depth", above=10, within_s=900)
    for minute, value, expected in [(0, 1, 0), (10, 8, 0), (14, 11.5, 1), (20, 12, 0), (26, 12, 0), (30, 30, 1)]:
        report(street, depth, (minute, value))
        assert len(raised(street)) == expected, minute


def test_a_battery_that_runs_low_is_an_alarm_of_its_own_kind(street: Connection) -> None:
    battery = stream(street, "meter", "battery", "%")
    rule(street, "battery low", AlarmKind.BATTERY_LOW, severity="notice", property="battery", below=20, clear_above=25)
    for minute, value, expected in [(0, 21, 0), (1, 19, 1), (2, 24, 1), (3, 100, 0)]:
        report(street, battery, (minute, value))
        assert len(raised(street)) == expected, value


def test_a_rule_of_the_night_holds_by_the_clock_of_the_place_also_when_the_clocks_change(street: Connection) -> None:
    street.exec_driver_sql("UPDATE place SET timezone = 'Asia/Shanghai'")
    noise = stream(street, "crossing", "laeq", "dB(A)")
    rule(street, "night", property="laeq", above=50, from_local=time(22), until_local=time(6))
    # noon UTC is 20:00 in Shanghai
    for minute, expected in [(0, 0), (119, 0), (120, 1), (599, 1), (600, 0)]:
        report(street, noise, (minute, 55))
        assert len(raised(street)) == expected, minute
    night = Limits(above=50, from_local=time(22), until_local=time(6), zone="Europe/Paris")
    assert night.holds_at(datetime(2026, 3, 28, 21, tzinfo=UTC))  # 22:00 in winter
    assert not night.holds_at(datetime(2026, 3, 28, 20, 59, tzinfo=UTC))
    assert night.holds_at(datetime(2026, 3, 29, 20, tzinfo=UTC))  # 22:00 in summer
    assert not night.holds_at(datetime(2026, 3, 29, 4, tzinfo=UTC))  # 06:00


def test_a_rule_that_is_switched_off_or_removed_takes_its_alarms_with_it(street: Connection) -> None:
    depth = stream(street, "underpass", "depth", "cm")
    deep = rule(street, "deep", property="depth", above=15)
    deeper = rule(street, "deeper", severity="critical", property="depth", above=18)
    report(street, depth, (0, 20))
    alarm_rules.switch(street, deeper, enabled=False)
    tick(street, 1)
    assert raised(street) == [("deep", "major")]
    street.execute(sa.text("DELETE FROM alarm_rule WHERE id = :id"), {"id": deep})
    tick(street, 2)
    assert raised(street) == []
    alarm_rules.switch(street, deeper, enabled=True)
    report(street, depth, (3, 20))
    assert raised(street) == [("deeper", "critical")]


def test_a_reading_from_before_those_judged_neither_raises_nor_clears(street: Connection) -> None:
    depth = stream(street, "underpass", "depth", "cm")
    rule(street, "deep", property="depth", above=15)
    report(street, depth, (10, 20))
    report(street, depth, (5, 2))
    assert len(raised(street)) == 1
    report(street, depth, (6, 2), (11, 20))
    assert street.scalars(sa.text("SELECT what FROM alarm_event")).all() == ["raised"]


@given(
    st.lists(st.tuples(st.integers(1, 200), st.sampled_from([2.0, 13.0, 20.0])), min_size=1, max_size=30),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_what_is_raised_was_past_its_limit_for_the_hold_and_what_is_cleared_stood_for_the_lock(
    steps: list[tuple[int, float]], hold_s: int, lock_s: int
) -> None:
    limits = Limits(above=15, clear_below=12, hold_s=hold_s, lock_s=lock_s)
    spot, moment, past_since = Spot(), NOON, None
    for gap_s, value in steps:
        moment += timedelta(seconds=gap_s)
        stood = spot.stands_since
        past_since = (past_since or moment) if value > 15 else None
        spot.judge(limits, moment, value)
        if stood is None and spot.stands_since is not None:
            assert past_since is not None
            assert moment - past_since >= timedelta(seconds=hold_s)
        if stood is not None and spot.stands_since is None:
            assert value < 12
            assert moment - stood >= timedelta(seconds=lock_s)
        if stood is None and past_since is not None and moment - past_since >= timedelta(seconds=hold_s):
            assert spot.stands_since == moment
