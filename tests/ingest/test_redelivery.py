"""A message without a time of its own that the broker sends again is one reading, whoever had it before."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

import pytest
import sqlalchemy as sa

from ingest.mqtt import Message, Session
from ingest.pipeline import Pipeline
from ingest.redelivery import Redelivery
from ingest.routing import Decoded
from ingest.settings import Broker, IngestSettings
from tests import sensors
from tests.workplace import Devices, Workplace, wait_until
from twin import account, db
from twin.account import Tally
from twin.db import Connection, Engine
from twin.terms import Reading

NOON_US = 1_772_366_400_000_000
BROKER = Broker(receive_maximum=4)


class Deaf(Session):
    """A session whose acknowledgements never reach the broker, as of a worker that is killed after its commit."""

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Say nothing."""


@pytest.mark.parametrize("reader", ["bulk", "stock"])
def test_messages_without_a_time_are_stored_once_though_they_come_twice(
    workplace: Workplace, engine: Engine, city: Devices, reader: str
) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
        sensors.stream(connection, "lamp", "temperature", "Cel")
    settings = workplace.settings().model_copy(update={"bulk_reader": reader == "bulk"})
    run_deaf(settings, engine, city)
    assert total(engine) == Tally(messages=2, stored=2)
    with workplace.working(settings):
        wait_until(lambda: total(engine).messages == 4)
        city.send("zigbee2mqtt/lamp", b'{"temperature": 20}')  # a new one that says the same
        wait_until(lambda: total(engine).messages == 5)
    assert total(engine) == Tally(messages=5, stored=3, duplicate=2)


def run_deaf(settings: IngestSettings, engine: Engine, city: Devices) -> None:
    stop, session = threading.Event(), Deaf(settings)
    thread = threading.Thread(target=Pipeline(settings, engine, stop).run, args=(session,))
    thread.start()
    wait_until(lambda: session.is_connected)
    city.send("zigbee2mqtt/lamp", b'{"temperature": 20}')
    city.send("zigbee2mqtt/lamp", b'{"temperature": 20}')
    wait_until(lambda: total(engine).messages == 2)
    stop.set()
    thread.join(30)


def total(engine: Engine) -> Tally:
    with engine.connect() as connection:
        return account.total(connection)


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as made:
        yield made


def message(packet: int, payload: bytes = b"20", *, at: int, is_again: bool = False) -> Message:
    return Message("t", payload, 1, packet, False, NOON_US + at, 1, None, is_again)


def commit(made: Redelivery, connection: Connection, messages: Iterable[Message], *, states_time: bool = False) -> None:
    shift_us = -1 if states_time else 0
    decoded = [Decoded(one, "x", [Reading("k", "p", one.received_us + shift_us, 1.0)]) for one in messages]
    made.committed(made.add(connection, decoded))


def came(made: Redelivery, packet: int, payload: bytes = b"20") -> int:
    """Say when a message that is sent again came first, in µs after noon; 99: it is new."""
    (found,) = made.first([message(packet, payload, at=99, is_again=True)])
    return found.received_us - NOON_US


def test_only_what_is_marked_and_the_same_is_folded(connection: Connection) -> None:
    made = Redelivery(BROKER)
    commit(made, connection, [message(7, at=1)])
    assert (came(made, 7), came(made, 7, b"21"), came(made, 8)) == (1, 99, 99)
    (unmarked,) = made.first([message(7, at=99)])
    assert unmarked.received_us == NOON_US + 99


def test_an_identifier_is_forgotten_before_the_broker_can_give_it_to_another_message(connection: Connection) -> None:
    made = Redelivery(BROKER)
    commit(made, connection, [message(1, at=1), message(2, at=2)])
    commit(made, connection, [message(3, at=3), message(4, at=4)], states_time=True)
    assert came(made, 1) == 1
    commit(made, connection, [message(5, at=5), message(6, at=6)])  # four came after it: the window of the session
    assert (came(made, 1), came(made, 5)) == (99, 5)
    assert connection.scalars(sa.text("SELECT count(*) FROM delivery")).one() == 2


def test_another_process_of_the_session_knows_what_was_committed_and_none_of_a_lost_session(
    connection: Connection,
) -> None:
    commit(Redelivery(BROKER), connection, [message(1, at=1)])
    other = Redelivery(BROKER)
    other.load(connection, is_lost=False)
    assert came(other, 1) == 1
    stranger = Redelivery(BROKER.model_copy(update={"client_id": "another"}))
    stranger.load(connection, is_lost=False)
    assert came(stranger, 1) == 99
    other.load(connection, is_lost=True)
    assert came(other, 1) == 99
    assert connection.scalars(sa.text("SELECT count(*) FROM delivery")).one() == 0


def test_formats_that_state_their_time_leave_nothing_behind(connection: Connection) -> None:
    commit(Redelivery(BROKER), connection, [message(1, at=1)], states_time=True)
    assert connection.scalars(sa.text("SELECT count(*) FROM delivery")).one() == 0
