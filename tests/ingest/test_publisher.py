"""The publishing session says in one line why it cannot publish."""

from __future__ import annotations

import socket
import time

import pytest
from pydantic import SecretStr

from deploy.services import Services
from ingest.publisher import Publisher
from ingest.settings import Broker
from twin.errors import Refused


def account(services: Services, name: str, *, write: tuple[str, ...] = ("city/#",), **changes: object) -> Broker:
    services.broker.grant(name, write=write)
    username, password = services.broker.credentials(name)
    where = {"host": services.broker.host, "port": services.broker.port}
    made = Broker(**where, username=username, password=SecretStr(password), client_id=name)
    return made.model_copy(update=changes)


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(Refused, match=f"no broker at 127.0.0.1:{port}"), Publisher(Broker(port=port)):
        pass


def test_a_wrong_password(services: Services) -> None:
    wrong = account(services, "publisher-1", password=SecretStr("wrong"))
    with pytest.raises(Refused, match="does not let publisher-1 in: Not authorized"), Publisher(wrong):
        pass


def test_a_topic_without_the_right_to_it(services: Services) -> None:
    one = Publisher(account(services, "publisher-2"))
    with pytest.raises(Refused, match="refused a message: Not authorized"), one:
        one.send("town/x", b"1")


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_is_sent_is_acknowledged(services: Services, protocol: str) -> None:
    with Publisher(account(services, "publisher-3", protocol=protocol)) as one:
        for number in range(3_000):
            one.send("city/x", str(number).encode())
        one.drain()
        assert (one.sent, one.acknowledged) == (3_000, 3_000)


def test_a_second_process_with_the_same_account_is_told(services: Services) -> None:
    mine = account(services, "publisher-4")
    with pytest.raises(Refused, match="gave the session to another process"), Publisher(mine), Publisher(mine):
        time.sleep(0.5)
