"""A lift of Monaco stops and runs again on the real database: who lost what is written, announced, and taken back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray

from simulations import watch
from simulations.community import Community
from simulations.failures import Outcome, what_if
from simulations.ranking import Ranked, rank, street_lifts
from simulations.states import element_id
from twin import alarms, changes, losses, observations, places
from twin.db import Connection, Engine, engine
from twin.devices import register
from twin.enrolment import Device, Rule, Stream, enrol

FORGIVEN_S = 10  # a loaded machine is no failure; on a quiet one it takes some 50 ms
STREAMS = (Stream("in_service", "1", 0, 1),)
RULES = (Rule("in_service", closes_below=0.5),)
Write = Callable[[str, int], None]


def lift_device(key: str) -> Device:
    return Device(
        key, f"Lift {key}", None, "lift", "senml", f"senml/{key}", None, None, 60, True, f"edge:{key}", STREAMS, RULES
    )


@pytest.fixture(scope="module")
def database(monaco_database: str) -> Iterator[Engine]:
    """Monaco with a sensor on every public lift."""
    opened = engine(monaco_database)
    with opened.begin() as connection:
        keys = connection.scalars(
            sa.text("SELECT DISTINCT split_part(source_id, ':', 1) FROM network_edge WHERE kind = 'lift' ORDER BY 1")
        ).all()
        done = enrol(connection, places.get(connection).id, [lift_device(key) for key in keys])
        assert not done.rejected
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def worst(monaco: Community) -> Ranked:
    """The lift whose failure takes a service from most people."""
    return rank(monaco, (), street_lifts(monaco))[0]


@pytest.fixture
def write(database: Engine) -> Write:
    """Record what a lift, or every lift, reports now."""
    clock = iter(datetime.now(UTC) - timedelta(seconds=30) + timedelta(milliseconds=step) for step in range(10_000))

    def record(key: str, value: int) -> None:
        with database.begin() as connection:
            ids = [slot.datastream_id for (thing, _), slot in register(connection).items() if key in {thing, "all"}]
            moment = next(clock)
            batch = observations.Batch(
                np.array(ids, np.int32),
                np.full(len(ids), int(moment.timestamp() * 1e6), np.int64),
                np.full(len(ids), float(value)),
                moment,
            )
            observations.record(connection, batch)

    return record


@contextmanager
def watching(url: str) -> Iterator[None]:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(watch.run, url, None, stop)
        try:
            yield
        finally:
            stop.set()
            work.result(FORGIVEN_S)


def wait_for(database: Engine, claim: Callable[[Connection], bool]) -> float:
    start = time.perf_counter()
    while time.perf_counter() - start < FORGIVEN_S:
        with database.connect() as connection:
            if claim(connection):
                return time.perf_counter() - start
        time.sleep(0.002)
    raise AssertionError("it did not come about")


def is_at_rest(connection: Connection) -> bool:
    place = places.get(connection).id
    return not losses.now(connection, place) and not alarms.now(connection, place)


def is_cut_off(connection: Connection) -> bool:
    return any(alarm.kind == "people_cut_off" for alarm in alarms.now(connection, places.get(connection).id))


def written(connection: Connection) -> tuple[object, ...]:
    rows = connection.execute(sa.text("SELECT count(*), count(until), max(id) FROM service_loss")).one()
    raised = connection.execute(sa.text("SELECT count(*), count(cleared_at), sum(count) FROM alarm")).one()
    return (*rows, *raised)


def key_of(database: Engine, monaco: Community, worst: Ranked) -> str:
    with database.connect() as connection:
        source = connection.scalar(
            sa.text("SELECT split_part(source_id, ':', 1) FROM network_edge WHERE id = :id"),
            {"id": element_id(monaco, worst.elements[0])},
        )
    assert isinstance(source, str)
    return source


def test_a_lift_that_stops_cuts_people_off_and_gives_it_back_when_it_runs(
    database: Engine, monaco_database: str, monaco: Community, worst: Ranked, write: Write
) -> None:
    lift = key_of(database, monaco, worst)
    with watching(monaco_database):
        wait_for(database, lambda connection: bool(losses.now(connection, places.get(connection).id)))
        with database.connect() as connection:  # nothing has reported: everything is possible, nothing certain
            unknown = losses.now(connection, places.get(connection).id).values()
            assert not any(loss.certain for loss in unknown)
            assert not alarms.now(connection, places.get(connection).id)
        write("all", 1)
        wait_for(database, is_at_rest)
        with heard(monaco_database) as kinds:
            write(lift, 0)
            wait_for(database, is_cut_off)
            wait_for(database, lambda _: {"effects", "losses", "alarms"} <= set(kinds))
        with database.connect() as connection:
            found = losses.now(connection, places.get(connection).id).values()
            (alarm,) = alarms.now(connection, places.get(connection).id, ["people_cut_off"])
            before = written(connection)
    assert_matches(monaco, worst, list(found), alarm)
    with watching(monaco_database), heard(monaco_database) as kinds:  # again, with nothing new to say
        time.sleep(2)
        with database.connect() as connection:
            assert written(connection) == before
        assert not {"losses", "alarms"} & set(kinds)
        write(lift, 1)
        wait_for(database, is_at_rest)
    with database.connect() as connection:
        assert written(connection)[:2] == (before[0], before[0])


def assert_matches(monaco: Community, worst: Ranked, found: list[losses.Loss], alarm: alarms.Alarm) -> None:
    """Hold the rows against what-if, which asks the same by another way, and the alarm against the rows."""
    rows = {loss.key: loss for loss in found}
    causes = [{"kind": "edge", "id": element_id(monaco, each)} for each in worst.elements]
    for outcome in what_if(monaco, (), close=worst.elements).outcomes:
        for at in np.flatnonzero(outcome.lost_possible.sum(axis=1)).tolist():
            loss = rows.pop(losses.Key(outcome.service, outcome.group, int(monaco.buildings.ids[at])))
            maybe, sure = by_band(outcome, outcome.lost_possible[at]), by_band(outcome, outcome.lost[at])
            assert loss.residents_possible == maybe
            assert loss.residents == (sure if loss.certain else maybe)
            assert loss.certain or not sure
            assert (loss.usual_s, loss.now_s) == (outcome.before_s[at], finite(outcome.after_s[at]))
            assert loss.causes == causes
    assert not any(loss.residents_possible for loss in rows.values())  # too few there to be counted, and yet told
    certain = [loss for loss in found if loss.certain]
    services: dict[str, dict[str, dict[str, int]]] = {}
    for loss in certain:
        people = services.setdefault(loss.service, {}).setdefault(loss.mobility_group, {})
        for band, n in loss.residents.items():
            people[band] = people.get(band, 0) + n
    assert (alarm.kind, alarm.detail["services"]) == ("people_cut_off", services)
    assert alarm.detail["elements"] == causes


def by_band(outcome: Outcome, people: NDArray[np.int64]) -> dict[str, int]:
    return {band: n for band, n in zip(outcome.bands, people.tolist(), strict=True) if n}


def finite(seconds: float) -> float | None:
    return seconds if np.isfinite(seconds) else None


@contextmanager
def heard(url: str) -> Iterator[list[str]]:
    """Gather the kinds of change announced meanwhile."""
    kinds: list[str] = []
    done = threading.Event()

    def gather() -> None:
        for change in changes.listen(url, 0.1):
            if change is not None:
                kinds.append(change.kind)
            if done.is_set():
                return

    listener = threading.Thread(target=gather)
    listener.start()
    while "reconnected" not in kinds:
        time.sleep(0.01)
    try:
        yield kinds
    finally:
        done.set()
        listener.join(5)


def test_a_lift_that_falls_silent_becomes_possible_and_no_more(
    database: Engine, monaco_database: str, monaco: Community, worst: Ranked, write: Write
) -> None:
    lift = key_of(database, monaco, worst)
    with watching(monaco_database):
        write("all", 1)
        wait_for(database, is_at_rest)
        with database.begin() as connection:  # its last report was longer ago than three intervals
            connection.execute(
                sa.text("""
                UPDATE effect_state s SET reading_time = reading_time - interval '1 hour', since = since - interval '2 hours'
                FROM effect e JOIN datastream d ON d.id = e.datastream_id JOIN thing t ON t.id = d.thing_id
                WHERE s.effect_id = e.id AND t.key = :key
                """),
                {"key": lift},
            )
            changes.announce(connection, "effects")
        wait_for(database, lambda connection: bool(losses.now(connection, places.get(connection).id)))
        with database.connect() as connection:
            found = losses.now(connection, places.get(connection).id)
            assert not any(loss.certain for loss in found.values())
            assert not alarms.now(connection, places.get(connection).id)


def test_an_alarm_is_not_cleared_because_the_lift_falls_silent(
    database: Engine, monaco_database: str, monaco: Community, worst: Ranked, write: Write
) -> None:
    lift = key_of(database, monaco, worst)

    def of_lift(connection: Connection) -> list[alarms.Alarm]:
        kinds = ["people_cut_off", "service_lost"]
        return alarms.now(connection, places.get(connection).id, kinds)

    def is_unsure(connection: Connection) -> bool:
        rows = losses.now(connection, places.get(connection).id).values()
        return bool(rows) and not any(loss.certain for loss in rows)

    with watching(monaco_database):
        write("all", 1)
        wait_for(database, is_at_rest)
        write(lift, 0)
        wait_for(database, is_cut_off)
        with database.connect() as connection:
            before = of_lift(connection)
        with database.begin() as connection:
            connection.execute(
                sa.text("""
                UPDATE effect_state s SET reading_time = reading_time - interval '1 hour', since = since - interval '2 hours'
                FROM effect e JOIN datastream d ON d.id = e.datastream_id JOIN thing t ON t.id = d.thing_id
                WHERE s.effect_id = e.id AND t.key = :key
                """),
                {"key": lift},
            )
            changes.announce(connection, "effects")
        wait_for(database, is_unsure)
        with database.connect() as connection:
            assert {alarm.kind for alarm in before} == {"people_cut_off", "service_lost"}
            assert of_lift(connection) == before
        write(lift, 1)
        wait_for(database, is_at_rest)


def test_a_watch_gives_signs_of_life_and_its_end_is_seen(
    database: Engine, monaco_database: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "BEAT_S", 0.2)

    def total(connection: Connection) -> losses.Total:
        found = losses.total(connection, places.get(connection).id)
        assert found is not None
        return found

    with watching(monaco_database):
        write("all", 1)
        wait_for(database, is_at_rest)
        with database.connect() as connection:
            first = total(connection).checked_at
        assert first is not None
        wait_for(database, lambda connection: (total(connection).checked_at or first) > first)
    with database.connect() as connection:
        last = total(connection)
        assert last.checked_at is not None
        assert last.is_watched(last.checked_at + timedelta(seconds=15))
        assert not last.is_watched(last.checked_at + timedelta(seconds=16))


def test_a_second_watch_stands_by(database: Engine, monaco_database: str, write: Write) -> None:
    with watching(monaco_database), watching(monaco_database):
        write("all", 1)
        wait_for(database, is_at_rest)
    with database.connect() as connection:
        assert is_at_rest(connection)


def test_a_watch_whose_connections_are_cut_comes_back_and_writes_nothing_twice(
    database: Engine, monaco_database: str, monaco: Community, worst: Ranked, write: Write
) -> None:
    lift = key_of(database, monaco, worst)
    with watching(monaco_database):
        write("all", 1)
        wait_for(database, is_at_rest)
        with database.connect() as connection:
            connection.execute(
                sa.text("""
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
                """)
            )
        database.dispose()
        write(lift, 0)
        wait_for(database, is_cut_off)
        with database.connect() as connection:
            found = losses.now(connection, places.get(connection).id)
            (count,) = connection.execute(sa.text("SELECT count(*) FROM service_loss WHERE until IS NULL")).one()
        assert len(found) == count > 0
        write(lift, 1)
        wait_for(database, is_at_rest)
