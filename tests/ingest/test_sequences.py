"""What senders number and never came is counted for each, through crashes, redelivery and rejoins."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from ingest.decoders.sparkplug import Payload
from ingest.mqtt import Message
from ingest.routing import Decoded
from ingest.sequences import Sequences
from ingest.settings import Subscription
from tests import sensors
from tests.workplace import CHECKOUT, Devices, Workplace, wait_until
from twin import account
from twin.db import Connection, Engine
from twin.gaps import gaps

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
EUI = "0102030405060708"


def uplink(number: int, *, is_again: bool = False) -> Decoded:
    """An uplink of ChirpStack; its JSON leaves out a frame counter of zero."""
    said = {"deviceInfo": {"devEui": EUI}, **({"fCnt": number} if number else {}), "object": {"cm": 1}}
    topic = f"application/a/device/{EUI}/event/up"
    return Decoded(message(topic, json.dumps(said).encode(), is_again=is_again), "chirpstack", ())


def join() -> Decoded:
    return Decoded(message(f"application/a/device/{EUI}/event/join", b"{}"), "chirpstack", ())


def message(topic: str, payload: bytes, *, is_again: bool = False) -> Message:
    return Message(topic, payload, 1, 1, False, 0, 1, is_again=is_again)


def metrics(kind: str, seq: int) -> Decoded:
    """A message of an edge node or its device."""
    written = Payload(timestamp=1_795_507_200_000, seq=seq)
    written.metrics.add(alias=1, double_value=1.5)
    topic = f"spBv1.0/street/{kind}/pump" + ("/motor" if kind[0] == "D" else "")
    return Decoded(message(topic, written.SerializeToString()), "sparkplug", ())


def told(connection: Connection, *batches: list[Decoded]) -> list[tuple[str, str, int, int]]:
    """Follow batches that are committed one after the other, each by a process of its own."""
    for batch in batches:
        sequences = Sequences()
        sequences.committed(sequences.add(connection, batch, NOW))
    return [(one.source, one.key, one.lost, one.gaps) for one in gaps(connection)]


LORA: dict[str, tuple[list[list[Decoded]], tuple[int, int] | None]] = {
    "in order": ([[uplink(n) for n in range(50)]], None),
    "three gaps": ([[uplink(n) for n in (4, 5, 8, 9, 10, 20, 22)]], (2 + 9 + 1, 3)),
    "a gap while nobody worked": ([[uplink(7)], [uplink(12)]], (4, 1)),
    "sent again after a crash": (
        [[uplink(n) for n in (1, 2, 3)], [uplink(2, is_again=True), uplink(3), uplink(4)]],
        None,
    ),
    "a join": ([[uplink(900)], [join(), uplink(0), uplink(1), uplink(3)]], (1, 1)),
    "a join whose first uplink is lost": ([[uplink(900), join(), uplink(1)]], (1, 1)),
    "begun anew without a join that was heard": ([[uplink(900), uplink(0), uplink(1)]], None),
    "too far ahead to be a gap": ([[uplink(1), uplink(60_000), uplink(60_001)]], None),
}


@pytest.mark.parametrize("case", LORA)
def test_frames_of_lorawan_that_never_came_are_counted(engine: Engine, case: str) -> None:
    batches, expected = LORA[case]
    with engine.connect() as connection:
        assert told(connection, *batches) == ([("chirpstack", EUI, *expected)] if expected else [])


def test_messages_of_an_edge_node_and_its_devices_have_one_count_that_wraps(engine: Engine) -> None:
    first = [metrics("NBIRTH", 0), metrics("DBIRTH", 1), *(metrics("DDATA", seq) for seq in range(2, 256))]
    second = [metrics("NDATA", 0), metrics("DDATA", 1), metrics("DDATA", 4), metrics("NDATA", 3), metrics("NDATA", 5)]
    third = [metrics("NBIRTH", 0), metrics("NDATA", 1)]
    with engine.connect() as connection:
        assert told(connection, first) == []
        assert told(connection, second, third) == [("sparkplug", "street/pump", 2, 1)]


def test_bytes_that_make_no_sense_have_no_number(engine: Engine) -> None:
    broken = [Decoded(message("spBv1.0/a/NDATA/b", bytes([tag, 0xFF, 0xFF])), "sparkplug", ()) for tag in range(256)]
    with engine.connect() as connection:
        assert told(connection, broken) == []


def test_what_a_device_has_lost_is_listed(workplace: Workplace, engine: Engine, city: Devices) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
        sensors.stream(connection, EUI, "cm", "cm")
    settings = workplace.settings().model_copy(
        update={"subscriptions": (Subscription(filter="application/#", decoder="chirpstack"),)}
    )
    with workplace.working(settings):
        for number in (1, 2, 6):
            now = datetime.fromtimestamp(time.time() - 60 + number, UTC).isoformat()
            said = {"deviceInfo": {"devEui": EUI}, "time": now, "fCnt": number, "object": {"cm": number}}
            city.send(f"application/a/device/{EUI}/event/up", json.dumps(said))
        wait_until(lambda: received(engine) == 3)
    listed = subprocess.run(
        [sys.executable, "-m", "linli", "gaps"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "LINLI_SERVICES__DATABASE_URL": workplace.database},
    )
    assert listed.stdout.startswith(f"chirpstack\t{EUI}\t3 lost in 1 gaps\tlatest 20")


def received(engine: Engine) -> int:
    with engine.connect() as connection:
        return account.total(connection).received
