"""Each of the 60 bad inputs that this worker was designed against is under test, by its number; here those that take more than a message."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from ingest.routing import PAYLOAD_BYTES, Routes, decode
from ingest.settling import settle
from ingest.sifting import Register, sift
from tests import sensors
from tests.ingest.test_sifting import BAD, CITY, GOOD, SETTINGS, city, codes, message, sifted
from tests.workplace import SUBSCRIPTIONS
from twin import account, db
from twin.account import Tally
from twin.db import Connection
from twin.devices import register

HERE = {48, 56, 60}


@pytest.fixture
def town(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        sensors.community(connection)
        sensors.stream(connection, "old-town-7", "depth", "cm", highest=500)
        yield connection


def arrive(connection: Connection, *payloads: bytes) -> None:
    messages = [message(CITY, payload) for payload in payloads]
    settle(connection, sift(decode(messages, Routes(SUBSCRIPTIONS)), Register(register(connection)), SETTINGS))


def test_every_number_of_the_list_is_under_test() -> None:
    assert {number for number, *_ in (*BAD, *GOOD)} - {0} | HERE == set(range(1, 61))


def test_48_a_hundred_megabytes_are_refused_unread() -> None:
    (refusal,) = sifted(message(CITY, b"[" * 100_000_000)).refusals
    assert (refusal.reason_code, refusal.reason) == ("too_large", f"100000000 bytes; at most {PAYLOAD_BYTES} are read")


@pytest.mark.parametrize("size", [64 * 1024 + 1, PAYLOAD_BYTES])
def test_49_payloads_up_to_the_limit_are_read(size: int) -> None:
    assert sifted(message(CITY, city("1").ljust(size))).values == [1.0]


def test_56_another_value_for_the_same_instant_is_kept_once_and_counted_as_a_conflict(town: Connection) -> None:
    arrive(town, b'{"seq": 7, "level": 1, "ts": "2026-03-01T12:00:00Z"}')
    arrive(town, b'{"seq": 7, "level": 2, "ts": "2026-03-01T12:00:00Z"}')
    assert town.scalars(sa.text("SELECT value FROM observation")).all() == [1.0]
    assert account.total(town) == Tally(messages=2, stored=1, duplicate=1, conflict=1)


def test_60_a_retained_state_of_2019_is_counted_and_ignored() -> None:
    found = sifted(message(CITY, city("1", '"2019-03-01T12:00:00Z"'), is_retained=True))
    assert (codes(found), found.values) == ([], [])
    assert [tally.messages for tally in found.account.tallies().values()] == [1]
