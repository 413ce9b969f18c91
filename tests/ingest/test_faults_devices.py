"""Devices do what they should not: each message is accounted for, and the good ones are stored."""

from __future__ import annotations

import json
import random
import threading
import time

import numpy as np
import pytest
import sqlalchemy as sa

from tests import sensors
from tests.load import THINGS
from tests.workplace import Devices, Workplace, senml, stored, wait_until
from twin import account, changes
from twin.db import Engine

DAY = 1_440

pytestmark = pytest.mark.fault


def total(engine: Engine) -> account.Tally:
    with engine.connect() as connection:
        return account.total(connection)


def refused(engine: Engine) -> dict[str, int]:
    """How much is set aside, by reason code."""
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT reason_code, sum(count)::int FROM quarantine GROUP BY 1"))
        return {code: count for code, count in rows}  # noqa: C416 - rows are no pairs


def chunks(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(sa.text("SELECT count(*) FROM show_chunks('observation')")) or 0)


def test_devices_with_wrong_clocks_are_set_aside_and_make_no_chunk(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    now = time.time()
    # 1978 (SenML takes smaller numbers as relative to now), ten years on, ms for s, the local time of China for UTC
    wrong = [2.0**28, now + 10 * 365 * 86_400, now * 1_000, now + 8 * 3_600]
    with workplace.working(workplace.settings()):
        city.send("senml/1", senml(1, now, 1))
        wait_until(lambda: total(engine).stored == 1)
        before = chunks(engine)
        for number in range(400):
            when = wrong[number % 4] + number / 1_000
            pack = json.dumps(
                [{"bn": f"device-{number % THINGS + 1}:", "n": "temperature", "u": "Cel", "bt": when, "v": 1}]
            )
            city.send(f"senml/{number}", pack)
        wait_until(lambda: total(engine).received == 401)
    assert total(engine) == account.Tally(messages=401, stored=1, quarantined=400)
    assert sum(refused(engine).values()) == 400
    assert chunks(engine) == before


def test_poison_in_the_stream_is_set_aside_and_delays_nothing(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    good, start = [], time.time() - 60
    with workplace.working(workplace.settings()):
        for number in range(3_000):
            device = number % THINGS + 1
            if number % 50 == 0:
                city.send(f"senml/{device}", b'[{"n":"' + b"\xff" * (number % 7 + 1) + b"\x00")
                continue
            city.send(f"senml/{device}", senml(device, start + number / 100, number))
            good.append((f"device-{device}", float(number)))
        city.drain()
        wait_until(lambda: total(engine).received == 3_000)
    assert stored(engine) == sorted(good)
    assert total(engine) == account.Tally(messages=3_000, stored=2_940, quarantined=60)
    assert sum(refused(engine).values()) == 60


def test_a_day_replayed_in_any_order_changes_no_row(workplace: Workplace, engine: Engine, city: Devices) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, 5)
    start = time.time() - 2 * 86_400
    day = [(number % 5 + 1, start + 60 * number, float(number)) for number in range(DAY)]
    with workplace.working(workplace.settings()):
        for device, at, value in day:
            city.send(f"senml/{device}", senml(device, at, value))
        city.drain()
        wait_until(lambda: total(engine).stored == DAY)
        before = whole(engine)
        random.Random(3).shuffle(day)
        for device, at, value in day:
            city.send(f"senml/{device}", senml(device, at, value + 1))
        city.drain()
        wait_until(lambda: total(engine).received == 2 * DAY)
    assert whole(engine) == before
    assert total(engine) == account.Tally(messages=2 * DAY, stored=DAY, duplicate=DAY, conflict=DAY)


def whole(engine: Engine) -> list[tuple[object, ...]]:
    """Every observation and every newest reading."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("""
            SELECT datastream_id, time, value FROM observation
            UNION ALL SELECT datastream_id, time, value FROM latest ORDER BY 1, 2, 3
            """)
        )
        return [tuple(row) for row in rows]


class Clocked:
    """Devices 1 to THINGS that report 100 times a second in all, and how long each took to be announced."""

    def __init__(self, url: str, city: Devices) -> None:
        self._url = url
        self._city = city
        self._sent: dict[int, float] = {}
        self._waits: list[float] = []
        self._stop = threading.Event()

    def wait_ms(self, seconds: float) -> float:
        """Report for a while, and give the 95th percentile from publishing to the announcement, [ms]."""
        self._waits.clear()
        begin = time.time()
        for number in range(int(seconds * 100)):
            time.sleep(max(0.0, begin + number / 100 - time.time()))
            device = number % THINGS + 1
            self._sent[device] = time.time()
            self._city.send(f"senml/{device}", senml(device, self._sent[device], number))
        wait_until(lambda: not self._sent)
        return float(np.percentile(self._waits, 95) * 1_000)

    def listen(self) -> None:
        """Hear what is stored; datastreams have the numbers of their devices."""
        for change in changes.listen(self._url, timeout_s=0.2):
            if self._stop.is_set():
                return
            if change is not None and change.kind == "latest":
                now = time.time()
                self._waits += [now - self._sent.pop(one) for one in change.fields["ids"] if one in self._sent]

    def stop(self) -> None:
        self._stop.set()


def test_a_device_that_floods_is_limited_and_named_and_delays_no_other(
    workplace: Workplace, engine: Engine, city: Devices, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS + 1)
    clocked = Clocked(workplace.database, city)
    listening = threading.Thread(target=clocked.listen)
    listening.start()
    settings = workplace.settings().model_copy(update={"flood_burst": 50})
    with Devices(workplace.services, "flooder") as flooder, workplace.working(settings):
        clocked.wait_ms(1)
        usual_ms = clocked.wait_ms(4)
        stop = threading.Event()
        sent = [0]

        def flood() -> None:
            while not stop.wait(0.01):
                for _ in range(10):
                    flooder.send("senml/flood", senml(THINGS + 1, time.time(), sent[0]))
                    sent[0] += 1

        flooding = threading.Thread(target=flood)
        flooding.start()
        flooded_ms = clocked.wait_ms(4)
        stop.set()
        flooding.join()
        flooder.drain()
        wait_until(lambda: total(engine).received == 900 + sent[0])
        clocked.stop()
        listening.join()
    of_flooder = [one for one in stored(engine) if one[0] == f"device-{THINGS + 1}"]
    surplus = sent[0] - len(of_flooder)
    assert 50 <= len(of_flooder) < 60 < sent[0] / 2
    assert total(engine) == account.Tally(messages=900 + sent[0], stored=900 + len(of_flooder), quarantined=surplus)
    with engine.connect() as connection:
        (row,) = connection.execute(sa.text("SELECT reason_code, topic, reason, count FROM quarantine"))
    assert tuple(row) == (
        "flood",
        "senml/flood",
        f"device-{THINGS + 1} sends more than 20 messages a minute; the surplus is set aside",
        surplus,
    )
    assert caplog.text.count(f"flood: device-{THINGS + 1} sends") == 1
    # twice the usual, or a machine's own hiccup
    assert flooded_ms < max(2 * usual_ms, 50), (usual_ms, flooded_ms)
