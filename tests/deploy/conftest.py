"""Give the tests of the services a place of their own, and clients of the broker."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from deploy import services as running
from deploy.services import Broker
from deploy.settings import ServiceSettings

Until = Callable[..., None]
WAIT_S = 10
QUIET_S = 0.5  # long enough for a message that was let through to arrive
DAY_S = 86_400
TAKEN, NOBODY_LISTENS, DENIED = 0, 16, 135  # reason codes of MQTT 5


class Client:
    """An MQTT 5 client that keeps what it hears; its session stays for a day."""

    def __init__(self, broker: Broker, login: tuple[str, str], *, client_id: str = "", clean: bool = True) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.answered: dict[int, int] = {}
        self.subscribed: set[int] = set()
        self.connected = threading.Event()
        self.gone = threading.Event()
        self.code = -1
        self.link = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
        self.link.username_pw_set(*login)
        self.link.on_connect = self._on_connect
        self.link.on_message = lambda _c, _u, message: self.heard.append((message.topic, bytes(message.payload)))
        self.link.on_publish = self._on_publish
        self.link.on_subscribe = lambda _c, _u, number, _codes, _p: self.subscribed.add(number)
        self.link.on_disconnect = lambda *_: self.gone.set()
        kept = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        kept.SessionExpiryInterval = DAY_S
        self.link.connect(broker.host, broker.port, clean_start=clean, properties=kept)
        self.link.loop_start()
        assert self.connected.wait(WAIT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self.link.disconnect()
        self.link.loop_stop()

    def publish(self, topic: str, payload: bytes = b"1") -> bool:
        """Publish at QoS 1; True where the broker took it, False where it denied it."""
        sent = self.link.publish(topic, payload, qos=1)
        wait_for(lambda: sent.mid in self.answered)
        assert self.answered[sent.mid] in (TAKEN, NOBODY_LISTENS, DENIED)
        return self.answered[sent.mid] != DENIED

    def subscribe(self, topic: str) -> None:
        """Subscribe at QoS 1 and wait for the broker's answer, be it yes or no."""
        _, number = self.link.subscribe(topic, qos=1)
        wait_for(lambda: number in self.subscribed)

    def _on_connect(self, _c: object, _u: object, _f: object, code: ReasonCode, _p: object) -> None:
        self.code = code.value
        self.connected.set()

    def _on_publish(self, _c: object, _u: object, number: int, code: ReasonCode, _p: object) -> None:
        self.answered[number] = code.value


def wait_for(holds: Callable[[], bool], *, timeout_s: float = WAIT_S) -> None:
    """Wait until something holds, and fail where it does not in time."""
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def connect() -> type[Client]:
    """The class of a client, to connect with."""
    return Client


@pytest.fixture
def until() -> Until:
    """Wait for something to hold."""
    return wait_for


@pytest.fixture
def place(tmp_path: Path) -> Iterator[ServiceSettings]:
    """Settings of services in a folder of their own; what was started there is stopped."""
    settings = ServiceSettings(data=tmp_path / "linli", engine="embedded", profile="small")
    yield settings
    running.down(settings)
