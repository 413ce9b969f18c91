"""Publish to the broker as a device or its gateway does: QoS 1 in a session that outlives the connection."""

from __future__ import annotations

import ssl
import threading
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.settings import Broker
from twin.errors import Refused

__all__ = ["Publisher"]

CONNECT_S = 10.0
DRAIN_S = 10.0
SESSION_S = 300
LONGEST_WAIT_S = 10  # between tries to reach a broker that was lost
WINDOW = 1_000  # messages under way before `send` waits: a broker that is away is not filled up from here
TAKEN_OVER = 142  # MQTT 5, 3.14.2.1: another connection has this client id
QOS = 1


class Publisher:
    """One session; use it as a context. What was sent is delivered at least once, across reconnections.

    Raises Refused where the broker cannot be reached or does not let us in, and where it refuses a message.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._moved = threading.Condition()
        self.sent = 0
        self.acknowledged = 0
        self._is_connected = False
        self._trouble = ""
        self._client = self._make_client()

    def __enter__(self) -> Self:
        """Connect, and wait until the broker has let us in."""
        where = f"{self._broker.host}:{self._broker.port}"
        try:
            self._client.connect(self._broker.host, self._broker.port, self._broker.keepalive_s, **self._session())
        except OSError as error:
            raise Refused(f"no broker at {where}: {error}") from None
        self._client.loop_start()
        with self._moved:
            answered = self._moved.wait_for(lambda: self._is_connected or self._trouble, CONNECT_S)
        if not answered or self._trouble:
            self._end()
            raise Refused(f"the broker at {where} {self._trouble or 'does not answer'}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the acknowledgements, but not after an error, and disconnect."""
        if kind is None:
            self.drain()
        self._end()

    def send(self, topic: str, payload: bytes, stop: threading.Event | None = None) -> None:
        """Hand over one message, and wait while too many are under way, until `stop` is set."""
        with self._moved:
            while self.sent - self.acknowledged >= WINDOW and not self._trouble and not (stop and stop.is_set()):
                self._moved.wait(1.0)
        self._raise_trouble()
        # without the lock: paho calls back into _on_publish with a lock of its own that publish() needs
        self._client.publish(topic, payload, QOS)
        self.sent += 1

    def drain(self, timeout_s: float = DRAIN_S) -> None:
        """Wait until the broker has acknowledged everything. Raises Refused where it has not in time."""
        with self._moved:
            self._moved.wait_for(lambda: self.acknowledged >= self.sent or self._trouble, timeout_s)
        self._raise_trouble()
        left = self.sent - self.acknowledged
        if left > 0:
            raise Refused(f"the broker has not acknowledged {left} of {self.sent} messages in {timeout_s:g} s")

    def _session(self) -> dict[str, Any]:
        """Say how the session is opened: not by paho's default, which wipes what the broker keeps of it."""
        if self._client.protocol != MQTTProtocolVersion.MQTTv5:
            return {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_S
        return {"clean_start": False, "properties": properties}

    def _make_client(self) -> Client:
        is_v5 = self._broker.protocol == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._broker.client_id,
            clean_session=None if is_v5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if is_v5 else MQTTProtocolVersion.MQTTv311,
        )
        if self._broker.username is not None:
            password = self._broker.password
            client.username_pw_set(self._broker.username, password.get_secret_value() if password else None)
        if self._broker.tls is not None:
            tls = self._broker.tls
            context = ssl.create_default_context(cafile=tls.ca_file)
            if tls.cert_file:
                context.load_cert_chain(tls.cert_file, tls.key_file)
            client.tls_set_context(context)
        client.reconnect_delay_set(1, LONGEST_WAIT_S)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        return client

    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        with self._moved:
            self._is_connected = not code.is_failure
            if code.is_failure:
                self._trouble = f"does not let {self._broker.username or 'us'} in: {code}"
            self._moved.notify_all()

    def _on_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        with self._moved:
            self._is_connected = False
        if code.value == TAKEN_OVER:
            self._say(f"gave the session to another process with the account {self._broker.username}")

    def _on_publish(
        self, _client: Client, _data: object, _message: int, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure:
            self._say(f"refused a message: {code} (may {self._broker.username or 'this account'} write to its topic?)")
        with self._moved:
            self.acknowledged += 1
            self._moved.notify_all()

    def _say(self, trouble: str) -> None:
        with self._moved:
            self._trouble = self._trouble or trouble
            self._moved.notify_all()

    def _raise_trouble(self) -> None:
        if self._trouble:
            raise Refused(f"the broker at {self._broker.host}:{self._broker.port} {self._trouble}")

    def _end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
