"""What was set aside is taken once its device is enrolled, with its own time; the account stays true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from ingest.mqtt import Message
from ingest.retrying import Retried, retry
from ingest.routing import Routes, decode
from ingest.settings import IngestSettings
from ingest.settling import settle
from ingest.sifting import Register, sift
from tests import sensors
from tests.workplace import SUBSCRIPTIONS
from twin import account, db, quarantine
from twin.account import Tally
from twin.db import Connection
from twin.devices import register
from twin.errors import NotFound, Refused
from twin.quarantine import KEPT_BYTES

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = IngestSettings(subscriptions=SUBSCRIPTIONS)
PACK = f'[{{"bn":"roof:","bt":{NOON.timestamp() - 5},"n":"temperature","v":20}},{{"n":"humidity","v":55}}]'.encode()


@pytest.fixture
def place(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        sensors.community(connection)
        yield connection


def arrive(connection: Connection, topic: str, payload: bytes, *minutes: int) -> None:
    """Let a message come at these minutes after noon."""
    for minute in minutes:
        received_us = round(NOON.timestamp() + 60 * minute) * 1_000_000
        message = Message(topic, payload, 1, 1, False, received_us, 1)
        sifted = sift(decode([message], Routes(SUBSCRIPTIONS)), Register(register(connection)), SETTINGS)
        settle(connection, sifted)


def only(connection: Connection) -> int:
    (row,) = quarantine.kept(connection)
    return row.id


def observed(connection: Connection) -> list[tuple[float, float]]:
    rows = connection.execute(sa.text("SELECT value, extract(epoch FROM time)::float8 FROM observation ORDER BY 1"))
    return [(value, at - NOON.timestamp()) for value, at in rows]


def enrol(connection: Connection) -> None:
    sensors.stream(connection, "roof", "temperature", "Cel")
    sensors.stream(connection, "roof", "humidity", "%")


def test_readings_of_a_device_enrolled_since_are_stored_with_the_time_they_were_measured(place: Connection) -> None:
    arrive(place, "senml/roof", PACK, 0)
    row = only(place)
    assert retry(place, SETTINGS, row).reason == "no device is enrolled as roof"
    assert account.check(place, NOON).is_true
    enrol(place)
    assert retry(place, SETTINGS, row) == Retried(row, stored=2, duplicate=0, refused=0, left=0)
    assert observed(place) == [(20.0, -5.0), (55.0, -5.0)]
    assert quarantine.kept(place) == []
    assert account.total(place) == Tally(messages=1, stored=2)
    assert account.check(place, NOON).is_true
    received_at = place.scalars(sa.text("SELECT DISTINCT received_at FROM latest")).all()
    assert received_at == [NOON]
    with pytest.raises(NotFound):
        retry(place, SETTINGS, row)


def test_repeats_that_state_their_time_are_duplicates(place: Connection) -> None:
    arrive(place, "senml/roof", PACK, 0, 1, 9)
    enrol(place)
    assert retry(place, SETTINGS, only(place)) == Retried(1, stored=2, duplicate=4, refused=0, left=0)
    assert account.total(place) == Tally(messages=3, stored=2, duplicate=4)
    assert account.check(place, NOON).is_true


def test_of_repeats_without_a_time_only_the_first_is_taken(place: Connection) -> None:
    timeless = b'{"temperature": 20}'
    arrive(place, "zigbee2mqtt/roof", timeless, 0, 1, 9)
    enrol(place)
    assert retry(place, SETTINGS, only(place)) == Retried(1, stored=1, duplicate=0, refused=0, left=2)
    assert observed(place) == [(20.0, 0.0)]
    assert account.total(place) == Tally(messages=3, stored=1, quarantined=2)
    assert account.check(place, NOON).is_true
    with pytest.raises(Refused, match="the times of the 2 repeats are not known"):
        retry(place, SETTINGS, 1)


def test_one_reading_of_a_message_is_tried_without_the_others(place: Connection) -> None:
    sensors.stream(place, "roof", "temperature", "Cel")
    arrive(place, "senml/roof", PACK, 0)
    assert account.total(place) == Tally(messages=1, stored=1, quarantined=1)
    sensors.stream(place, "roof", "humidity", "%")
    assert retry(place, SETTINGS, only(place)) == Retried(1, stored=1, duplicate=0, refused=0, left=0)
    assert account.total(place) == Tally(messages=1, stored=2)
    assert account.check(place, NOON).is_true


def test_a_message_that_no_decoder_was_for_counts_its_readings_once_it_is_read(place: Connection) -> None:
    sensors.stream(place, "roof", "temperature", "Cel")
    arrive(place, "elsewhere/roof", PACK, 0)
    assert account.total(place) == Tally(messages=1, quarantined=1)
    mended = SETTINGS.model_copy(
        update={"subscriptions": (*SUBSCRIPTIONS, SUBSCRIPTIONS[2].model_copy(update={"filter": "elsewhere/#"}))}
    )
    answer = retry(place, mended, only(place))
    assert (answer.stored, answer.refused, answer.reason) == (1, 1, "roof is enrolled without humidity")
    assert account.total(place) == Tally(messages=1, stored=1, quarantined=1)
    assert account.check(place, NOON).is_true


def test_what_was_cut_cannot_be_tried_again(place: Connection) -> None:
    arrive(place, "elsewhere/roof", PACK + b" " * KEPT_BYTES, 0)
    with pytest.raises(Refused, match="only the first 65536 of"):
        retry(place, SETTINGS, only(place))
