"""A small town with sensors, asked over SensorThings; written to where a test says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import numpy as np
import psycopg
import pytest
import sqlalchemy as sa
import uvicorn
from fastapi.testclient import TestClient
from psycopg import sql

from api.app import create
from api.server import listen
from api.settings import ServeSettings
from deploy.services import Services
from tests import sensors
from twin import db, observations
from twin.observations import Batch
from twin.roles import Role

ROOT = "http://127.0.0.1/sta/v1.1/"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOWN = """
INSERT INTO network_node (place_id, source_id, point)
SELECT id, s, ST_SetSRID(ST_MakePoint(x, 43.7), 4326) FROM place, (VALUES ('a', 7.41), ('b', 7.42)) AS n(s, x);
INSERT INTO network_edge (place_id, source_id, tail_id, head_id, kind, length_m, name, geom)
SELECT p.id, 'n7', a.id, b.id, 'lift', 10, 'Old lift', ST_MakeLine(a.point, b.point)
  FROM place p, network_node a, network_node b WHERE a.source_id = 'a' AND b.source_id = 'b';
UPDATE thing SET name = 'Lift 1', name_zh = '一号电梯', point = ST_SetSRID(ST_MakePoint(7.415, 43.7), 4326) WHERE key = 'lift-1';
UPDATE thing SET name = 'Roof', point = ST_SetSRID(ST_MakePoint(7.43, 43.74), 4326) WHERE key = 'roof';
"""


def copied(services: Services, template: str, name: str) -> str:
    """Copy a database and give the URL of the copy."""
    assert services.admin_url is not None
    assert services.database_url is not None
    words = sql.Identifier(name), sql.Identifier("linli"), sql.Identifier(template)
    with psycopg.connect(_at(services.admin_url, "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*words))
    return _at(services.database_url, name)


def _at(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@pytest.fixture(scope="session")
def town_template(services: Services, template: str) -> str:
    """The name of a database with a lift that closes an edge, a climate sensor on a roof, a door in a dwelling.

    The roof's temperature (datastream 3) is 0, 1, … 9 °C each hour up to noon.
    """
    url = copied(services, template, "template_town")
    with db.opened(url) as engine, engine.begin() as connection:
        sensors.community(connection)
        lift = sensors.stream(connection, "lift-1", "in_service", kind="lift", highest=1)
        sensors.stream(connection, "lift-1", "battery", "%", kind="lift")
        roof = sensors.stream(connection, "roof", "temperature", "Cel", lowest=-40, highest=60)
        sensors.stream(connection, "roof", "humidity", "%")
        door = sensors.stream(connection, "door-1", "contact", kind="door", highest=1)
        connection.exec_driver_sql(TOWN)
        edge = connection.scalar(sa.text("SELECT id FROM network_edge"))
        sensors.effect(connection, lift, edge, closes_below=0.5)
        hours = [NOON - timedelta(hours=9 - hour) for hour in range(10)]
        rows = [(roof, when, float(degrees)) for degrees, when in enumerate(hours)]
        rows += [(lift, NOON, 1.0), (door, NOON, 1.0)]
        ids, times, values = zip(*rows, strict=True)
        time_us = [round(when.timestamp()) * 1_000_000 for when in times]
        batch = Batch(np.array(ids, dtype=np.int32), np.array(time_us, dtype=np.int64), np.array(values), NOON)
        observations.record(connection, batch)
    assert services.admin_url is not None
    with psycopg.connect(_at(services.admin_url, "postgres"), autocommit=True) as admin:
        admin.execute("ALTER DATABASE template_town ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'template_town'")
    return "template_town"


@pytest.fixture(scope="session")
def town(services: Services, town_template: str) -> str:
    """The URL of the town that tests write to; each makes what it writes to, for starting a server takes seconds."""
    return copied(services, town_template, "town_write")


@pytest.fixture(scope="session")
def reading(services: Services, town_template: str) -> Iterator[TestClient]:
    """The application as it is by default: it can be read, not written."""
    url = copied(services, town_template, "town_read")
    with TestClient(create(ServeSettings(open_as=Role.CARE), url), base_url=ROOT) as client:
        yield client


@pytest.fixture(scope="session")
def writing(town: str) -> Iterator[TestClient]:
    """The application with writing on."""
    with TestClient(create(ServeSettings(sensorthings_writing=True, open_as=Role.CARE), town), base_url=ROOT) as client:
        yield client


@pytest.fixture(scope="session")
def served(town: str) -> Iterator[str]:
    """The address of the town's SensorThings, served by uvicorn on a free port, writing on."""
    settings = ServeSettings(port=0, sensorthings_writing=True, open_as=Role.CARE)
    listening = listen(settings)
    config = uvicorn.Config(create(settings, town), log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/sta/v1.1"
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()
