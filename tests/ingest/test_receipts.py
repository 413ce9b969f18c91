"""Who wants a receipt hears that a message is in the database, and keeps it until then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from ingest.confirmed import ConfirmedPublisher
from ingest.outbox import Outbox
from ingest.properties import answer
from ingest.receipts import Wanted, read, receipts, topic_of, wanted
from ingest.settings import Broker
from tests import sensors
from tests.workplace import Workplace, senml, stored
from twin import account
from twin.db import Engine
from twin.errors import Refused

THINGS = 10


def gateway(workplace: Workplace, name: str = "gateway") -> Broker:
    """The session of a gateway that may publish for its devices."""
    broker = workplace.services.broker
    broker.grant(name, write=["senml/#"])
    username, password = broker.credentials(name)
    return Broker(
        host=broker.host, port=broker.port, username=username, password=SecretStr(password), client_id=username
    )


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    made = Outbox(tmp_path / "outbox.db")
    yield made
    made.close()


def test_a_message_waits_until_the_twin_has_stored_it(workplace: Workplace, engine: Engine, outbox: Outbox) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    settings = workplace.settings()
    with workplace.working(settings):
        pass  # makes the session
    with ConfirmedPublisher(gateway(workplace), outbox) as publisher:
        now = time.time()
        for number in range(300):
            publisher.send(f"senml/{number}", senml(number % THINGS + 1, now - number, number))
        with pytest.raises(Refused, match=r"has not confirmed 300 messages in 1 s; is ingest running\?"):
            publisher.drain(1)
        with workplace.working(settings):
            publisher.drain()
        assert (publisher.waiting, publisher.sent, len(outbox)) == (0, 300, 0)
    assert len(stored(engine)) == 300


def test_what_is_a_duplicate_or_set_aside_is_confirmed_too(workplace: Workplace, engine: Engine) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, 1)
    one, poison = senml(1, time.time(), 1), b"[{"
    with workplace.working(workplace.settings()), ConfirmedPublisher(gateway(workplace), Outbox()) as publisher:
        for payload in (one, one, poison, one):
            publisher.send("senml/1", payload)
        publisher.drain()
    with engine.connect() as connection:
        assert account.total(connection) == account.Tally(messages=4, stored=1, duplicate=2, quarantined=1)


def test_what_a_killed_process_has_left_goes_out_from_the_next(
    workplace: Workplace, engine: Engine, tmp_path: Path
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    first = Outbox(tmp_path / "outbox.db")
    first.keep([(f"senml/{number}", senml(1, time.time() - number, number)) for number in range(20)])
    first.close()
    with workplace.working(workplace.settings()):
        second = Outbox(tmp_path / "outbox.db")
        assert len(second) == 20
        with ConfirmedPublisher(gateway(workplace), second) as publisher:
            publisher.drain()
        second.close()
    assert sorted(stored(engine)) == sorted(("device-1", float(number)) for number in range(20))


def test_only_the_owner_of_a_message_can_let_it_go(outbox: Outbox) -> None:
    outbox.keep([("a", b"1"), ("b", b"2"), ("c", b"3")])
    first, second, third = outbox.after(0, 9)
    assert outbox.confirm([b"1", b"x-1", b"", second.word, b"guess-" + third.word]) == [second.number]
    assert [one.topic for one in outbox.after(0, 9)] == ["a", "c"]
    assert [one.payload for one in outbox.find([first.number, second.number])] == [b"1"]
    assert outbox.confirm([second.word]) == [second.number]
    assert len(outbox) == 2


def test_a_receipt_goes_to_the_topics_of_receipts_alone() -> None:
    assert wanted("linli/v1/gateway/ack", b"w-1") == Wanted(topic_of("gateway"), b"w-1")
    for topic in ("linli/v1/gateway/up/x", "linli/v1/a/b/ack", "linli/v1/+/ack", "senml/1", None):
        assert wanted(topic, b"w-1") is None
    for word in (b"", b"a b", b"a\nb", b"\xff", b"x" * 65, None):
        assert wanted("linli/v1/gateway/ack", word) is None


@given(st.lists(st.tuples(st.sampled_from("ab"), st.text("xyz", min_size=1, max_size=64)), max_size=300))
def test_receipts_say_each_word_once_to_whom_it_is_for_and_are_short(pairs: list[tuple[str, str]]) -> None:
    said = receipts([*(Wanted(topic_of(name), word.encode()) for name, word in pairs), None])
    for name in "ab":
        mine = [word for one in said if one.topic == topic_of(name) for word in read(one.payload)]
        assert mine == [word.encode() for owner, word in pairs if owner == name]
    assert all(0 < len(one.payload) <= 4_096 for one in said)


@given(st.binary(max_size=60))
def test_no_properties_however_broken_make_the_reader_fail(properties: bytes) -> None:
    topic, word = answer(properties)
    assert topic is None or isinstance(topic, str)
    assert word is None or isinstance(word, bytes)


def test_receipts_need_mqtt_5() -> None:
    with pytest.raises(Refused, match="receipts need MQTT 5"):
        ConfirmedPublisher(Broker(protocol="3.1.1"), Outbox())


def test_an_outbox_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"no outbox at .*/nowhere/outbox.db"):
        Outbox(tmp_path / "nowhere/outbox.db")
