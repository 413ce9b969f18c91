"""Readings and times in state are asked for by device and property, also by the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from ingest.device_commands import devices
from tests import sensors
from twin import db, texts
from twin.db import Connection
from twin.devices import register
from twin.enrolment import Device, Stream, enrol
from twin.errors import NotFound, Refused
from twin.observations import Batch, record
from twin.readings import readings, states
from twin.texts import Texts

DAY = date(2026, 3, 1)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIFT = Device(
    key="lift", name="Lift", name_zh=None, kind="lift", format="senml", topic="senml/lift", lon=7.5, lat=43.5,
    interval_s=3600, simulated=False, watches=None, rules=(),
    streams=(
        Stream("in_service", "1", 0, 1),
        Stream("mode", "1", 0, 2, "category", ("idle", "up", "down")),
        Stream("note", "1", 0, 0, "text"),
        Stream("load", "kg", 0, 1000),
    ),
)  # fmt: skip
app = typer.Typer()
app.add_typer(devices, name="devices")


@pytest.fixture
def tower(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        enrol(connection, sensors.community(connection), [LIFT])
        yield connection


def put(connection: Connection, name: str, *said: tuple[float, float]) -> None:
    one = register(connection)["lift", name].datastream_id
    times = np.array([round((MIDNIGHT + hour * HOUR).timestamp() * 1e6) for hour, _ in said], np.int64)
    record(
        connection, Batch(np.full(len(said), one, np.int32), times, np.array([value for _, value in said]), MIDNIGHT)
    )


def note(connection: Connection, *said: tuple[float, str]) -> None:
    one = register(connection)["lift", "note"].datastream_id
    times = [round((MIDNIGHT + hour * HOUR).timestamp() * 1e6) for hour, _ in said]
    texts.record(connection, Texts([one] * len(said), times, [text for _, text in said], MIDNIGHT))


def held(connection: Connection, name: str, *, monthly: bool = False) -> list[dict[str, object]]:
    now = MIDNIGHT + timedelta(days=9)
    return states(connection, "lift", name, start=DAY, end=DAY + timedelta(days=2), now=now, monthly=monthly)


def test_words_of_a_category_are_read_as_words_and_their_time_is_added_up(tower: Connection) -> None:
    put(tower, "mode", (-1, 0), (1, 1), (2.5, 2), (23, 1))  # a reading holds three hours
    found = readings(tower, "lift", "mode", start=MIDNIGHT, end=MIDNIGHT + 3 * HOUR, points=3)
    assert [(time - MIDNIGHT, word) for time, word in found.points] == [(1 * HOUR, "up"), (2.5 * HOUR, "down")]
    assert held(tower, "mode") == [
        {"day": DAY, "words": {"idle": 3600, "up": 2.5 * 3600, "down": 3 * 3600}, "unknown": 17.5 * 3600},
        {"day": DAY + timedelta(days=1), "words": {"up": 2 * 3600}, "unknown": 22 * 3600},
    ]
    assert held(tower, "mode", monthly=True) == [
        {"day": DAY, "words": {"idle": 3600, "up": 4.5 * 3600, "down": 3 * 3600}, "unknown": 39.5 * 3600}
    ]


def test_texts_are_read_and_their_time_is_added_up(tower: Connection) -> None:
    note(tower, (0, "b"), (1, "a"), (2, "b"))
    found = readings(tower, "lift", "note", start=MIDNIGHT, end=MIDNIGHT + 2 * HOUR, points=3)
    assert [word for _, word in found.points] == ["b", "a"]
    assert held(tower, "note")[0] == {"day": DAY, "words": {"a": 3600, "b": 4 * 3600}, "unknown": 19 * 3600}


def test_a_truth_has_its_availability(tower: Connection) -> None:
    put(tower, "in_service", (0, 1), (3, 0))
    first, _ = held(tower, "in_service")
    assert first == {"day": DAY, "true": 3 * 3600, "false": 3 * 3600, "unknown": 18 * 3600, "availability": 0.5}


def test_what_has_no_states_or_is_not_there_is_refused(tower: Connection) -> None:
    put(tower, "load", (0, 500))
    with pytest.raises(Refused, match="other values than 0 and 1"):
        held(tower, "load")
    with pytest.raises(NotFound, match="no device lift with the property colour"):
        held(tower, "colour")


def test_the_commands_give_readings_and_states(database: str) -> None:
    with db.opened(database) as engine, engine.begin() as connection:
        enrol(connection, sensors.community(connection), [LIFT])
        put(connection, "load", *((n / 60, float(n % 7)) for n in range(100)))
        put(connection, "mode", (1, 1))

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["devices", *words], obj=lambda: database)
        assert result.exit_code == 0, result.exception
        return result.stdout

    span = ("--from", "2026-03-01", "--to", "2026-03-02")
    drawn = json.loads(run("readings", "lift", "load", *span, "--points", "10", "--json"))
    assert (drawn["unit"], drawn["of"], len(drawn["points"]), drawn["points"][0]) == (
        "kg", "readings", 10, ["2026-03-01T00:00:00+00:00", 0.0],
    )  # fmt: skip
    assert run("readings", "lift", "mode", *span) == "2026-03-01T01:00:00+00:00\tup\n"
    (day,) = json.loads(run("states", "lift", "mode", *span, "--json"))
    assert day == {"day": "2026-03-01", "words": {"up": 10800.0}, "unknown": 75600.0}
    assert "unknown 75600.0" in run("states", "lift", "mode", *span, "--monthly")
