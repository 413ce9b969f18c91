"""The session outlives its process, holds no more than it may, and says so when it is taken."""

from __future__ import annotations

import logging
import time

import pytest
import sqlalchemy as sa

from ingest.mqtt import Message, Session
from ingest.settings import Broker, IngestSettings, Subscription
from tests import sensors
from tests.workplace import Devices, Workplace, senml, wait_until
from twin.db import Engine
from twin.errors import Refused

READERS = ["bulk", "stock"]
PROTOCOLS = ["5", "3.1.1"]


def poll_until(session: Session, n: int) -> list[Message]:
    """Poll until n messages wait, and take them."""

    def there() -> bool:
        session.poll(0.05)
        return session.waiting >= n

    wait_until(there)
    return session.take(n)


def poll_for(seconds: float, *sessions: Session) -> None:
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        for session in sessions:
            session.poll(0.02)


def connected(settings: IngestSettings) -> Session:
    session = Session(settings)

    def there() -> bool:
        session.poll(0.05)
        return session.is_connected

    wait_until(there)
    for _ in range(5):
        session.poll(0.02)  # the subscription
    return session


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_not_acknowledged_comes_again_to_the_next_process(
    workplace: Workplace, city: Devices, protocol: str, reader: str
) -> None:
    settings = workplace.settings(protocol=protocol).model_copy(update={"bulk_reader": reader == "bulk"})
    first = connected(settings)
    for number in range(3):
        city.send("senml/a", f"{number}")
    taken = poll_until(first, 3)
    assert [one.payload for one in taken] == [b"0", b"1", b"2"]
    first.acknowledge(taken[:1])
    first.close()
    city.send("senml/a", "3")
    second = connected(settings)
    again = poll_until(second, 3)
    assert sorted(one.payload for one in again) == [b"1", b"2", b"3"]
    second.acknowledge(again)
    second.close()


@pytest.mark.parametrize("reader", READERS)
def test_no_more_messages_come_than_the_window_holds(workplace: Workplace, city: Devices, reader: str) -> None:
    settings = workplace.settings(receive_maximum=7).model_copy(update={"bulk_reader": reader == "bulk"})
    session = connected(settings)
    for number in range(20):
        city.send("senml/a", f"{number}")
    city.drain()
    for _ in range(20):
        session.poll(0.02)
    assert session.waiting == 7
    session.acknowledge(session.take(7))
    assert len(poll_until(session, 7)) == 7
    session.close()


def test_no_two_messages_have_the_same_time(workplace: Workplace, city: Devices) -> None:
    session = connected(workplace.settings())
    for number in range(500):
        city.send("senml/a", f"{number}")
    times = [one.received_us for one in poll_until(session, 500)]
    assert times == sorted(set(times))
    session.close()


def test_retained_states_come_when_the_subscription_is_new_and_not_again(workplace: Workplace, city: Devices) -> None:
    city.send("zigbee2mqtt/retained-lamp", "{}", retain=True)
    city.drain()
    settings = workplace.settings()
    session = connected(settings)
    (first,) = [one for one in poll_until(session, 1) if one.topic == "zigbee2mqtt/retained-lamp"]
    assert first.is_retained
    session.acknowledge([first])
    session.close()
    again = connected(settings)
    for _ in range(10):
        again.poll(0.02)
    assert again.waiting == 0
    again.close()
    city.send("zigbee2mqtt/retained-lamp", "", retain=True)
    city.drain()


def test_descriptions_come_again_to_a_new_process_whose_decoder_remembers(workplace: Workplace, city: Devices) -> None:
    topic = "homie/5/well/$description"
    city.send(topic, '{"homie": "5.0"}', retain=True)
    city.drain()
    described = (Subscription(filter="homie/#", decoder="homie"),)
    settings = workplace.settings().model_copy(update={"subscriptions": described})
    for _ in range(2):
        session = connected(settings)
        (description,) = poll_until(session, 1)
        assert (description.topic, description.is_retained) == (topic, True)
        session.acknowledge([description])
        session.close()
    city.send(topic, "", retain=True)
    city.drain()


def test_two_clients_with_one_id_are_told_so(workplace: Workplace, caplog: pytest.LogCaptureFixture) -> None:
    settings = workplace.settings()
    first, second = connected(settings), connected(settings)
    with caplog.at_level(logging.ERROR), pytest.raises(Refused, match="two clients use the id"):
        poll_for(30, first, second)
    assert "taken our session over" in caplog.text
    first.close()
    second.close()


def test_a_wrong_password_is_one_clear_line(workplace: Workplace) -> None:
    settings = workplace.settings()
    wrong = settings.at(settings.broker.host, settings.broker.port, "ingest", "wrong")
    session = Session(wrong)
    with pytest.raises(Refused, match="the broker refuses ingest"):
        poll_for(5, session)


def test_a_broker_that_is_away_is_waited_for(workplace: Workplace) -> None:
    session = Session(IngestSettings(broker=Broker(port=1)))
    for _ in range(5):
        session.poll(0.05)
    assert not session.is_connected
    session.close()


def test_stock_paho_serves_where_the_bulk_reader_is_switched_off(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, 1)
    settings = workplace.settings(protocol="3.1.1").model_copy(update={"bulk_reader": False})
    with workplace.working(settings):
        for number in range(300):
            city.send("senml/1", senml(1, time.time() - number, number))
        wait_until(lambda: rows(engine) == 300)


def rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM observation")).scalar_one())


@pytest.mark.parametrize("reader", READERS)
def test_large_messages_wait_at_the_broker_and_not_in_memory(workplace: Workplace, city: Devices, reader: str) -> None:
    limit = 1_048_576
    changes = {"batch_bytes": limit, "bulk_reader": reader == "bulk"}
    session = connected(workplace.settings(receive_maximum=1_000).model_copy(update=changes))
    for number in range(60):
        city.send("senml/a", bytes([number]) * 200_000)
    city.drain()
    poll_for(2, session)
    assert limit < session.waiting * 200_000 <= limit + 2 * 262_144 + 200_000
    taken: list[Message] = []
    while len(taken) < 60:
        session.poll(0.05)
        came = session.take(1_000, limit // 2)
        assert sum(len(one.payload) for one in came) < limit // 2 + 200_000
        session.acknowledge(came)
        taken += came
    assert [one.payload[0] for one in taken] == list(range(60))
    session.close()


@pytest.mark.slow_fault
def test_a_session_that_is_full_for_longer_than_its_keepalive_stays(workplace: Workplace, city: Devices) -> None:
    session = connected(workplace.settings(keepalive_s=5).model_copy(update={"batch_bytes": 1_048_576}))
    for _ in range(30):
        city.send("senml/a", bytes(200_000))
    city.drain()
    poll_for(13, session)
    assert session.is_connected
    assert {one.session for one in session.take(1_000)} == {1}
    session.close()
