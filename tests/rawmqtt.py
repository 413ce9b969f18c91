"""MQTT 3.1.1 with nothing but a socket: much faster than a client library, and as many sessions as a test wants."""

from __future__ import annotations

import itertools
import select
import socket
import struct
from collections.abc import Iterable

from deploy.services import Services

WINDOW = 10_000
PIECE = 500
ACCEPTED = (b"\x20\x02\x00\x00", b"\x20\x02\x01\x00")
ACK_BYTES = 4


def packet(kind: int, rest: bytes) -> bytes:
    """Write a packet."""
    size, length = len(rest), b""
    while True:
        size, low = size >> 7, size & 0x7F
        length += bytes([low | 0x80 if size else low])
        if not size:
            return bytes([kind]) + length + rest


def words(*parts: bytes) -> bytes:
    return b"".join(struct.pack("!H", len(part)) + part for part in parts)


def login(name: str, password: str) -> bytes:
    """Write CONNECT: a session that is kept, no keepalive."""
    return packet(0x10, words(b"MQTT") + b"\x04\xc0\x00\x00" + words(name.encode(), name.encode(), password.encode()))


def publication(topic: str, payload: bytes, number: int, *, retain: bool = False) -> bytes:
    """Write PUBLISH of QoS 1."""
    mid = struct.pack("!H", number % 65_535 + 1)
    return packet(0x33 if retain else 0x32, words(topic.encode()) + mid + payload)


def pour(services: Services, messages: Iterable[tuple[str, bytes]], *, retain: bool = False) -> None:
    """Publish everything, and wait until the broker has acknowledged it."""
    services.broker.grant("pourer", write=["#"])
    with socket.create_connection((services.broker.host, services.broker.port)) as link:
        link.sendall(login(*services.broker.credentials("pourer")))
        assert link.recv(4) in ACCEPTED
        sent = heard = 0
        packets = (publication(*one, number, retain=retain) for number, one in enumerate(messages))
        while piece := list(itertools.islice(packets, PIECE)):
            link.sendall(b"".join(piece))
            sent += len(piece)
            while select.select([link], [], [], 0 if sent - heard // ACK_BYTES < WINDOW else 10)[0]:
                heard += len(link.recv(65_536))
        while heard < sent * ACK_BYTES:
            assert select.select([link], [], [], 60)[0], (heard // ACK_BYTES, sent)
            heard += len(link.recv(65_536))
        link.sendall(b"\xe0\x00")
