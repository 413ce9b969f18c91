"""Publish and keep each message until the twin has confirmed that it is in the database."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Self

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.outbox import Kept, Outbox
from ingest.publisher import CONNECT_S, QOS, WINDOW, Publisher
from ingest.receipts import read, topic_of
from ingest.settings import Broker
from twin.errors import Refused

__all__ = ["ConfirmedPublisher"]

log = logging.getLogger(__name__)

AGAIN_S = 10.0  # without a receipt a message is sent again after so long
PUMP_S = 0.2


class ConfirmedPublisher(Publisher):
    """A publisher whose messages survive the broker's death and the twin's: sent until their receipts have come.

    What is kept goes out in its order, at most WINDOW messages at a time; the caller calls `send` or `pump` again and
    again. Raises Refused for a broker that does not speak MQTT 5, which alone has receipts.
    """

    def __init__(self, broker: Broker, outbox: Outbox, *, again_s: float = AGAIN_S) -> None:
        if broker.protocol != "5":
            raise Refused("receipts need MQTT 5")
        super().__init__(broker)
        self._outbox = outbox
        self._again_s = again_s
        self._under_way: dict[int, float] = {}  # by number: when it was sent last
        self._last = 0  # the highest number that was sent
        self._looked_s = 0.0
        self.sent_again = 0
        self._client.on_message = self._on_message

    @property
    def waiting(self) -> int:
        """How many messages are not confirmed."""
        with self._moved:
            return len(self._outbox)

    def __enter__(self) -> Self:
        """Connect, or go on trying while messages are kept; what an earlier process has left goes out first."""
        self._client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s, **self._session())
        self._client.loop_start()
        with self._moved:
            self._moved.wait_for(lambda: self._is_connected or self._trouble, CONNECT_S)
        if not self._is_connected and not self._trouble:
            log.warning("no broker at %s:%d yet; messages are kept", self._broker.host, self._broker.port)
        try:
            self.pump()
        except Refused:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect; what is not confirmed stays in the outbox. `drain` waits for it."""
        self._end()

    def send(self, topic: str, payload: bytes, stop: threading.Event | None = None) -> None:
        """Keep one message and send what may go; wait while too many are not confirmed, until `stop` is set."""
        self.keep([(topic, payload)])
        self.pump()
        while self.waiting >= WINDOW and not (stop and stop.is_set()):
            self._await_receipts()

    def keep(self, messages: list[tuple[str, bytes]]) -> None:
        """Keep messages; they are safe with the outbox when this returns."""
        with self._moved:
            self._outbox.keep(messages)

    def pump(self) -> None:
        """Send what has not been sent, as far as the window goes, and again what has waited too long for its receipt."""
        now_s = time.monotonic()
        with self._moved:
            again = self._outbox.find(self._late(now_s)) if self._is_connected else []
            fresh = self._outbox.after(self._last, WINDOW - len(self._under_way)) if self._is_connected else []
            self._last = fresh[-1].number if fresh else self._last
            self._under_way |= {one.number: now_s for one in (*again, *fresh)}
            self.sent_again += len(again)
        for one in (*again, *fresh):  # without the lock, as in Publisher.send
            self._publish(one)
        self._raise_trouble()

    def _late(self, now_s: float) -> list[int]:
        """Give what has waited too long, looking through all but seldom."""
        if now_s - self._looked_s < PUMP_S:
            return []
        self._looked_s = now_s
        return [number for number, at_s in self._under_way.items() if now_s - at_s > self._again_s]

    def drain(self, timeout_s: float = 60.0) -> None:
        """Wait until everything is confirmed. Raises Refused where it is not in time."""
        end_s = time.monotonic() + timeout_s
        while self.waiting:
            if time.monotonic() > end_s:
                raise Refused(
                    f"the twin has not confirmed {self.waiting} messages in {timeout_s:g} s; is ingest running?"
                )
            self._await_receipts()

    def _await_receipts(self) -> None:
        with self._moved:
            self._moved.wait(PUMP_S)
        self.pump()

    def _publish(self, one: Kept) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = topic_of(self._broker.username or self._broker.client_id)
        properties.CorrelationData = one.word
        self._client.publish(one.topic, one.payload, QOS, properties=properties)
        self.sent += 1

    def _on_connect(
        self, client: Client, data: object, flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if not code.is_failure:
            client.subscribe(topic_of(self._broker.username or self._broker.client_id), QOS)
        super()._on_connect(client, data, flags, code, properties)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        with self._moved:
            for number in self._outbox.confirm(read(bytes(message.payload))):
                self._under_way.pop(number, None)
            self._moved.notify_all()
