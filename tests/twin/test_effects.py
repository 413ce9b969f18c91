"""Readings close and open elements; silence makes them unknown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.sensors import community, effect, stream
from twin import db, devices, effects
from twin.db import Connection
from twin.effects import Judged, Rule
from twin.observations import Batch, record
from twin.terms import State

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def street(database: str) -> Iterator[Connection]:
    engine = db.engine(database)
    with engine.begin() as connection:
        community(connection)
        yield connection
    engine.dispose()


def report(
    connection: Connection, datastream_id: int, *readings: tuple[int, float], received_at: datetime | None = None
) -> tuple[int, ...]:
    """Record (minutes after noon, value) in one batch; give the effects that changed."""
    noon_us = round(NOON.timestamp()) * 1_000_000
    batch = Batch(
        np.full(len(readings), datastream_id, np.int32),
        np.array([noon_us + minute * 60_000_000 for minute, _ in readings], np.int64),
        np.array([value for _, value in readings]),
        received_at or NOON + timedelta(days=1),
    )
    return record(connection, batch).effects


def state(connection: Connection) -> tuple[str, int]:
    """Give the state of the one effect and since how many minutes after noon."""
    row = connection.execute(sa.text("SELECT state, since FROM effect_state")).one()
    return row.state, round((row.since - NOON).total_seconds() / 60)


def passages(connection: Connection) -> list[tuple[str, int]]:
    rows = connection.execute(sa.text("SELECT state, since FROM effect_history ORDER BY since, written_at"))
    return [(row.state, round((row.since - NOON).total_seconds() / 60)) for row in rows]


def history_of(connection: Connection, effect_id: int) -> list[tuple[str, datetime]]:
    rows = connection.execute(
        sa.text("SELECT state, since FROM effect_history WHERE effect_id = :id ORDER BY since"), {"id": effect_id}
    )
    return [(row.state, row.since) for row in rows]


def test_a_lift_out_of_service_closes_its_edge_and_back_in_service_opens_it(street: Connection) -> None:
    lift = stream(street, "lift", "in_service")
    bound = effect(street, lift, closes_below=0.5)
    assert report(street, lift, (0, 1)) == (bound,)
    assert state(street) == ("open", 0)
    assert report(street, lift, (1, 0)) == (bound,)
    assert state(street) == ("closed", 1)
    assert report(street, lift, (2, 0)) == ()
    assert state(street) == ("closed", 1)
    assert report(street, lift, (3, 1)) == (bound,)
    assert passages(street) == [("open", 0), ("closed", 1), ("open", 3)]


def test_a_long_wait_makes_a_lift_slower_and_no_lift_at_all_closes_it(street: Connection) -> None:
    lift = stream(street, "lift", "wait", "s")
    bound = effect(street, lift, closes_above=600, slows_above=60, slow_factor=1.5, slow_s=90)
    assert report(street, lift, (0, 20), (1, 61)) == (bound,)
    assert state(street) == ("slower", 1)
    (said,) = effects.element_states(street, 1, NOON + timedelta(minutes=1))
    assert (said.state, said.mobility_groups, said.slow_factor, said.slow_s) == (State.SLOWER, None, 1.5, 90)
    assert report(street, lift, (2, 601), (3, 60)) == (bound,)
    assert passages(street) == [("open", 0), ("slower", 1), ("closed", 2), ("open", 3)]


def test_between_the_limits_the_state_stays_what_it_was(street: Connection) -> None:
    depth = stream(street, "underpass", "depth", "cm")
    effect(street, depth, closes_above=15, opens_below=12)
    for minute, value, expected in [
        (0, 13, "open"),
        (1, 16, "closed"),
        (2, 13, "closed"),
        (3, 12, "closed"),
        (4, 11.9, "open"),
    ]:
        report(street, depth, (minute, value))
        assert state(street)[0] == expected, (minute, value)


def test_a_flood_that_half_falls_within_one_batch_keeps_the_edge_closed(street: Connection) -> None:
    depth = stream(street, "underpass", "depth", "cm")
    effect(street, depth, closes_above=15, opens_below=12)
    report(street, depth, (0, 2), (1, 20), (2, 13))
    assert state(street) == ("closed", 1)
    assert passages(street) == [("open", 0), ("closed", 1)]


def test_a_late_reading_never_changes_the_state(street: Connection) -> None:
    lift = stream(street, "lift", "in_service")
    effect(street, lift, closes_below=0.5)
    report(street, lift, (10, 1))
    assert report(street, lift, (5, 0)) == ()
    assert state(street) == ("open", 10)
    assert passages(street) == [("open", 10)]


def test_more_than_three_missed_reports_are_unknown_since_then(street: Connection) -> None:
    lift = stream(street, "lift", "in_service", interval_s=60)
    bound = effect(street, lift, closes_below=0.5)
    assert effects.next_expiry(street) is None
    report(street, lift, (0, 1))
    assert effects.next_expiry(street) == NOON + timedelta(minutes=3)
    assert effects.expire(street, NOON + timedelta(minutes=2, seconds=59)) == []
    assert effects.expire(street, NOON + timedelta(minutes=9)) == [bound]
    assert state(street) == ("unknown", 3)
    assert effects.next_expiry(street) is None
    report(street, lift, (20, 1))
    assert state(street) == ("open", 20)


def test_a_closure_without_news_for_longer_than_its_limit_is_unknown(street: Connection) -> None:
    gate = stream(street, "gate", "open", interval_s=3600)
    effect(street, gate, closes_below=0.5, max_closed_s=600)
    report(street, gate, (0, 0))
    report(street, gate, (5, 0))
    assert effects.next_expiry(street) == NOON + timedelta(minutes=15)
    effects.expire(street, NOON + timedelta(minutes=15))
    assert state(street) == ("unknown", 15)


def test_after_silence_a_reading_between_the_limits_takes_the_last_known_state(street: Connection) -> None:
    depth = stream(street, "underpass", "depth", "cm", interval_s=60)
    effect(street, depth, closes_above=15, opens_below=12)
    report(street, depth, (0, 20))
    effects.expire(street, NOON + timedelta(minutes=5))
    report(street, depth, (10, 13))
    assert state(street) == ("closed", 10)


def test_the_states_of_a_past_moment_are_read_from_the_history(street: Connection) -> None:
    lift = stream(street, "lift", "in_service")
    bound = effect(street, lift, element_id=7, closes_below=0.5)
    place_id = street.execute(sa.text("SELECT id FROM place")).scalar_one()
    report(street, lift, (0, 1), (3, 1), (6, 1), (9, 1), (10, 0))
    then = effects.element_states(street, place_id, NOON + timedelta(minutes=12))
    assert [(one.element_id, one.state, one.since, one.effect_id) for one in then] == [
        (7, State.CLOSED, NOON + timedelta(minutes=10), bound)
    ]
    for minute, expected in [(-1, State.UNKNOWN), (0, State.OPEN), (9, State.OPEN), (10, State.CLOSED)]:
        (one,) = effects.element_states(street, place_id, NOON + timedelta(minutes=minute))
        assert one.state is expected, minute


def test_what_is_past_its_deadline_is_unknown_when_it_is_read_with_no_watch_running(street: Connection) -> None:
    lift = stream(street, "lift", "in_service", interval_s=60)
    effect(street, lift, closes_below=0.5)
    place_id = street.execute(sa.text("SELECT id FROM place")).scalar_one()
    report(street, lift, (0, 1))
    (now,) = effects.element_states(street, place_id)
    assert (now.state, now.since) == (State.UNKNOWN, NOON + timedelta(minutes=3))
    for minute, expected in [(2, State.OPEN), (3, State.UNKNOWN), (9, State.UNKNOWN)]:
        moment = NOON + timedelta(minutes=minute)
        (then,) = effects.element_states(street, place_id, moment)
        assert then.state is expected, minute
        (thing,) = devices.things(street, place_id, moment)
        assert thing.effects[0].state == expected, minute


def test_a_silence_that_no_watch_saw_is_in_the_history(street: Connection) -> None:
    lift = stream(street, "lift", "in_service", interval_s=60)
    bound = effect(street, lift, closes_below=0.5)
    report(street, lift, (0, 1))
    assert report(street, lift, (10, 1)) == (bound,)
    assert passages(street) == [("open", 0), ("unknown", 3), ("open", 10)]


def test_a_clock_that_is_ahead_hides_no_later_message_and_puts_nothing_into_the_future(street: Connection) -> None:
    lift = stream(street, "lift", "in_service")
    bound = effect(street, lift, closes_below=0.5)
    report(street, lift, (5, 1), received_at=NOON)  # five minutes fast
    assert state(street) == ("open", 0)
    assert report(street, lift, (1, 0), received_at=NOON + timedelta(minutes=1)) == (bound,)  # it is set right
    assert state(street) == ("closed", 1)
    newest = street.execute(sa.text("SELECT value FROM latest")).scalar_one()
    assert newest == 0
    (thing,) = devices.things(street, 1, NOON + timedelta(minutes=1))
    assert thing.age_s == 0


def test_of_several_readings_from_the_future_in_one_batch_the_last_decides(street: Connection) -> None:
    lift = stream(street, "lift", "in_service")
    effect(street, lift, closes_below=0.5)
    report(street, lift, (4, 1), (5, 0), received_at=NOON)
    assert state(street) == ("closed", 0)
    report(street, lift, (6, 0), (7, 1), received_at=NOON + timedelta(minutes=2))
    assert state(street) == ("open", 2)


def test_effects_enrolled_after_the_readings_judge_the_newest(street: Connection) -> None:
    lift = stream(street, "lift", "in_service")
    report(street, lift, (0, 1), (1, 0))
    bound = effect(street, lift, closes_below=0.5)
    assert effects.apply(street, [lift]) == [bound]
    assert state(street) == ("closed", 1)


def test_a_batch_of_old_and_new_readings_judges_the_new_ones_alone(street: Connection) -> None:
    lift = stream(street, "lift", "in_service")
    effect(street, lift, closes_below=0.5)
    report(street, lift, (10, 1))
    assert report(street, lift, (5, 0), (10, 0), (11, 1)) == ()
    assert passages(street) == [("open", 10)]


def test_a_late_reading_does_not_judge_an_effect_that_is_enrolled_after_newer_ones(street: Connection) -> None:
    lift = stream(street, "lift", "in_service")
    report(street, lift, (10, 1))
    effect(street, lift, closes_below=0.5)
    assert report(street, lift, (5, 0)) == ()
    assert state(street)[0] == "unknown"
    assert passages(street) == []


def test_a_limit_for_closures_says_nothing_of_what_is_open(street: Connection) -> None:
    gate = stream(street, "gate", "open", interval_s=3600)
    effect(street, gate, closes_below=0.5, max_closed_s=600)
    report(street, gate, (0, 1))
    assert effects.next_expiry(street) == NOON + timedelta(hours=3)


@pytest.mark.parametrize(
    ("rule", "states"),
    [
        (Rule(closes_above=15, opens_below=12), [(15, "open"), (16, "closed"), (12, "closed"), (11, "open")]),
        (Rule(closes_above=15), [(15, "open"), (16, "closed"), (15, "open")]),
        (Rule(closes_below=5, opens_above=8), [(5, "open"), (4, "closed"), (8, "closed"), (9, "open")]),
        (Rule(closes_below=5), [(5, "open"), (4, "closed"), (5, "open")]),
        (Rule(slows_above=60), [(60, "open"), (61, "slower"), (60, "open")]),
        (
            Rule(closes_below=5, opens_above=8, slows_below=20),
            [(20, "open"), (19, "slower"), (4, "closed"), (8, "closed"), (9, "slower"), (20, "open")],
        ),
    ],
)
def test_a_limit_must_be_passed_and_not_only_reached(rule: Rule, states: list[tuple[float, State]]) -> None:
    known = State.UNKNOWN
    for value, expected in states:
        known = rule.after(known, value)
        assert known == expected, value


@given(st.lists(st.floats(0, 30), min_size=1))
def test_the_last_reading_past_a_limit_decides(values: list[float]) -> None:
    rule = Rule(closes_above=15, opens_below=12)
    known = State.UNKNOWN
    for value in values:
        known = rule.after(known, value)
    past = [value for value in values if value > 15 or value < 12]
    expected = State.CLOSED if past and past[-1] > 15 else State.OPEN
    assert known is expected


def test_how_readings_are_cut_into_batches_does_not_matter(street: Connection) -> None:
    rng = np.random.default_rng(5)
    seen = set()
    for n in range(20):
        whole, cut = (stream(street, f"{name} {n}", "depth", "cm", interval_s=600) for name in ("whole", "cut"))
        rule = {"closes_above": 15, "opens_below": 12, "hold_s": 120, "lock_s": 300}
        at_once, in_parts = (effect(street, depth, **rule) for depth in (whole, cut))
        minutes, values = np.cumsum(rng.integers(1, 4, 12)).tolist(), rng.choice([2.0, 13.0, 20.0], 12).tolist()
        readings = list(zip(minutes, values, strict=True))
        report(street, whole, *readings)
        size = int(rng.integers(1, 5))
        for start in range(0, len(readings), size):
            report(street, cut, *readings[start : start + size])
        assert history_of(street, in_parts) == history_of(street, at_once), (readings, size)
        seen.add(len(history_of(street, at_once)))
    assert max(seen) >= 3  # states did change


def test_a_limit_must_be_passed_for_the_hold_before_anything_changes(street: Connection) -> None:
    depth = stream(street, "underpass", "depth", "cm", interval_s=600)
    effect(street, depth, closes_above=15, opens_below=12, hold_s=120)
    report(street, depth, (0, 2))
    for minute, value, expected in [
        (1, 20, ("open", 0)),
        (2, 20, ("open", 0)),
        (3, 20, ("closed", 3)),
        (4, 2, ("closed", 3)),
        (5, 14, ("closed", 3)),  # between the limits: no longer past the opening one
        (6, 2, ("closed", 3)),
        (8, 2, ("open", 8)),
    ]:
        report(street, depth, (minute, value))
        assert state(street) == expected, minute


def test_what_flaps_closes_at_once_and_stays_closed_for_the_lock(street: Connection) -> None:
    lift = stream(street, "lift", "in_service", interval_s=600)
    effect(street, lift, closes_below=0.5, lock_s=300)
    report(street, lift, (0, 1), (1, 0), (2, 1), (3, 0), (4, 1), (5, 1))
    assert state(street) == ("closed", 1)
    report(street, lift, (6, 1))
    assert state(street) == ("open", 6)
    report(street, lift, (7, 0))
    assert state(street) == ("closed", 7)
    assert passages(street) == [("open", 0), ("closed", 1), ("open", 6), ("closed", 7)]


def test_a_late_row_neither_ends_nor_lengthens_a_hold(street: Connection) -> None:
    depth = stream(street, "underpass", "depth", "cm", interval_s=600)
    effect(street, depth, closes_above=15, hold_s=120)
    report(street, depth, (0, 2), (5, 20))
    report(street, depth, (1, 20), (4, 2))
    report(street, depth, (6, 20))
    assert state(street) == ("open", 0)
    report(street, depth, (7, 20))
    assert state(street) == ("closed", 7)


def test_what_is_unknown_is_known_by_its_next_reading_whatever_the_hold(street: Connection) -> None:
    depth = stream(street, "underpass", "depth", "cm", interval_s=60)
    effect(street, depth, closes_above=15, hold_s=120, lock_s=600)
    report(street, depth, (0, 20))
    assert state(street) == ("closed", 0)
    effects.expire(street, NOON + timedelta(minutes=5))
    report(street, depth, (6, 2))
    assert state(street) == ("open", 6)


@given(st.lists(st.tuples(st.integers(1, 200), st.sampled_from([2.0, 13.0, 20.0])), min_size=1, max_size=30), st.data())
def test_hold_and_lock_do_not_depend_on_how_readings_are_cut_or_where_a_worker_began(
    steps: list[tuple[int, float]], data: st.DataObject
) -> None:
    rule = Rule(closes_above=15, opens_below=12, hold_s=120, lock_s=300)
    times = [NOON + timedelta(seconds=sum(gap for gap, _ in steps[: i + 1])) for i in range(len(steps))]
    whole = Judged(1, 1, rule, State.UNKNOWN, State.UNKNOWN, NOON, None, None)
    cut = data.draw(st.integers(0, len(steps)))
    part = replace(whole)
    passages = [(at, whole.state) for at, (_, value) in zip(times, steps, strict=True) if whole.judge(at, value)]
    for i, (at, (_, value)) in enumerate(zip(times, steps, strict=True)):
        part = replace(part) if i == cut else part  # as it is read again after a restart
        part.judge(at, value)
    assert part == whole
    closings = [at for at, found in passages if found is State.CLOSED]
    openings = [at for at, found in passages[1:] if found is State.OPEN]
    assert all(min(b - a for a in closings if a < b) >= timedelta(seconds=300) for b in openings)
