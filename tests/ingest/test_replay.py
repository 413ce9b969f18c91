"""Replays publish what devices would: in order, at their pace, with what goes wrong on the way, on the real broker."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from deploy.services import Services
from ingest import decoders, replay
from ingest.dress import dress
from ingest.loaders import devices as device_file
from ingest.loaders.devices import kinds
from ingest.publisher import Publisher
from ingest.recordings import Value, read
from ingest.replay import CLEAN, Faults, Report, reports, sent
from ingest.settings import Broker, IngestSettings, Subscription
from ingest.values import RSSI
from tests.ingest import histories
from tests.workplace import CHECKOUT, Workplace, wait_until
from twin import account, db
from twin.datum import WGS_84
from twin.devices import Thing, devices, things
from twin.enrolment import Device, enrol
from twin.errors import Refused
from twin.terms import ThingKind

START_S = 1_772_366_400.0
SEED = 22
DEMO = list(device_file.read(CHECKOUT / "demo/devices.csv", datum=WGS_84).taken.values())
CITY = Subscription(filter="city/#", decoder="mapped", mapping=CHECKOUT / "demo/city.toml")


def drawn(n: int, *, speed: float = 60.0, seed: int = SEED, of: list[Device] = DEMO) -> list[Report]:
    return list(islice(reports(of, seed=seed, speed=speed, start_s=START_S, zone=UTC), n))


def broker(services: Services, name: str, *, write: tuple[str, ...] = ("#",)) -> Broker:
    services.broker.grant(name, write=write)
    username, password = services.broker.credentials(name)
    where = {"host": services.broker.host, "port": services.broker.port}
    return Broker(**where, username=username, password=SecretStr(password), client_id=name)


def worker(services: Services, database: str) -> tuple[Workplace, IngestSettings]:
    """A workplace, and settings that read the demo's formats."""
    place = Workplace(services, database)
    settings = place.settings()
    others = [one for one in settings.subscriptions if one.decoder != "mapped"]
    return place, settings.model_copy(update={"subscriptions": (*others, CITY)})


def test_every_device_reports_within_two_seconds_and_reports_are_in_order() -> None:
    made = drawn(2_000)
    assert [report.device.key for report in made if report.number == 0 and report.at_s > replay.FIRST_WITHIN_S] == []
    assert {report.device.key for report in made if report.number == 0} == {device.key for device in DEMO}
    assert all(before.at_s <= after.at_s for before, after in pairwise(made))


def test_the_same_seed_gives_the_same_reports_whatever_other_devices_there_are() -> None:
    lift = DEMO[0]
    assert drawn(500) == drawn(500) != drawn(500, seed=23)
    alone = drawn(20, of=[lift])
    assert [report for report in drawn(3_000) if report.device == lift][:20] == alone


def test_speed_quickens_reports_in_turn_but_not_past_ten_seconds() -> None:
    noise = next(device for device in DEMO if device.kind == ThingKind.NOISE)
    meter = next(device for device in DEMO if device.kind == ThingKind.METER)
    for device, speed, beat_s in (
        (noise, 1, 60),
        (noise, 60, 10),
        (meter, 1, 3600),
        (meter, 60, 60),
        (meter, 0.5, 3600),
    ):
        gaps = np.diff([report.at_s for report in drawn(200, speed=speed, of=[device])])
        assert np.mean(gaps) == pytest.approx(beat_s, rel=0.02)
        assert np.all(np.abs(gaps / beat_s - 1) <= replay.JITTER + 1e-9)


def test_the_demo_flows_at_a_few_messages_a_second() -> None:
    made = drawn(3_000)
    assert 3 < len(made) / made[-1].at_s < 20


def test_the_default_draw_shows_some_lifts_out_but_few() -> None:
    first = {report.device.key: report for report in drawn(len(DEMO) * 2) if report.number == 0}
    out = [key for key, report in first.items() if report.values.get("in_service") == 0.0]
    assert 1 <= len(out) <= 3


def test_a_lift_that_fails_says_so_at_once_and_comes_back() -> None:
    lifts = [device for device in DEMO if device.kind == ThingKind.LIFT]
    made = [(report.device.key, report.values["in_service"]) for report in drawn(60_000, of=lifts)]
    state: dict[str, float] = {}
    changes: Counter[tuple[float, float]] = Counter()
    for key, value in made:
        if key in state and state[key] != value:
            changes[state[key], value] += 1
        state[key] = value
    assert changes[1.0, 0.0] > 5 < changes[0.0, 1.0]


def test_without_faults_each_report_is_sent_once_in_order() -> None:
    made = drawn(1_000)
    way = list(sent(made, DEMO, CLEAN, np.random.default_rng(1)))
    assert [one.report for one in way] == made
    assert [one.at_s for one in way] == [report.at_s for report in made]


