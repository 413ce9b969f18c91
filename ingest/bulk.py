"""A paho client that reads many messages with one system call.

Stock paho takes three `recv` calls, a select and a dozen objects a message, and acknowledges each with a send of its
own. Here one `recv` fills a buffer; the PUBLISH packets of QoS 0 and 1 in it are cut out in one loop, and all else is
left to stock paho, which reads from the same buffer. It leans on four private names of paho (`_sock`, `_sock_recv`,
`_packet_read`, `_in_packet`), four for sending, errors and keeping alive and three for TLS: tests/ingest/test_bulk.py holds both ways
equal.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence

import numpy as np
from paho.mqtt.client import MQTT_ERR_AGAIN, MQTT_ERR_CONN_LOST, Client, MQTTv5
from paho.mqtt.enums import MQTTErrorCode

from ingest.properties import answer
from ingest.receipts import Wanted, wanted

RECEIVE_BYTES = 262_144
PUBLISH = 0x30
PUBLISH_MASK = 0xF4  # the packet type, and the bit that is set in QoS 2 only
PUBACK = 0x40
PUBACK_LENGTH = 2
LENGTH_BYTES = 4  # of a remaining length, at most
MORE = 0x80  # the bit that says that the length goes on in the next byte
TOPICS_KEPT = 100_000

# topic, payload, QoS, message id, retained, what its receipt is to say, sent again
Arrive = Callable[[str, bytes, int, int, bool, Wanted | None, bool], None]


class BulkClient(Client):
    """Stock paho but for `loop_read`, which hands messages to `on_publish_packet`, and for `ack_all`.

    Under TLS 1.3 a broker refuses our certificate after the handshake: `on_tls_error` hears of it.
    """

    on_publish_packet: Arrive
    on_tls_error: Callable[[ssl.SSLError], None]

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self.read_bytes = 0  # by the last read
        self._buffer = b""
        self._topics: dict[bytes, str] = {}

    def reconnect(self) -> MQTTErrorCode:
        """Connect again; half a packet of the lost connection is forgotten."""
        self._buffer = b""
        return super().reconnect()

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        """Do what stock paho does, and close the connection where the handshake fails."""
        if self._ssl_context is None:
            raise ValueError("TLS without certificates")
        secured = self._ssl_context.wrap_socket(tcp_sock, server_hostname=self._host, do_handshake_on_connect=False)
        try:
            secured.settimeout(self._connect_timeout)
            secured.do_handshake()
        except OSError:
            secured.close()
            raise
        return secured

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:  # noqa: ARG002 - paho's own ignores it too
        """Read once from the socket and handle every packet that is whole."""
        if self._sock is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        try:
            chunk = super()._sock_recv(RECEIVE_BYTES)
        except BlockingIOError:
            self.read_bytes = 0
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except ssl.SSLError as error:
            self.on_tls_error(error)
            chunk = b""
        except OSError:
            chunk = b""
        if not chunk:
            return self._loop_rc_handle(MQTT_ERR_CONN_LOST)
        self.read_bytes = len(chunk)
        self._buffer += chunk
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()
        return self._handle_buffer()

    def excuse(self) -> None:
        """Count the broker as alive: what it has said may be in a socket that is left alone."""
        self._ping_t = 0.0
        with self._msgtime_mutex:
            self._last_bytes_received = time.monotonic()

    def ack_all(self, mids: Sequence[int]) -> None:
        """Acknowledge these messages of QoS 1, all in one buffer."""
        if mids:
            packets = np.full((len(mids), 2), PUBACK << 8 | PUBACK_LENGTH, dtype=">u2")
            packets[:, 1] = mids
            self._packet_queue(PUBACK, packets.tobytes(), mids[-1], 0)

    def _sock_send(self, buf: bytes | bytearray) -> int:
        """Send; where the broker has hung up, hear first why: its alert may lie unread before the reset."""
        try:
            return super()._sock_send(buf)
        except BlockingIOError:
            raise
        except OSError:
            self._hear_alert()
            raise

    def _hear_alert(self) -> None:
        if not isinstance(self._sock, ssl.SSLSocket):
            return
        try:
            while self._sock.recv(RECEIVE_BYTES):
                pass
        except ssl.SSLError as error:
            self.on_tls_error(error)
        except OSError:
            pass  # the reset, and nothing before it

    def _sock_recv(self, bufsize: int) -> bytes:
        """Give stock paho the next bytes of the buffer, as the socket would."""
        if not self._buffer:
            raise BlockingIOError
        taken, self._buffer = self._buffer[:bufsize], self._buffer[bufsize:]
        return taken

    def _handle_buffer(self) -> MQTTErrorCode:
        while self._buffer and self._sock is not None:
            if self._in_packet["command"] == 0 and self._buffer[0] & PUBLISH_MASK == PUBLISH:
                if self._cut_messages():
                    continue
                if not self._is_malformed():
                    break
            rc = self._packet_read()
            if rc == MQTT_ERR_AGAIN:
                break
            if rc > 0:
                return self._loop_rc_handle(rc)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _cut_messages(self) -> bool:
        """Hand over the messages at the head of the buffer; False where the next packet is not whole yet."""
        buffer, position, size = self._buffer, 0, len(self._buffer)
        is_five, arrive = self._protocol == MQTTv5, self.on_publish_packet
        while position + 1 < size and buffer[position] & PUBLISH_MASK == PUBLISH:
            head = buffer[position]
            length, at = buffer[position + 1], position + 2
            if length & MORE:
                length, at = _long_length(buffer, position + 1)
            end = at + length
            if end > size or at == 0:
                break
            at, topic_end = at + 2, at + 2 + (buffer[at] << 8 | buffer[at + 1])
            topic = buffer[at:topic_end]
            qos, mid, at, receipt = 0, 0, topic_end, None
            if head & 0x02:
                qos, mid, at = 1, buffer[at] << 8 | buffer[at + 1], at + 2
            if is_five:
                if buffer[at] == 0:
                    at += 1
                else:
                    length, start = _long_length(buffer, at)
                    at = start + length
                    receipt = wanted(*answer(buffer[start:at]))
            name = self._topics.get(topic) or self._topic(topic)
            arrive(name, buffer[at:end], qos, mid, head & 0x01 == 1, receipt, head & 0x08 > 0)
            position = end
        self._buffer = buffer[position:]
        return position > 0

    def _is_malformed(self) -> bool:
        """Tell whether the length of the next packet never ends, which stock paho answers."""
        return len(self._buffer) > LENGTH_BYTES and all(byte & MORE for byte in self._buffer[1 : LENGTH_BYTES + 1])

    def _topic(self, encoded: bytes) -> str:
        """Decode a topic, and keep it: the same ones come again and again."""
        topic = encoded.decode("utf-8", "backslashreplace")
        if len(self._topics) < TOPICS_KEPT:
            self._topics[encoded] = topic
        return topic


def _long_length(buffer: bytes, at: int) -> tuple[int, int]:
    """Read a remaining length of more than one byte, and where the packet goes on; (0, 0) where it is not whole."""
    length = 0
    for count in range(LENGTH_BYTES):
        if at + count >= len(buffer):
            return 0, 0
        byte = buffer[at + count]
        length |= (byte & ~MORE) << (7 * count)
        if not byte & MORE:
            return length, at + count + 1
    return 0, 0
