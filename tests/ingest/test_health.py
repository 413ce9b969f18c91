"""What a device sends tells how it is, and its own account adds up."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import sqlalchemy as sa
import typer
from typer.testing import CliRunner

from ingest.device_commands import devices
from ingest.retrying import retry
from tests import sensors
from tests.ingest.test_retrying import PACK, SETTINGS, arrive, only, place
from tests.workplace import Devices, Workplace, wait_until
from twin import account, health
from twin.db import Connection, Engine

__all__ = ["place"]

EUI = "0101010101010101"
app = typer.Typer()
app.add_typer(devices, name="devices")


def test_what_came_of_each_device_is_shown(workplace: Workplace, engine: Engine, city: Devices, database: str) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
        sensors.stream(connection, "roof", "temperature", "Cel")
        sensors.stream(connection, "roof", "battery", "%")
        sensors.stream(connection, EUI, "level", "cm")
        sensors.stream(connection, "attic", "temperature", "Cel")
    now_s = int(time.time()) - 60
    packs = [
        f'{{"n":"roof:temperature","t":{now_s},"v":20}}',
        f'{{"n":"roof:temperature","t":{now_s},"v":20}}',  # again
        f'{{"n":"roof:temperature","t":{now_s},"v":21}}',  # another value
        f'{{"n":"roof:temperature","t":{now_s - 30},"v":19}}',  # out of order
        f'{{"n":"roof:temperature","t":{now_s + 1},"v":999}},{{"n":"roof:battery","t":{now_s},"v":81}}',
    ]
    uplink = {"deviceInfo": {"devEui": EUI}, "object": {"level": 3, "battery": 55}, "rxInfo": [{"rssi": -101}]}
    with workplace.working(workplace.settings()):
        for pack in packs:
            city.send("senml/roof", f"[{pack}]")
        city.send(f"application/1/device/{EUI}/event/up", json.dumps(uplink))
        wait_until(lambda: total(engine).received == 7)
    answer = CliRunner().invoke(app, ["devices", "health", "--json"], obj=lambda: database)
    rows = {row["key"]: row for row in json.loads(answer.stdout)}
    attic, lorawan, roof = rows["attic"], rows[EUI], rows["roof"]
    assert (attic["state"], attic["last_seen"], attic["received"]) == ("never_seen", None, 0)
    assert {name: roof[name] for name in ("stored", "duplicate", "conflict", "quarantined", "out_of_order", "received")} == {
        "stored": 3, "duplicate": 2, "conflict": 1, "quarantined": 1, "out_of_order": 1, "received": 6,
    }  # fmt: skip
    assert (roof["state"], roof["battery"], -70 < roof["clock_skew_s"] < -55) == ("ok", 81, True)
    assert (lorawan["state"], lorawan["battery"], lorawan["rssi"], lorawan["clock_skew_s"]) == ("ok", 55, -101, None)
    whole = total(engine)
    assert (whole.stored, whole.duplicate, whole.conflict, whole.quarantined) == (4, 2, 1, 1)
    spoken = CliRunner().invoke(app, ["devices", "health"], obj=lambda: database).stdout
    assert "3 stored, 2 twice (1 conflicts), 1 set aside\t1 out of order" in spoken


def total(engine: Engine) -> account.Tally:
    with engine.connect() as connection:
        return account.total(connection)


def test_a_device_that_is_silent_is_unknown(database: str, engine: Engine) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
        stream = sensors.stream(connection, "roof", "temperature", "Cel")
        connection.execute(
            sa.text("INSERT INTO latest VALUES (:id, now() - interval '181 s', 1, now() - interval '181 s')"),
            {"id": stream},
        )
    answer = CliRunner().invoke(app, ["devices", "health", "--json"], obj=lambda: database)
    assert [row["state"] for row in json.loads(answer.stdout)] == ["unknown"]


def test_a_reading_that_is_taken_after_all_is_no_longer_set_aside_of_its_device(place: Connection) -> None:
    sensors.stream(place, "roof", "temperature", "Cel")
    arrive(place, "senml/roof", PACK, 0)
    assert of_roof(place) == (1, 0, 1)
    sensors.stream(place, "roof", "humidity", "%")
    retry(place, SETTINGS, only(place))
    assert of_roof(place) == (2, 0, 0)


def of_roof(connection: Connection) -> tuple[int, int, int]:
    (row,) = health.health(connection, connection.scalars(sa.text("SELECT id FROM place")).one(), datetime.now(UTC))
    return row.stored, row.duplicate, row.quarantined
