"""A device gets an account of the broker of its own, which writes to its topic and no other."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import psycopg
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from deploy.services import Services
from ingest.loaders import devices
from tests.ingest.loaders import town
from twin import db
from twin.credentials import can_have
from twin.datum import WGS_84

CHECKOUT = Path(__file__).resolve().parents[2]
DEVICES = """key,name,kind,format,topic,lon,lat
smoke-1,Alarm,smoke,senml,homes/1,7.415,43.735
ingest,Trap,smoke,senml,homes/2,7.415,43.735
"""


@pytest.fixture
def enrolled(database: str, tmp_path: Path) -> str:
    (tmp_path / "devices.csv").write_text(DEVICES, encoding="utf-8")
    with db.opened(database) as engine, engine.begin() as connection:
        place, _ = town.build(connection, np.random.default_rng(4))
        devices.load(connection, tmp_path / "devices.csv", place=place, datum=WGS_84)
    return database


def linli(
    database: str, services: Services, folder: Path, *argv: str, command: str = "credentials"
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT),
        "LINLI_SERVICES__DATABASE_URL": database,
        "LINLI_SERVICES__DATA": str(services.broker.settings.data),
        "LINLI_SERVICES__ENGINE": "embedded",
    }
    whole = [sys.executable, "-m", "linli", "devices", command, *argv]
    return subprocess.run(whole, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def connects(host: str, port: int, username: str, password: str) -> bool:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=username, protocol=paho.MQTTv5)
    client.username_pw_set(username, password)
    said: list[bool] = []
    client.on_connect = lambda _client, _data, _flags, reason, _properties: said.append(not reason.is_failure)
    assert client.connect(host, port) is MQTTErrorCode.MQTT_ERR_SUCCESS
    while not said:
        client.loop(0.1)
    client.disconnect()
    return said[0]


def test_a_device_gets_an_account_that_the_broker_lets_in_and_keeps_it(
    enrolled: str, services: Services, tmp_path: Path
) -> None:
    done = linli(enrolled, services, tmp_path, "smoke-1", "--json")
    assert done.returncode == 0, done.stderr
    (made,) = json.loads(done.stdout)
    assert (made["key"], made["username"], made["topic"]) == ("smoke-1", "smoke-1", "homes/1")
    assert connects(made["host"], made["port"], made["username"], made["password"])
    assert not connects(made["host"], made["port"], made["username"], "wrong")
    assert json.loads(linli(enrolled, services, tmp_path, "smoke-1", "--json").stdout) == [made]
    table = linli(enrolled, services, tmp_path, "smoke-1").stdout.splitlines()
    assert table[0] == "key,host,port,username,password,topic"


def test_a_device_cannot_be_named_as_one_of_linlis_own_processes(
    enrolled: str, services: Services, tmp_path: Path
) -> None:
    done = linli(enrolled, services, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "device key 'ingest' cannot be a client name" in done.stderr
    assert "no device x9 is enrolled" in linli(enrolled, services, tmp_path, "x9").stderr


def test_who_subscribes_to_sensorthings_gets_an_account_unless_a_dwelling_would_be_heard(
    enrolled: str, services: Services, tmp_path: Path
) -> None:
    done = linli(enrolled, services, tmp_path, "integrator-1", "--json", command="subscriber")
    assert done.returncode == 0, done.stderr
    (made,) = json.loads(done.stdout)
    assert (made["username"], made["topic"]) == ("integrator-1", "v1.1/#")
    assert connects(made["host"], made["port"], made["username"], made["password"])
    with psycopg.connect(enrolled) as connection:
        connection.execute(
            "UPDATE thing SET kind = 'door', topic = 'v1.1/Datastreams(1)/Observations' WHERE key = 'smoke-1'"
        )
    refused = linli(enrolled, services, tmp_path, "integrator-1", command="subscriber")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "smoke-1 stands in a dwelling and writes to v1.1/Datastreams(1)/Observations" in refused.stderr
    apart = linli(enrolled, services, tmp_path, "integrator-1", "--topic", "v1.1/Things(1)", command="subscriber")
    assert apart.returncode == 0, apart.stderr
    for beyond in ("linli/v1/#", "#", "homes/+"):
        aside = linli(enrolled, services, tmp_path, "integrator-2", "--topic", beyond, command="subscriber")
        assert "who subscribes hears SensorThings alone" in aside.stderr


@pytest.mark.parametrize("name", ["notices", "subscribers", "subscribers-2", "publish", "ingest", "a/b", ""])
def test_no_device_has_an_account_of_linlis_own(name: str) -> None:
    assert not can_have(name)
    assert can_have("lift-7")
