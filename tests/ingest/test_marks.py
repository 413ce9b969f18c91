"""What devices send stands in no log of a worker, whatever becomes of it: planted marks are looked for."""

from __future__ import annotations

import json
import logging

import pytest
import sqlalchemy as sa

from tests import sensors
from tests.workplace import Devices, Workplace, wait_until
from twin import account
from twin.db import Engine
from twin.enrolment import Device, Stream, enrol

MARK = "mark-13912345678-zhang"
LIFT = Device(
    key="lift", name=MARK, name_zh=MARK, kind="lift", format="senml", topic="senml/lift", lon=7.5, lat=43.5,
    interval_s=60, simulated=False, watches=None, rules=(),
    streams=(Stream("note", "1", 0, 0, "text"), Stream("mode", "1", 0, 1, "category", ("idle", "up"))),
)  # fmt: skip
SENT = [
    ("senml/lift", [{"n": "lift:note", "vs": MARK}]),  # stored as it is
    ("senml/lift", [{"n": "lift:mode", "vs": MARK}]),  # no word of the list
    ("senml/lift", [{"n": "lift:note", "vs": f"{MARK} refused by the database"}]),
    ("senml/lift", [{"n": f"lift:{MARK}", "v": 1}]),  # an unknown property
    ("senml/lift", [{"n": f"{MARK}:depth", "u": MARK, "v": 1}]),  # an unknown device and unit
    ("senml/lift", [{"n": "lift:note", "t": MARK, "vs": "x"}]),
    ("senml/lift", f"{{no JSON: {MARK}"),
    ("city/x", {"device": MARK, "ts": MARK, "name": MARK}),
    ("zigbee2mqtt/lift", {"name": MARK, "state": MARK}),
    ("application/a/device/b/event/up", {"deviceInfo": {"devEui": MARK, "deviceName": MARK}, "data": MARK}),
]
# An error that nobody foresaw, whose text holds the row.
FORBIDS = "ALTER TABLE observation_text ADD CHECK (value NOT LIKE '%refused by the database')"


def test_no_mark_that_a_device_sent_is_in_a_workers_log(
    workplace: Workplace, engine: Engine, city: Devices, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with engine.begin() as connection:
        enrol(connection, sensors.community(connection), [LIFT])
        connection.exec_driver_sql(FORBIDS.replace("%", "%%"))
    with workplace.working(workplace.settings()):
        for topic, payload in SENT:
            city.send(topic, payload if isinstance(payload, str) else json.dumps(payload))
        city.drain()
        wait_until(lambda: came(engine) == len(SENT), 60)
    logged = [record.getMessage() + str(record.exc_text or "") for record in caplog.records]
    with engine.connect() as connection:
        kept = connection.scalars(sa.text("SELECT value FROM observation_text")).all()
        reasons = connection.scalars(sa.text("SELECT DISTINCT reason_code FROM quarantine")).all()
    assert kept == [MARK]
    assert "not_storable" in reasons
    assert any("the database will not have a message" in line for line in logged)
    assert [line for line in logged if MARK in line] == []


def came(engine: Engine) -> int:
    with engine.connect() as connection:
        return account.total(connection).messages
