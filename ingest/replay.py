"""Publish sensor feeds as real devices would: simulated ones from a seed, or a recording.

A simulated replay has two clocks. Model time starts at the present and runs `speed` times as fast: at speed 60 a lift
that is out for two hours comes back after two minutes, and a day's curve takes 24 minutes. What is published is stamped
with the clock on the wall, because that is when the simulated device says it; so the live state, its age and its silence
are those of a real feed, and only the pace of events is not. Reports in turn come `speed` times as often too, but no
more often than every BEAT_S seconds.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from operator import attrgetter
from pathlib import Path

import numpy as np

from ingest.dress import dress
from ingest.feeds import Feed, Setting, feed, stream_of
from ingest.publisher import Publisher
from ingest.recordings import Message, Record, Value, read
from ingest.storms import Storms
from twin.enrolment import Device
from twin.errors import Refused

__all__ = ["CLEAN", "DEMO", "Faults", "Report", "Sent", "live", "play", "publish", "reports", "sent", "topics"]

BEAT_S = 10.0
FIRST_WITHIN_S = 2.0  # every device has said its state by then
JITTER = 0.05  # devices' clocks are not that good
SECOND_US = 1_000_000
WEATHER = "the weather"  # whose random numbers the storms are

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong on the way: shares of messages that are late or sent twice, and of devices that fall silent."""

    late: float = 0.0
    duplicate: float = 0.0
    silent: float = 0.0
    late_s: float = 30.0  # mean delay of a late message
    silent_within_s: float = 900.0  # half of the silent devices are never heard, the others until then at the latest


CLEAN = Faults()
DEMO = Faults(late=0.02, duplicate=0.02, silent=0.03)


@dataclass(frozen=True, slots=True)
class Report:
    """What a device measures at one moment, wall seconds after the start; `number` counts its reports from 0."""

    at_s: float
    device: Device
    values: Mapping[str, float]
    number: int


@dataclass(frozen=True, slots=True, order=True)
class Sent:
    """A report on its way, and when it is sent [wall seconds after the start]."""

    at_s: float
    order: int
    report: Report


def reports(devices: Sequence[Device], *, seed: int, speed: float, start_s: float, zone: tzinfo) -> Iterator[Report]:
    """Draw what simulated devices report, in the order of time and without end.

    Each device reports in turn and at each change of its state, first within FIRST_WITHIN_S. The same seed and start
    [seconds since 1970] give the same reports, whatever other devices there are.
    """
    setting = Setting(start_s, zone, Storms(stream_of(seed, WEATHER), start_s))
    each = []
    for device in devices:
        rng = stream_of(seed, device.key)
        each.append(_reports(device, feed(device, setting, rng), rng, speed=speed, start_s=start_s))
    return heapq.merge(*each, key=attrgetter("at_s"))


def _reports(
    device: Device, source: Feed, rng: np.random.Generator, *, speed: float, start_s: float
) -> Iterator[Report]:
    beat_s = max(device.interval_s / speed, min(device.interval_s, BEAT_S)) if speed > 1 else float(device.interval_s)
    at_s = next_beat_s = float(rng.uniform(0.0, FIRST_WITHIN_S))
    for number in itertools.count():
        yield Report(at_s, device, source.values(start_s + at_s * speed), number)
        if at_s >= next_beat_s:
            next_beat_s += beat_s * float(rng.uniform(1.0 - JITTER, 1.0 + JITTER))
        change_s = (source.next_change_s() - start_s) / speed
        # never twice at one moment: a rounded change may still lie before the model's own
        at_s = max(min(next_beat_s, change_s), at_s + 1e-3)


def sent(
    stream: Iterable[Report], devices: Sequence[Device], faults: Faults, rng: np.random.Generator
) -> Iterator[Sent]:
    """Let reports be late, doubled or lost with their device's silence, in the order in which they are sent.

    A device's first report is always in time, so that the map is live at once; a duplicate follows within a second.
    """
    quiet_from_s = _silences(devices, faults, rng)
    order = itertools.count()
    waiting: list[Sent] = []
    for report in stream:
        while waiting and waiting[0].at_s <= report.at_s:
            yield heapq.heappop(waiting)
        if report.at_s >= quiet_from_s.get(report.device.key, np.inf):
            continue
        is_late = report.number > 0 and rng.random() < faults.late
        at_s = report.at_s + (rng.exponential(faults.late_s) if is_late else 0.0)
        heapq.heappush(waiting, Sent(at_s, next(order), report))
        if rng.random() < faults.duplicate:
            heapq.heappush(waiting, Sent(at_s + rng.random(), next(order), report))
    while waiting:
        yield heapq.heappop(waiting)


