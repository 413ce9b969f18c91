"""The session with the broker: one that survives a crash of ours, and takes no more than it can hold."""

from __future__ import annotations

import itertools
import logging
import os
import random
import select
import ssl
import time
from collections import deque
from collections.abc import Sequence

import msgspec
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.bulk import BulkClient
from ingest.commands import Command
from ingest.filters import Filters
from ingest.receipts import Wanted, receipts, wanted
from ingest.settings import Broker, IngestSettings, Tls
from twin.errors import Refused

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 5.0
MUCH_BYTES = 65_536  # of one read
PACKETS_AT_ONCE = 1_000  # of stock paho, before the caller has its turn again
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 10.0
TAKEN_OVER = 0x8E  # MQTT 5, 3.14.2.1: another connection uses our client id
TAKEOVERS_S = 60.0
TAKEOVERS = 3  # so many within TAKEOVERS_S are two workers that fight, not one that was restarted
# RFC 8446, 6.2: the alerts that a certificate brings about; others are of a bad line, and pass
CERTIFICATE_ALERTS = frozenset(
    ("BAD_CERTIFICATE", "UNSUPPORTED_CERTIFICATE", "CERTIFICATE_REVOKED", "CERTIFICATE_EXPIRED", "CERTIFICATE_UNKNOWN")
) | {"UNKNOWN_CA", "ACCESS_DENIED", "CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE"}
NEVER = {0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C}  # version, client id, password, not authorised, banned, method


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message as it came; `session` is which connection it came by, for only there it can be acknowledged.

    `receipt` is what its publisher wants to hear when it is settled; `is_again` that the broker has sent it before.
    """

    topic: str
    payload: bytes
    qos: int
    mid: int
    is_retained: bool
    received_us: int
    session: int
    receipt: Wanted | None = None
    is_again: bool = False


class Session:
    """A lasting session with one broker, driven by the caller: nothing happens but in `poll`.

    Another thread may call `wake` and `is_due`, and nothing else.

    Messages are acknowledged by hand. Until then the broker keeps them and sends no more than `receive_maximum`, so
    `waiting` is bounded; after a lost connection it sends them again. What waits is bounded in bytes too: past
    `batch_bytes` of payload the socket is left alone.
    """

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._queue: deque[Message] = deque()
        self._queue_bytes = 0  # of the payloads in it
        self._number = 0  # of this connection
        self._lost = 0  # sessions: those that the broker did not have, the first one too
        self._orphans = 0  # messages of this connection and earlier ones are never sent again
        self._woken = os.eventfd(0, os.EFD_NONBLOCK)
        self._last_us = 0
        self._was_connected = False
        self._is_connected = False
        self._next_try_s = 0.0
        self._wait_s = FIRST_WAIT_S
        self._takeovers: deque[float] = deque(maxlen=TAKEOVERS)
        self._refused: str | None = None
        self._filters = Filters(settings)
        self._asked: int | None = None  # the packet of the subscriptions of this connection
        self._client = self._make_client()

    @property
    def waiting(self) -> int:
        """How many messages have come and are not taken."""
        return len(self._queue)

    @property
    def lost(self) -> int:
        """How often the broker had no session for us: it numbers packets anew then."""
        return self._lost

    @property
    def is_connected(self) -> bool:
        """Whether the broker has accepted us and not been lost since."""
        return self._is_connected

    @property
    def is_pressed(self) -> bool:
        """Whether more waits at the broker than one read brings, as far as can be seen."""
        return isinstance(self._client, BulkClient) and self._client.read_bytes >= MUCH_BYTES

    def poll(self, timeout_s: float) -> None:
        """Let the network have its turn: wait for it at most `timeout_s`, read, write, keep alive, connect again.

        Raises Refused where the broker will never accept us as we are, and where another worker has our client id.
        """
        sock = self._client.socket()
        if sock is None:
            self._connect(timeout_s)
        else:
            held = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
            wants = select.POLLOUT if self._client.want_write() else 0
            wants |= 0 if self._is_full() else select.POLLIN
            events = _wait({self._woken: select.POLLIN, sock.fileno(): wants}, 0 if held else timeout_s)
            if self._woken in events:
                os.eventfd_read(self._woken)
            found = events.get(sock.fileno(), 0)
            if self._is_full():
                self._excuse()
            elif held or found & ~select.POLLOUT:  # also the end of the connection
                self._read()
            if found & select.POLLOUT:
                self._client.loop_write()
            self._client.loop_misc()
        if self._refused:
            raise Refused(self._refused)

    def wake(self) -> None:
        """End the wait that `poll` or `rest` is in, or the next one."""
        os.eventfd_write(self._woken, 1)

    def rest(self, timeout_s: float) -> bool:
        """Leave the socket alone for a moment, so that one read brings many messages; tell whether `wake` ended it."""
        woken = bool(_wait({self._woken: select.POLLIN}, timeout_s))
        if woken:
            os.eventfd_read(self._woken)
        return woken

    def take(self, most: int, most_bytes: int | None = None) -> list[Message]:
        """Take the oldest messages, at most so many, and none after those that make up so many bytes of payload."""
        queue, count = self._queue, min(most, len(self._queue))
        if most_bytes is not None and self._queue_bytes > most_bytes:
            sizes = itertools.accumulate(len(one.payload) for one in itertools.islice(queue, count))
            count = min(count, 1 + sum(1 for _ in itertools.takewhile(lambda size: size < most_bytes, sizes)))
        taken = [queue.popleft() for _ in range(count)]
        self._queue_bytes = self._queue_bytes - sum(len(one.payload) for one in taken) if queue else 0
        return taken

    def is_due(self, message: Message) -> bool:
        """Tell whether a message is ours to store; one of a lost connection is not where the broker sends it again."""
        return message.qos == 0 or message.session == self._number or message.session <= self._orphans

    def hear(self, filters: Sequence[str]) -> None:
        """Subscribe to the filters of these mappings beside those of the settings, and to no others."""
        new, gone = self._filters.change(filters)
        if self._is_connected:
            if new:
                self._client.subscribe(new)
            if gone:
                self._client.unsubscribe(gone)

    def send(self, command: Command) -> None:
        """Publish what a decoder asks a device for; without a connection it is worth nothing."""
        if self._is_connected:
            self._client.publish(command.topic, command.payload)

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Tell the broker, and who wants a receipt, that these are safe; call it after the commit and never before."""
        mids = [one.mid for one in messages if one.qos and one.session == self._number]
        if not self._is_connected:
            return
        for receipt in receipts(one.receipt for one in messages):
            self.send(receipt)
        if isinstance(self._client, BulkClient):
            self._client.ack_all(mids)
        else:
            for mid in mids:
                self._client.ack(mid, 1)

    def close(self) -> None:
        """Leave in order; the broker keeps the session and what is not acknowledged."""
        deadline_s = time.monotonic() + CONNECT_TIMEOUT_S
        while self._client.socket() is not None and self._client.want_write() and time.monotonic() < deadline_s:
            self._client.loop_write()
            time.sleep(0.001)
        self._client.disconnect()
        self._is_connected = False
        os.close(self._woken)

    def arrive(  # noqa: PLR0917 - hot: keywords cost
        self,
        topic: str,
        payload: bytes,
        qos: int,
        mid: int,
        is_retained: bool,  # noqa: FBT001 - hot
        receipt: Wanted | None,
        is_again: bool,  # noqa: FBT001 - hot
    ) -> None:
        """Queue a message. No two get the same time: a format without one would lose the second as a duplicate."""
        now_us = time.time_ns() // 1000
        self._last_us = now_us if now_us > self._last_us else self._last_us + 1
        self._queue_bytes += len(payload)
        self._queue.append(
            Message(topic, payload, qos, mid, is_retained, self._last_us, self._number, receipt, is_again)
        )

    def _is_full(self) -> bool:
        """Whether to leave the socket alone: for messages of QoS 0, which no window bounds, and for large ones."""
        many = len(self._queue) > 2 * self._settings.broker.receive_maximum
        return many or self._queue_bytes > self._settings.batch_bytes

    def _read(self) -> None:
        """Read what is there: all with one call, or with stock paho packet by packet."""
        client = self._client
        client.loop_read()
        if isinstance(client, BulkClient):
            return
        for _ in range(PACKETS_AT_ONCE):
            sock = client.socket()
            if sock is None or self._is_full() or not _wait({sock.fileno(): select.POLLIN}, 0):
                return
            client.loop_read()

    def _excuse(self) -> None:
        """Keep the connection though its answers are not read; stock paho gives it up, and the broker sends again."""
        if isinstance(self._client, BulkClient):
            self._client.excuse()

    def _make_client(self) -> Client:
        broker = self._settings.broker
        is_five = broker.protocol == "5"
        kind = BulkClient if self._settings.bulk_reader else Client
        client = kind(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            protocol=MQTTv5 if is_five else MQTTv311,
            clean_session=None if is_five else False,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password.get_secret_value() if broker.password else None)
        if broker.tls is not None:
            _secure(client, broker.tls)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        if isinstance(client, BulkClient):
            client.on_publish_packet = self.arrive
            client.on_tls_error = self._on_tls_error
        if is_five:
            # clean_start False even the first time: paho's own default wipes the queue at every start of a process
            client.connect_async(
                broker.host, broker.port, broker.keepalive_s, clean_start=False, properties=_connect_properties(broker)
            )
        else:
            client.connect_async(broker.host, broker.port, broker.keepalive_s)
        return client

    def _connect(self, timeout_s: float) -> None:
        wait_s = self._next_try_s - time.monotonic()
        if wait_s > 0:
            time.sleep(min(wait_s, timeout_s))
            return
        self._next_try_s = time.monotonic() + self._wait_s * random.uniform(0.5, 1.0)
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)
        try:
            self._client.reconnect()
        except ssl.SSLError as error:
            self._on_tls_error(error)
        except OSError as error:
            broker = self._settings.broker
            log.warning("no broker at %s:%d: %s", broker.host, broker.port, error)

    def _on_tls_error(self, error: ssl.SSLError) -> None:
        """Give up where a certificate is not good; a broker that was let in before may mend it while we wait."""
        broker = self._settings.broker
        where, reason = f"{broker.host}:{broker.port}", error.reason or str(error)
        if isinstance(error, ssl.SSLCertVerificationError):
            why = f"the certificate of the broker at {where} is not good: {error.verify_message}"
        elif (alert := reason.partition("ALERT_")[2]) in CERTIFICATE_ALERTS:
            why = f"the broker at {where} refuses our certificate: {alert.lower()}"
        else:
            log.warning("no TLS session with the broker at %s: %s", where, error)
            return
        log.error("%s", why)
        if not self._was_connected:
            self._refused = why

    def _on_connect(
        self, client: Client, _: object, flags: ConnectFlags, reason: ReasonCode, __: Properties | None
    ) -> None:
        if reason.is_failure:
            log.error("the broker refuses us: %s", reason)
            if reason.value in NEVER and not self._was_connected:
                self._refused = (
                    f"the broker refuses {self._settings.broker.username or 'an anonymous client'}: {reason}"
                )
            return
        if self._was_connected and not flags.session_present:
            log.error("the broker has lost our session: what it held for us is gone")
            self._orphans = self._number  # before the next line: another thread asks `is_due`
        self._number += 1
        self._lost += not flags.session_present
        self._queue = deque(one for one in self._queue if self.is_due(one))  # the others are sent again
        self._queue_bytes = sum(len(one.payload) for one in self._queue)
        self._was_connected = self._is_connected = True
        self._wait_s = FIRST_WAIT_S
        log.info("connected to the broker, session %s", "kept" if flags.session_present else "new")
        _, self._asked = client.subscribe(self._filters.all(is_first=self._number == 1))

    def _on_subscribe(self, _: Client, __: object, mid: int, reasons: list[ReasonCode], ___: Properties | None) -> None:
        if any(reason.is_failure for reason in reasons):
            log.error("the broker refuses a subscription: %s", ", ".join(map(str, reasons)))
        for one, reason in zip(self._settings.subscriptions, reasons, strict=False):
            if reason.is_failure and mid == self._asked:  # what only a mapping wants stops nobody
                self._refused = f"the broker refuses the subscription to {one.filter}: {reason}"

    def _on_disconnect(
        self, _: Client, __: object, flags: DisconnectFlags, reason: ReasonCode, ___: Properties | None
    ) -> None:
        self._is_connected = False
        if flags.is_disconnect_packet_from_server and reason.value == TAKEN_OVER:
            self._taken_over()
        elif reason.is_failure:
            log.warning("connection to the broker lost: %s", reason)

    def _taken_over(self) -> None:
        client_id = self._settings.broker.client_id
        log.error("another client has connected as %r and taken our session over", client_id)
        now_s = time.monotonic()
        self._takeovers.append(now_s)
        if len(self._takeovers) == TAKEOVERS and now_s - self._takeovers[0] < TAKEOVERS_S:
            self._refused = f"two clients use the id {client_id!r}; give each worker one of its own and a group"

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        properties = message.properties
        receipt = wanted(getattr(properties, "ResponseTopic", None), getattr(properties, "CorrelationData", None))
        self.arrive(
            _topic(message), bytes(message.payload), message.qos, message.mid, message.retain, receipt, message.dup
        )


def _wait(wanted: dict[int, int], timeout_s: float) -> dict[int, int]:
    """Wait for events of files, and give what came; `poll`, for `select` knows no file past the 1,024th."""
    poller = select.poll()
    for file, events in wanted.items():
        if events:
            poller.register(file, events)
    return dict(poller.poll(timeout_s * 1_000))


def _topic(message: MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError:
        return repr(message)  # no broker lets it through; if one does, it goes to quarantine


def _secure(client: Client, tls: Tls) -> None:
    authority, certificate, key = (str(file) if file else None for file in (tls.ca_file, tls.cert_file, tls.key_file))
    try:
        client.tls_set(ca_certs=authority, certfile=certificate, keyfile=key)
    except (OSError, ValueError) as error:
        raise Refused(f"the certificates for the broker cannot be read: {error}") from error


def _connect_properties(broker: Broker) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = broker.session_expiry_s
    properties.ReceiveMaximum = broker.receive_maximum
    return properties
