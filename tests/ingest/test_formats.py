"""Each format on its way through the real broker into the real database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from deploy.services import Services
from ingest.decoders.sparkplug import Payload
from ingest.settings import Subscription
from tests import sensors
from tests.workplace import Devices, Workplace, wait_until
from twin.db import Engine

NOW_MS = int(time.time() * 1000)
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC).isoformat(timespec="milliseconds")
COMPACT = datetime.fromtimestamp(NOW_MS // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
LOCAL = datetime.fromtimestamp(NOW_MS / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
SHOWN = "SELECT value FROM latest WHERE datastream_id = :id"
CONFIG = '{"~": "pump", "stat_t": "~/level", "unit_of_meas": "cm", "val_tpl": "{{ value_json.cm }}"}'
UPLINK = """{"end_device_ids": {"device_id": "d", "dev_eui": "AA"},
 "uplink_message": {"received_at": "TIME", "decoded_payload": {"depth": 12.5}}}""".replace("TIME", NOW)
DESCRIPTION = '{"homie": "5.0", "nodes": {"well": {"properties": {"level": {"datatype": "float", "unit": "cm"}}}}}'


def _metrics(seq: int, *, is_birth: bool) -> bytes:
    message = Payload(timestamp=NOW_MS, seq=seq)
    metric = message.metrics.add(alias=1, timestamp=NOW_MS + seq, double_value=12.5 if seq else 0.0)
    if is_birth:
        metric.name, metric.datatype = b"depth", 10
    written: bytes = message.SerializeToString()
    return written


Case = tuple[Subscription, Sequence[tuple[str, str | bytes]], str]
CASES: dict[str, Case] = {
    "sensorthings": (
        Subscription(filter="v1.1/#", decoder="sensorthings", rename={"result": "depth"}),
        [("v1.1/Datastreams(7)/Observations", f'{{"result": 12.5, "phenomenonTime": "{NOW}"}}')],
        "Datastreams(7)",
    ),
    "tasmota": (
        Subscription(filter="tele/#", decoder="tasmota", zone="UTC", rename={"HC.Level": "depth"}),
        [("tele/drain/SENSOR", f'{{"Time": "{LOCAL}", "HC": {{"Level": 12.5}}}}')],
        "drain",
    ),
    "thethingsstack": (
        Subscription(filter="v3/+/devices/+/up", decoder="thethingsstack"),
        [
            ("v3/a/devices/d/up", UPLINK),
        ],
        "aa",
    ),
    "huawei": (
        Subscription(filter="$oc/#", decoder="huawei", rename={"s.depth": "depth"}),
        [
            (
                "$oc/devices/d/sys/properties/report",
                f'{{"services": [{{"service_id": "s", "properties": {{"depth": 12.5}}, "event_time": "{COMPACT}"}}]}}',
            )
        ],
        "d",
    ),
    "onenet": (
        Subscription(filter="$sys/#", decoder="onenet"),
        [("$sys/p/d/thing/property/post", f'{{"params": {{"depth": {{"value": "12.5", "time": {NOW_MS}}}}}}}')],
        "p/d",
    ),
    "aliyun": (
        Subscription(filter="/sys/#", decoder="aliyun"),
        [("/sys/p/d/thing/event/property/post", '{"params": {"depth": 12.5}}')],
        "p/d",
    ),
    "homie": (
        Subscription(filter="homie/5/#", decoder="homie", rename={"well/level": "depth"}),
        [("homie/5/d/$description", DESCRIPTION), ("homie/5/d/well/level", "12.5")],
        "d",
    ),
    "sparkplug": (
        Subscription(filter="spBv1.0/#", decoder="sparkplug"),
        [
            ("spBv1.0/g/NBIRTH/e", _metrics(0, is_birth=True)),
            ("spBv1.0/g/NDATA/e", _metrics(1, is_birth=False)),
        ],
        "g/e",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_reading_of_each_format_is_stored(
    workplace: Workplace, services: Services, engine: Engine, name: str
) -> None:
    subscription, messages, key = CASES[name]
    with engine.begin() as connection:
        sensors.community(connection)
        stream_id = sensors.stream(connection, key, "depth", "cm")
    settings = workplace.settings().model_copy(update={"subscriptions": (subscription,)})
    with workplace.working(settings), Devices(services, f"gauge-{name}") as gauge:
        services.broker.grant(f"gauge-{name}", write=["#", "$oc/#", "$sys/#"])
        for topic, payload in messages:
            gauge.send(topic, payload)
        wait_until(lambda: _latest(engine, stream_id) == 12.5)


def test_home_assistant_s_states_are_read_wherever_they_are(
    workplace: Workplace, services: Services, engine: Engine
) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
        stream_id = sensors.stream(connection, "pump", "depth", "cm")
    discovery = Subscription(filter="homeassistant/#", decoder="homeassistant")
    states = Subscription(filter="pump/#", decoder="homeassistant")
    settings = workplace.settings().model_copy(update={"subscriptions": (discovery, states)})
    with Devices(services, "gauge-ha") as gauge:
        gauge.send("homeassistant/sensor/pump/depth/config", CONFIG, retain=True)
        gauge.drain()
        with workplace.working(settings):
            gauge.send("pump/level", '{"cm": 12.5}')
            wait_until(lambda: _latest(engine, stream_id) == 12.5)
        gauge.send("homeassistant/sensor/pump/depth/config", "", retain=True)
        gauge.drain()


def _latest(engine: Engine, stream_id: int) -> float | None:
    with engine.connect() as connection:
        found: float | None = connection.execute(sa.text(SHOWN), {"id": stream_id}).scalar()
    return found
