"""Publish readings of DEVICES devices faster than any client library: raw MQTT 3.1.1, QoS 1, in a process of its own.

    python -m bench.ingest_load LOAD        (LOAD: the JSON of a Load)

With a rate each message goes out when it is due and is stamped with that moment; with rate 0 all go out at once, stamped
a second apart for each device, up to now. Ends when the broker has acknowledged everything, and prints how many.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Literal

DEVICES = 1_000
WINDOW = 20_000  # messages under way before we wait for the broker
PIECE = 500  # messages of one send
PAUSE_S = 0.0005
ACK_BYTES = 4
RECEIVE_BYTES = 65_536
KEEPALIVE_S = 600

Form = Literal["senml", "flat"]


@dataclass(frozen=True, slots=True)
class Load:
    """What to publish: `messages` at `rate` a second, as SenML, or flat as {"id", "t", "v"} for who reads no arrays."""

    port: int
    username: str
    password: str
    messages: int
    rate: float = 0.0
    form: Form = "senml"

    def begin(self) -> subprocess.Popen[str]:
        """Start publishing, and give the process."""
        argv = [sys.executable, "-m", "bench.ingest_load", json.dumps(asdict(self))]
        return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)

    def publish(self) -> None:
        """Publish everything. Raises CalledProcessError where the broker has not taken it."""
        process = self.begin()
        process.communicate()
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, process.args)


class Sender:
    """A connection that sends packets and counts what is acknowledged."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._socket = socket.create_connection(("127.0.0.1", load.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(_connect(load.username, load.password))
        answer = self._socket.recv(4)
        if answer != b"\x20\x02\x00\x00":
            raise ConnectionError(f"the broker refuses {load.username}: {answer!r}")
        self._sent = 0
        self._acknowledged_bytes = 0

    def run(self) -> int:
        """Send all, and give how many the broker has acknowledged."""
        load, begin = self._load, time.time()
        while self._sent < load.messages:
            due = load.messages if not load.rate else min(load.messages, int((time.time() - begin) * load.rate) + 1)
            room = WINDOW - (self._sent - self._acknowledged_bytes // ACK_BYTES)
            count = min(due - self._sent, room, PIECE)
            if count > 0:
                self._socket.sendall(b"".join([self._packet(self._sent + i, begin) for i in range(count)]))
                self._sent += count
            self._hear(0 if count > 0 else PAUSE_S)
        while self._acknowledged_bytes < load.messages * ACK_BYTES:
            self._hear(1)
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()
        return self._acknowledged_bytes // ACK_BYTES

    def _hear(self, timeout_s: float) -> None:
        if select.select([self._socket], [], [], timeout_s)[0]:
            heard = self._socket.recv(RECEIVE_BYTES)
            if not heard:
                raise ConnectionError("the broker has gone")
            self._acknowledged_bytes += len(heard)

    def _packet(self, number: int, begin: float) -> bytes:
        device = number % DEVICES + 1
        at = time.time() if self._load.rate else begin - (self._load.messages - number - 1) // DEVICES
        if self._load.form == "senml":
            body = f'[{{"bn":"device-{device}:","n":"temperature","u":"Cel","t":{at!r},"v":{value_of(number)}}}]'
        else:
            body = f'{{"id":{device},"t":{at!r},"v":{value_of(number)}}}'
        topic = f"{self._load.form}/{device}".encode()
        rest = struct.pack("!H", len(topic)) + topic + struct.pack("!H", number % 65_535 + 1) + body.encode()
        return b"\x32" + _length(len(rest)) + rest


def value_of(number: int) -> float:
    """Give each message a temperature of its own that alarms nobody [Cel]."""
    return 15 + number / 100_000


def _connect(username: str, password: str) -> bytes:
    words = [username.encode(), username.encode(), password.encode()]
    rest = b"\x00\x04MQTT\x04\xc2" + struct.pack("!H", KEEPALIVE_S)
    rest += b"".join(struct.pack("!H", len(word)) + word for word in words)
    return b"\x10" + _length(len(rest)) + rest


def _length(size: int) -> bytes:
    return bytes([size]) if size < 128 else bytes([size % 128 | 128, size // 128])  # noqa: PLR2004 - MQTT 3.1.1, 2.2.3


if __name__ == "__main__":
    print(Sender(Load(**json.loads(sys.argv[1]))).run())
