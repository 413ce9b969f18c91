"""Devices that report at a steady rate, and the comparison of what they sent with what is stored."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from tests.workplace import senml, stored, wait_until
from twin import account
from twin.db import Engine

THINGS = 100


class Publishing(Protocol):
    """Who takes messages and can wait until they are safe."""

    def send(self, topic: str, payload: bytes, /) -> None:
        """Take a message."""

    def drain(self) -> None:
        """Wait until all are safe."""


class Load(threading.Thread):
    """THINGS devices that report `rate` times a second in all, until told to finish."""

    def __init__(self, city: Publishing, rate: int) -> None:
        super().__init__()
        self._sent: list[tuple[str, float]] = []
        self._city = city
        self._rate = rate
        self._finish = threading.Event()

    @property
    def count(self) -> int:
        """How many readings were handed over."""
        return len(self._sent)

    def run(self) -> None:
        """Publish, the broker there or not."""
        start_s = time.time()
        while not self._finish.wait(0.01):
            for number in range(len(self._sent), int((time.time() - start_s) * self._rate)):
                device = number % THINGS + 1
                self._city.send(f"senml/{device}", senml(device, start_s + number / self._rate, number))
                self._sent.append((f"device-{device}", float(number)))

    def finish(self) -> list[tuple[str, float]]:
        """Stop, wait until the broker has it all, and give what was sent in the order of `stored`."""
        self._finish.set()
        self.join()
        self._city.drain()
        return sorted(self._sent)


def assert_settled(engine: Engine, sent: list[tuple[str, float]], timeout_s: float = 20) -> None:
    """Wait until all is stored; then nothing is missing, doubled or set aside, and the account adds up."""
    wait_until(lambda: settled(engine) >= len(sent), timeout_s)
    assert stored(engine) == sent
    with engine.connect() as connection:
        total = account.total(connection)
    assert (total.stored, total.quarantined) == (len(sent), 0)
    assert total.messages == total.received == total.stored + total.duplicate


def settled(engine: Engine) -> int:
    """How many readings are stored, by the account."""
    with engine.connect() as connection:
        return account.total(connection).stored
