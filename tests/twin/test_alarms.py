"""Alarms and losses on the real database: said twice they stand once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import shapely
import sqlalchemy as sa

from twin import alarms, buildings, losses, network, places
from twin.acting import acting
from twin.alarms import Wanted
from twin.db import Connection, opened
from twin.errors import NotFound, Refused, Stale
from twin.losses import Loss

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
LATER = START + timedelta(hours=1)
LIFT = Wanted("people_cut_off", "effect:7", "major", {"people": {"80+": 9}})
GATE = Wanted("element_closed", "effect:8", "notice", {})
KINDS = ("people_cut_off", "element_closed")


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with opened(database) as engine, engine.begin() as found:
        yield found


@pytest.fixture
def place_id(connection: Connection) -> int:
    return places.put(
        connection,
        code="village",
        name="Village",
        name_zh="村",
        boundary=shapely.box(7.0, 43.0, 7.1, 43.1),
        timezone="UTC",
        residents=9,
        households=4,
        attribution="",
    )


def test_an_alarm_is_raised_once_folded_and_cleared(connection: Connection, place_id: int) -> None:
    first = alarms.settle(connection, place_id, KINDS, [LIFT, GATE], START)
    assert len(first) == 2
    assert alarms.settle(connection, place_id, KINDS, [GATE, LIFT], LATER) == []
    more = replace(LIFT, detail={"people": {"80+": 12}})
    (changed,) = alarms.settle(connection, place_id, KINDS, [more, GATE], LATER)
    lift, gate = alarms.now(connection, place_id)
    assert (lift.id, lift.count, lift.raised_at, lift.detail) == (changed, 2, START, {"people": {"80+": 12}})
    assert alarms.settle(connection, place_id, KINDS, [], LATER) == sorted([lift.id, gate.id])
    assert alarms.now(connection, place_id) == []
    (again,) = alarms.settle(connection, place_id, KINDS, [GATE], LATER)
    assert again not in first


def test_alarms_of_other_kinds_are_left_alone(connection: Connection, place_id: int) -> None:
    silent = Wanted("thing_silent", "thing:4", "notice", {})
    alarms.settle(connection, place_id, ["thing_silent"], [silent], START)
    alarms.settle(connection, place_id, KINDS, [], LATER)
    assert [alarm.subject for alarm in alarms.now(connection, place_id)] == ["thing:4"]


def test_an_acknowledged_alarm_that_becomes_worse_must_be_acknowledged_again(
    connection: Connection, place_id: int
) -> None:
    (lift,) = alarms.settle(connection, place_id, KINDS, [LIFT], START)
    alarms.acknowledge(connection, lift, by="duty", at=START)
    with pytest.raises(Stale):
        alarms.acknowledge(connection, lift, by="other", at=START)
    alarms.settle(connection, place_id, KINDS, [replace(LIFT, detail={"people": {"80+": 8}})], LATER)
    assert alarms.now(connection, place_id)[0].acknowledged_by == "duty"
    alarms.settle(connection, place_id, KINDS, [replace(LIFT, severity="critical")], LATER)
    assert alarms.now(connection, place_id)[0].acknowledged_by is None
    alarms.acknowledge(connection, lift, by="night duty", at=LATER)
    (worse,) = alarms.now(connection, place_id)
    assert (worse.acknowledged_at, worse.acknowledged_by) == (LATER, "night duty")
    with pytest.raises(NotFound):
        alarms.acknowledge(connection, lift + 100, by="duty", at=START)


def events(connection: Connection, alarm_id: int) -> list[tuple[str, str | None, str | None]]:
    """What happened to an alarm: what, by whom, and the note."""
    rows = connection.execute(
        sa.text("SELECT what, by, note FROM alarm_event WHERE alarm_id = :id ORDER BY id"), {"id": alarm_id}
    )
    return [(row.what, row.by, row.note) for row in rows]


def test_an_alarm_is_raised_taken_on_assigned_cleared_and_closed_and_all_of_it_is_written_down(
    connection: Connection, place_id: int
) -> None:
    (lift,) = alarms.settle(connection, place_id, KINDS, [LIFT], START)
    alarms.acknowledge(connection, lift, by="Wang", at=START)
    acting(connection, "Wang", "duty")
    alarms.assign(connection, lift, to="lift company")
    with pytest.raises(Stale):
        alarms.assign(connection, lift, to="lift company")
    alarms.note(connection, lift, by="Wang", text=" on their way ")
    with pytest.raises(Refused):
        alarms.note(connection, lift, by="Wang", text=" ")
    attempt = connection.begin_nested()
    with pytest.raises(Stale):
        alarms.close(connection, lift, by="Wang", text="too early", at=LATER)
    attempt.rollback()
    alarms.settle(connection, place_id, KINDS, [replace(LIFT, severity="critical")], LATER)
    alarms.settle(connection, place_id, KINDS, [], LATER)
    alarms.close(connection, lift, by="Li", text="a fuse", at=LATER)
    with pytest.raises(Stale):
        alarms.assign(connection, lift, to=None)
    with pytest.raises(NotFound):
        alarms.note(connection, lift + 1, by="Li", text="nothing there")
    assert events(connection, lift) == [
        ("raised", None, "major"),
        ("acknowledged", "Wang", None),
        ("assigned", "Wang", "lift company"),
        ("noted", "Wang", "on their way"),
        ("worsened", None, "critical"),
        ("cleared", None, None),
        ("noted", "Li", "a fuse"),
        ("closed", "Li", None),
    ]


def test_what_is_kept_is_not_cleared_and_what_is_posted_leaves_the_others_alone(
    connection: Connection, place_id: int
) -> None:
    alarms.settle(connection, place_id, KINDS, [LIFT, GATE], START)
    alarms.settle(connection, place_id, KINDS, [], LATER, keep=[LIFT.subject])
    assert [alarm.subject for alarm in alarms.now(connection, place_id)] == [LIFT.subject]
    silent = Wanted("thing_silent", "thing:4", "notice", {})
    alarms.post(connection, place_id, raised=[silent], cleared=[], at=LATER)
    alarms.post(connection, place_id, raised=[], cleared=[(LIFT.kind, LIFT.subject)], at=LATER)
    assert [alarm.subject for alarm in alarms.now(connection, place_id)] == ["thing:4"]


def test_of_several_alarms_those_are_taken_on_that_nobody_has(connection: Connection, place_id: int) -> None:
    lift, gate = alarms.settle(connection, place_id, KINDS, [LIFT, GATE], START)
    alarms.acknowledge(connection, gate, by="Wang", at=START)
    assert alarms.acknowledge_all(connection, [lift, gate, 99], by="Li", at=LATER) == [lift]


def test_the_alarm_of_a_dwelling_is_not_there_for_who_may_not_see_it(connection: Connection, place_id: int) -> None:
    meter = connection.execute(
        sa.text("""
        INSERT INTO thing (place_id, key, name, kind, format, topic, interval_s)
        VALUES (:place, 'm', 'm', 'meter', '', '', 60) RETURNING id
        """),
        {"place": place_id},
    ).scalar_one()
    (still,) = alarms.settle(connection, place_id, ["inactive"], [Wanted("inactive", "d:1", "major", {}, meter)], START)
    assert alarms.acknowledge_all(connection, [still], by="Li", at=START) == []
    with pytest.raises(NotFound):
        alarms.acknowledge(connection, still, by="Li", at=START)
    with pytest.raises(NotFound):
        alarms.note(connection, still, by="Li", text="who is it?")
    alarms.acknowledge(connection, still, by="care", at=START, dwellings=True)


@pytest.fixture
def loss(connection: Connection, place_id: int) -> Loss:
    at = shapely.Point(7.05, 43.05)
    row = buildings.BuildingRow("w1", "house", True, 3, False, 90.0, at, shapely.MultiPolygon([at.buffer(0.0001)]))
    buildings.store(connection, place_id, [row])
    (building,) = buildings.load(connection, network.load(connection, place_id)).ids.tolist()
    causes = [{"kind": "edge", "id": 3}]
    return Loss("pharmacy", "adult", building, True, 600, 310.5, None, None, {"18-34": 9}, {"18-34": 9}, causes, START)


def test_a_loss_begins_changes_and_ends(connection: Connection, place_id: int, loss: Loss) -> None:
    losses.write(connection, place_id, ended=[], begun=[loss], changed=[])
    assert losses.now(connection, place_id) == {loss.key: loss}
    nearer = replace(loss, now_s=900.25, residents={"18-34": 4})
    losses.write(connection, place_id, ended=[], begun=[], changed=[nearer])
    assert losses.now(connection, place_id) == {loss.key: nearer}
    losses.write(connection, place_id, ended=[(loss.key, LATER)], begun=[replace(loss, certain=False)], changed=[])
    rows = connection.execute(sa.text("SELECT certain, since, until FROM service_loss ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [(True, START, LATER), (False, START, None)]


def test_a_loss_never_ends_before_it_began(connection: Connection, place_id: int, loss: Loss) -> None:
    losses.write(connection, place_id, ended=[], begun=[loss], changed=[])
    losses.write(connection, place_id, ended=[(loss.key, START - timedelta(days=1))], begun=[], changed=[])
    assert connection.scalar(sa.text("SELECT until FROM service_loss")) == START


def test_one_connection_keeps_the_account_of_a_place(database: str, place_id: int) -> None:
    with opened(database) as engine, engine.connect() as one, engine.connect() as other:
        assert losses.claim(one, place_id)
        assert not losses.claim(other, place_id)
        assert losses.claim(other, place_id + 1)
