"""The bulk reader sees what stock paho sees, however the bytes are cut."""

from __future__ import annotations

import itertools
import socket
import struct
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from ingest.bulk import BulkClient
from ingest.receipts import Wanted, wanted

Seen = tuple[str, bytes, int, int, bool, Wanted | None, bool]
SUBACK_5 = b"\x90\x04\x00\x07\x00\x01"
SUBACK_3 = b"\x90\x03\x00\x07\x01"
PINGRESP = b"\xd0\x00"

PROPERTIES = st.sampled_from(
    [
        b"",
        b"\x02" + struct.pack("!I", 60),  # message expiry
        b"\x01\x01",  # payload is text
        b"\x26\x00\x01k\x00\x01v",  # user property
        b"\x26\x00\x01k" + struct.pack("!H", 200) + b"v" * 200,  # a length of two bytes
        b"\x0b\x07",  # subscription identifier
        b"\x0b\xff\x01\x08\x00\x0elinli/v1/a/ack\x09\x00\x03x-1",  # who publishes wants a receipt
        b"\x09\x00\x02\x00\xff\x03\x00\x01t\x08\x00\x01t\x23\x00\x07",  # a receipt that linli does not give
    ]
)
TOPICS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="+#\0"), min_size=1, max_size=20)


def length(n: int) -> bytes:
    """Write a variable byte integer (MQTT 5, 1.5.5)."""
    made = b""
    while True:
        n, low = n >> 7, n & 0x7F
        made += bytes([low | 0x80 if n else low])
        if not n:
            return made


@st.composite
def packets(draw: st.DrawFn, *, is_five: bool) -> bytes:
    """One packet a broker may send once the session stands."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return PINGRESP
    if kind == 1:
        return SUBACK_5 if is_five else SUBACK_3
    qos, flags = draw(st.integers(0, 1)), draw(st.sampled_from([0x00, 0x01, 0x08, 0x09]))
    topic, payload = draw(TOPICS).encode(), draw(st.binary(max_size=draw(st.sampled_from([0, 10, 300, 20_000]))))
    body = struct.pack("!H", len(topic)) + topic
    body += struct.pack("!H", draw(st.integers(1, 65_535))) if qos else b""
    if is_five:
        properties = draw(PROPERTIES)
        body += length(len(properties)) + properties
    body += payload
    return bytes([0x30 | flags & ~0x08 * (not qos) | qos << 1]) + length(len(body)) + body


def cut(stream: bytes, places: Sequence[int]) -> list[bytes]:
    marks = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    return [stream[start:end] for start, end in itertools.pairwise(marks)]


def read(client: Client, pieces: Sequence[bytes], seen: list[Seen]) -> list[Seen]:
    """Let a client read the pieces from a real socket, one after the other."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    client._sock = ours
    try:
        for piece in pieces:
            theirs.sendall(piece)
            before = -1
            while before != len(seen) or has_bytes(ours):
                before = len(seen)
                client.loop_read()
    finally:
        ours.close()
        theirs.close()
    return seen


def has_bytes(sock: socket.socket) -> bool:
    try:
        return bool(sock.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False


def stock(protocol: MQTTProtocolVersion, pieces: Sequence[bytes]) -> list[Seen]:
    client = Client(CallbackAPIVersion.VERSION2, "c", protocol=protocol, manual_ack=True)
    seen: list[Seen] = []

    def on_message(_: Client, __: object, one: MQTTMessage) -> None:
        properties = one.properties
        receipt = wanted(getattr(properties, "ResponseTopic", None), getattr(properties, "CorrelationData", None))
        seen.append((one.topic, bytes(one.payload), one.qos, one.mid, one.retain, receipt, one.dup))

    client.on_message = on_message
    return read(client, pieces, seen)


def bulk(protocol: MQTTProtocolVersion, pieces: Sequence[bytes]) -> list[Seen]:
    client = BulkClient(CallbackAPIVersion.VERSION2, client_id="c", protocol=protocol, manual_ack=True)
    seen: list[Seen] = []
    client.on_publish_packet = lambda *one: seen.append(one)
    return read(client, pieces, seen)


@given(st.lists(packets(is_five=True), max_size=12), st.lists(st.integers(0), max_size=12))
def test_bulk_and_stock_see_the_same_under_mqtt_5(stream: list[bytes], places: list[int]) -> None:
    pieces = cut(b"".join(stream), places)
    assert bulk(MQTTv5, pieces) == stock(MQTTv5, pieces)


@given(st.lists(packets(is_five=False), max_size=12), st.lists(st.integers(0), max_size=12))
def test_bulk_and_stock_see_the_same_under_mqtt_3(stream: list[bytes], places: list[int]) -> None:
    pieces = cut(b"".join(stream), places)
    assert bulk(MQTTv311, pieces) == stock(MQTTv311, pieces)


def test_bytes_that_come_one_by_one_are_read() -> None:
    stream = b"\x32\x09\x00\x01t\x00\x05\x00abc" + PINGRESP + b"\x30\x05\x00\x01u\x00z"
    pieces = [stream[at : at + 1] for at in range(len(stream))]
    assert bulk(MQTTv5, pieces) == [
        ("t", b"abc", 1, 5, False, None, False),
        ("u", b"z", 0, 0, False, None, False),
    ]


def test_a_length_without_end_ends_the_connection() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = BulkClient(CallbackAPIVersion.VERSION2, client_id="c", protocol=MQTTv5, manual_ack=True)
        client._sock = ours
        client.on_publish_packet = lambda *_: None
        theirs.sendall(b"\x32\xff\xff\xff\xff\xff\x01")
        assert client.loop_read() != 0
        assert client.socket() is None


def test_acknowledgements_go_out_in_one_buffer() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = BulkClient(CallbackAPIVersion.VERSION2, client_id="c", protocol=MQTTv5, manual_ack=True)
        client._sock = ours
        client.ack_all([1, 258, 65_535])
        assert theirs.recv(100) == b"\x40\x02\x00\x01\x40\x02\x01\x02\x40\x02\xff\xff"
        client.ack_all([])
        assert not has_bytes_now(theirs)


def has_bytes_now(sock: socket.socket) -> bool:
    sock.setblocking(False)
    return has_bytes(sock)