def test_late_messages_keep_their_measured_time_and_come_after_newer_ones() -> None:
    way = list(sent(drawn(4_000), DEMO, Faults(late=0.1), np.random.default_rng(2)))
    late = [one for one in way if one.at_s > one.report.at_s]
    assert 0.07 < len(late) / len(way) < 0.13
    assert all(one.report.number > 0 for one in late)
    newest: dict[str, float] = {}
    overtaken = 0
    for one in way:
        overtaken += newest.get(one.report.device.key, 0.0) > one.report.at_s
        newest[one.report.device.key] = max(newest.get(one.report.device.key, 0.0), one.report.at_s)
    assert overtaken > 0
    assert [one.at_s for one in way] == sorted(one.at_s for one in way)


def test_duplicates_are_the_same_report_twice() -> None:
    way = list(sent(drawn(4_000), DEMO, Faults(duplicate=0.1), np.random.default_rng(3)))
    times = Counter((one.report.device.key, one.report.number) for one in way)
    assert set(times.values()) == {1, 2}
    assert 0.07 < sum(count == 2 for count in times.values()) / len(times) < 0.13


def test_silent_devices_are_never_heard_or_fall_silent_for_good() -> None:
    faults = Faults(silent=0.1, silent_within_s=60.0)
    way = list(sent(drawn(10_000), DEMO, faults, np.random.default_rng(4)))
    last_s = {device.key: 0.0 for device in DEMO}
    for one in way:
        last_s[one.report.device.key] = one.report.at_s
    quiet = [key for key, at_s in last_s.items() if at_s < 60.0 and _is_quick(key)]
    assert sum(at_s == 0.0 for at_s in last_s.values()) == 6
    assert 6 <= len(quiet) <= 11


def _is_quick(key: str) -> bool:
    return next(device for device in DEMO if device.key == key).interval_s <= 600


def test_every_element_that_the_demos_devices_watch_is_on_the_map(monaco: str) -> None:
    shown = demo_things(monaco)
    assert len(shown) == 112
    watching = {"lift": 51, "gate": 9, "water_level": 2, "pm": 0, "noise": 0, "climate": 0, "door": 0, "meter": 0}
    assert Counter(thing.kind for thing in shown if thing.effects) == Counter(watching)
    assert all(effect.element_source for thing in shown for effect in thing.effects)
    assert all(thing.simulated and thing.condition == "never_seen" for thing in shown)


def demo_things(database: str) -> list[Thing]:
    from datetime import datetime

    with db.opened(database) as engine, engine.connect() as connection:
        return things(connection, 1, datetime.now(UTC))


def test_the_demo_is_live_within_seconds_and_nothing_of_it_is_refused(services: Services, monaco: str) -> None:
    place, settings = worker(services, monaco)
    with db.opened(monaco) as engine, engine.connect() as connection:
        known = devices(connection, 1)
    stop = threading.Event()
    said: list[str] = []

    def run() -> None:
        with Publisher(broker(services, "replay-live")) as publisher:
            replay.live(publisher, known, seed=SEED, speed=60, zone=UTC, faults=CLEAN, stop=stop, say=said.append)

    with place.working(settings):
        thread = threading.Thread(target=run)
        thread.start()
        wait_until(lambda: all(thing.condition == "ok" for thing in demo_things(monaco)), timeout_s=15)
        stop.set()
        thread.join(10)
    assert said == ["simulated: 112 devices, seed 22, model time 60 times as fast"]
    shown = demo_things(monaco)
    out = [thing for thing in shown if _value(thing, "in_service") == 0.0]
    assert 1 <= len(out) <= 4
    for thing in shown:
        if thing.kind in {"lift", "gate"}:
            state = "closed" if thing in out or _value(thing, "open") == 0.0 else "open"
            assert {effect.state for effect in thing.effects} == {state}
    with db.opened(monaco) as engine, engine.connect() as connection:
        tally = account.total(connection)
    assert (tally.quarantined, tally.duplicate) == (0, 0)


def _value(thing: Thing, name: str) -> float | None:
    return next((reading.value for reading in thing.readings if reading.property == name), None)


def test_one_published_failure_closes_the_lift(services: Services, monaco: str) -> None:
    place, settings = worker(services, monaco)
    with db.opened(monaco) as engine, engine.connect() as connection:
        known = devices(connection, 1)
    lift = next(device for device in known if device.watches == "edge:n1876837919")
    with place.working(settings), Publisher(broker(services, "publish-one")) as publisher:
        replay.publish(publisher, known, "edge:n1876837919", "in_service", 0)
        wait_until(lambda: _states(monaco, lift.key) == {"closed"})
        replay.publish(publisher, known, lift.key, "in_service", 1)
        wait_until(lambda: _states(monaco, lift.key) == {"open"})


def _states(database: str, key: str) -> set[str]:
    return {effect.state for thing in demo_things(database) if thing.key == key for effect in thing.effects}


@pytest.mark.parametrize(
    ("which", "name", "reason"),
    [
        ("edge:n1", "in_service", "no device edge:n1, and none that watches it"),
        ("climate-1", "in_service", "climate-1 reports temperature, humidity, battery, not in_service"),
    ],
)
def test_what_cannot_be_published_is_refused(services: Services, which: str, name: str, reason: str) -> None:
    with Publisher(broker(services, "publish-bad")) as publisher, pytest.raises(Refused, match=reason):
        replay.publish(publisher, DEMO, which, name, 0)