def _silences(devices: Sequence[Device], faults: Faults, rng: np.random.Generator) -> dict[str, float]:
    """Draw the devices that fall silent, and when."""
    count = round(faults.silent * len(devices))
    chosen = rng.permutation(len(devices))[:count].tolist()
    from_s = {devices[index].key: float(rng.uniform(0.0, faults.silent_within_s)) for index in chosen}
    return {key: 0.0 if turn % 2 == 0 else at_s for turn, (key, at_s) in enumerate(from_s.items())}


def live(
    publisher: Publisher,
    devices: Sequence[Device],
    *,
    seed: int,
    speed: float,
    zone: tzinfo,
    faults: Faults = DEMO,
    stop: threading.Event,
    say: Say,
) -> int:
    """Publish the simulated devices among `devices` until `stop` is set, and give how many messages were sent.

    Raises Refused where none is simulated: made-up values never go into the history of a real device.
    """
    played = [device for device in devices if device.simulated]
    if not played:
        raise Refused("none of the devices is enrolled as simulated; real ones are never given made-up values")
    start_s = time.time()
    stream = reports(played, seed=seed, speed=speed, start_s=start_s, zone=zone)
    say(f"simulated: {len(played)} devices, seed {seed}, model time {speed:g} times as fast")
    count = 0
    for message in sent(stream, played, faults, stream_of(seed, "the way")):
        if stop.wait(max(0.0, start_s + message.at_s - time.time())):
            break
        report = message.report
        time_us = round((start_s + report.at_s) * SECOND_US)
        publisher.send(report.device.topic, dress(report.device, report.values, time_us, report.number), stop)
        count += 1
    return count


def play(
    publisher: Publisher,
    path: Path,
    devices: Sequence[Device],
    *,
    speed: float,
    stop: threading.Event,
    is_now: bool = False,
) -> int:
    """Publish a recording, `speed` times as fast as it was recorded, and give how many messages were sent.

    Speed 0: as fast as the broker takes it. Readings of one device and moment that follow each other go in one message.
    They keep their recorded times, or with `is_now` take the time of publishing. The whole file is checked first: one
    that is broken, or names a device that is not there, raises Refused with its row, and nothing has been published.
    """
    by_key = {device.key: device for device in devices}
    for record in read(path):
        if isinstance(record, Value) and record.key not in by_key:
            raise Refused(f"{path}: row {record.row}: no device {record.key}")
    start_s = time.time()
    first_us: int | None = None
    count = 0
    for batch in _batches(read(path)):
        record = batch[0]
        first_us = record.time_us if first_us is None else first_us
        due_s = start_s + (record.time_us - first_us) / SECOND_US / speed if speed else 0.0
        if stop.wait(max(0.0, due_s - time.time())):
            break
        publisher.send(*_dressed(batch, by_key, count, is_now=is_now), stop)
        count += 1
    return count


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Put readings of one device and moment together; messages stay alone."""

    def whole(record: Record) -> tuple[object, ...]:
        return (record.row,) if isinstance(record, Message) else (record.key, record.time_us)

    for _, batch in itertools.groupby(records, key=whole):
        yield list(batch)


def _dressed(batch: Sequence[Record], by_key: Mapping[str, Device], number: int, *, is_now: bool) -> tuple[str, bytes]:
    first = batch[0]
    if isinstance(first, Message):
        return first.topic, first.payload
    values = {record.property: record.value for record in batch if isinstance(record, Value)}
    time_us = round(time.time() * SECOND_US) if is_now else first.time_us
    device = by_key[first.key]
    return device.topic, dress(device, values, time_us, number)


def topics(devices: Iterable[Device], path: Path | None = None) -> list[str]:
    """Give the topic filters that publishing for these devices and this recording needs the right to write to."""
    recorded = (record.topic for record in read(path) if isinstance(record, Message)) if path else ()
    said = itertools.chain((device.topic for device in devices), recorded)
    return sorted({f"{topic.partition('/')[0]}/#" for topic in said})


def publish(publisher: Publisher, devices: Sequence[Device], which: str, name: str, value: float) -> None:
    """Publish one value of one simulated device, now; `which` is its key, or the element it watches.

    Raises Refused where there is no such device or property.
    """
    device = next((device for device in devices if _is_meant(device, which)), None)
    if device is None:
        raise Refused(f"no device {which}, and none that watches it")
    if not device.simulated:
        raise Refused(f"{device.key} is a real device: it is never given made-up values")
    if name not in {stream.property for stream in device.streams}:
        raise Refused(f"{device.key} reports {', '.join(stream.property for stream in device.streams)}, not {name}")
    publisher.send(device.topic, dress(device, {name: value}, round(time.time() * SECOND_US)))


def _is_meant(device: Device, which: str) -> bool:
    return device.key == which or (device.watches is not None and f"{device.watches}:".startswith(f"{which}:"))