def test_real_devices_are_never_given_made_up_values(services: Services) -> None:
    real = [Device(**{**_fields(DEMO[0]), "simulated": False})]  # type: ignore[arg-type]
    with Publisher(broker(services, "publish-real")) as publisher:
        with pytest.raises(Refused, match="is a real device"):
            replay.publish(publisher, real, real[0].key, "in_service", 0)
        with pytest.raises(Refused, match="none of the devices is enrolled as simulated"):
            replay.live(publisher, real, seed=1, speed=60, zone=UTC, stop=threading.Event(), say=print)


def _fields(device: Device) -> dict[str, object]:
    return {name: getattr(device, name) for name in Device.__dataclass_fields__}


def test_a_broken_recording_publishes_nothing(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    rows = "time,key,property,value\n2026-03-01T12:00:00Z,climate-1,temperature,1\n2026-03-01T12:00:01Z,nobody,temperature,1\n"
    path.write_text(rows, encoding="utf-8")
    with Publisher(broker(services, "play-broken")) as publisher:
        with pytest.raises(Refused, match="row 3: no device nobody"):
            replay.play(publisher, path, DEMO, speed=0, stop=threading.Event())
        assert publisher.sent == 0


def test_a_recording_is_played_at_its_pace_and_readings_of_one_moment_go_together(
    services: Services, tmp_path: Path
) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        "time,key,property,value\n"
        "2026-03-01T12:00:00Z,climate-1,temperature,1\n"
        "2026-03-01T12:00:00Z,climate-1,humidity,50\n"
        "2026-03-01T12:01:00Z,climate-1,temperature,2\n",
        encoding="utf-8",
    )
    with Publisher(broker(services, "play-pace")) as publisher:
        began_s = time.monotonic()
        assert replay.play(publisher, path, DEMO, speed=120, stop=threading.Event()) == 2
        assert time.monotonic() - began_s > 0.45  # a minute at 120 times its pace
        stopped = threading.Event()
        stopped.set()
        assert replay.play(publisher, path, DEMO, speed=1, stop=stopped) == 0


def test_the_rights_asked_for_are_the_roots_of_the_topics(tmp_path: Path) -> None:
    path = tmp_path / "r.log"
    path.write_text("2026-03-01T12:00:00Z tele/plug/SENSOR {}\n", encoding="utf-8")
    assert replay.topics(DEMO, path) == ["application/#", "city/#", "senml/#", "tele/#", "zigbee2mqtt/#"]


def test_a_recorded_lift_history_is_stored_as_it_was(
    services: Services, database: str, shared: Path, tmp_path: Path
) -> None:
    history = histories.lifts(shared, tmp_path / "lifts.csv")
    assert _played(services, database, ThingKind.LIFT, history) == history.expected


def test_a_recorded_air_history_is_stored_as_it_was(
    services: Services, database: str, shared: Path, tmp_path: Path
) -> None:
    history = histories.air(shared, tmp_path / "air.csv")
    assert _played(services, database, ThingKind.PM, history) == history.expected


def _played(
    services: Services, database: str, kind: ThingKind, history: histories.History
) -> dict[tuple[str, int], float]:
    """Enrol the history's devices in all four formats in turn, play it, and read back what is stored."""
    place, settings = worker(services, database)
    known = [_device(kind, number, key) for number, key in enumerate(history.keys)]
    with db.opened(database) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql(histories.PLACE)
            enrol(connection, 1, known)
        with place.working(settings), Publisher(broker(services, f"play-{kind}")) as publisher:
            replay.play(publisher, history.path, known, speed=0, stop=threading.Event())
            publisher.drain()
            wait_until(lambda: _count(engine) >= len(history.expected), timeout_s=60)
        with engine.connect() as connection:
            assert account.total(connection).quarantined == 0
            rows = connection.execute(sa.text(histories.STORED))
            return {(row.key, row.time_us): row.value for row in rows}


def _count(engine: db.Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM observation")).scalar_one())


def _device(kind: ThingKind, number: int, key: str) -> Device:
    form, topic = histories.FORMATS[number % len(histories.FORMATS)]
    streams = kinds()[kind].streams()
    return Device(key, key, None, kind, form, topic.format(key=key), 7.5, 43.5, 3600, True, None, streams, ())


@pytest.mark.parametrize(("kind", "record"), [(ThingKind.LIFT, histories.lifts), (ThingKind.PM, histories.air)])
def test_a_whole_history_is_read_back_from_its_payloads(
    shared: Path, tmp_path: Path, kind: ThingKind, record: Callable[..., histories.History]
) -> None:
    history = record(shared, tmp_path / "history.csv", whole=True)
    known = {key: _device(kind, number, key) for number, key in enumerate(history.keys)}
    decode = {form: decoders.find(form) for form, _ in histories.FORMATS}
    found = {}
    for row in read(history.path):
        assert isinstance(row, Value)
        device = known[row.key]
        payload = dress(device, {row.property: row.value}, row.time_us)
        (reading,) = [one for one in decode[device.format](device.topic, payload, 0) if one.property != RSSI]
        found[reading.thing_key, reading.time_us] = reading.value
    assert found == history.expected
    assert len(found) > 12_000
