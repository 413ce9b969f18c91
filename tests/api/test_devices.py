"""Devices by HTTP, on the real database: what `linli devices` says, and of dwellings nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from deploy.services import Services
from tests import sensors
from tests.api.people import ROOT, enrol, token
from tests.conftest import _copied
from twin import db, observations, offers
from twin.observations import Batch
from twin.offers import Described, Seen
from twin.roles import Role

NOW = datetime.now(UTC).replace(microsecond=0)
READINGS = 300  # one a minute, up to now
OFFERED = {"temperature": Described("Cel", 21.5)}
Tokens = dict[Role, dict[str, str]]


@pytest.fixture(scope="module")
def town(services: Services, template: str) -> Iterator[str]:
    """A climate sensor, a lift whose key has a slash, a door in a dwelling, and offers: of one unknown and of the door."""
    with _copied(services, template) as url:
        with db.opened(url) as engine, engine.begin() as connection:
            sensors.community(connection)
            roof = sensors.stream(connection, "roof", "temperature", "Cel", lowest=-40, highest=60)
            lift = sensors.stream(connection, "pk/lift", "in_service", kind="lift", highest=1)
            door = sensors.stream(connection, "door-1", "contact", kind="door", highest=1)
            moments = [NOW - timedelta(minutes=minute) for minute in range(READINGS)]
            rows = [(roof, at, 30.0 if n == 100 else 5.0 + n % 2) for n, at in enumerate(moments)]
            rows += [(one, at, 1.0) for one in (lift, door) for at in moments]
            ids, times, values = zip(*rows, strict=True)
            time_us = np.array([round(at.timestamp()) * 1_000_000 for at in times], np.int64)
            observations.record(connection, Batch(np.array(ids, np.int32), time_us, np.array(values), NOW))
            seen = [Seen(key, "senml", f"senml/{key}", NOW, NOW, OFFERED, 1) for key in ("newcomer", "door-1")]
            offers.note(connection, seen)
        yield url


@pytest.fixture(scope="module")
def client(town: str) -> Iterator[TestClient]:
    with TestClient(create(ServeSettings(), town), base_url=ROOT) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(town: str) -> Tokens:
    roles = (Role.OPERATOR, Role.INTEGRATOR, Role.PLANNER, Role.CARE, Role.GRID_WORKER)
    return {role: token(town, enrol(town, role)) for role in roles}


def ask(client: TestClient, headers: dict[str, str], path: str, **query: Any) -> Any:
    answer = client.get(f"/api/devices/{path}", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.INTEGRATOR])
def test_who_keeps_the_devices_reads_how_they_are_and_which_are_offered(
    client: TestClient, tokens: Tokens, role: Role
) -> None:
    found = {one["key"]: one for one in ask(client, tokens[role], "health")["devices"]}
    assert set(found) == {"pk/lift", "roof"}
    assert datetime.fromisoformat(found["roof"]["measured_at"]) == NOW
    assert found["roof"]["interval_s"] == 60
    (offer,) = ask(client, tokens[role], "offered")["devices"]
    assert (offer["key"], offer["properties"]) == ("newcomer", {"temperature": {"unit": "Cel", "value": 21.5}})


@pytest.mark.parametrize("path", ["health", "offered"])
@pytest.mark.parametrize("role", [Role.PLANNER, Role.CARE, Role.GRID_WORKER])
def test_health_and_offers_are_for_who_keeps_the_devices(
    client: TestClient, tokens: Tokens, role: Role, path: str
) -> None:
    assert client.get(f"/api/devices/{path}", headers=tokens[role]).status_code == 403


def test_readings_are_a_line_of_few_points_that_keeps_its_peak(client: TestClient, tokens: Tokens) -> None:
    found = ask(client, tokens[Role.PLANNER], "roof/readings", property="temperature", points=20)
    values = [value for _, value in found["points"]]
    assert (len(values), max(values), found["unit"], found["of"]) == (20, 30.0, "Cel", "readings")
    span = {"from": (NOW - timedelta(minutes=9)).isoformat(), "to": NOW.isoformat()}
    assert len(ask(client, tokens[Role.PLANNER], "roof/readings", property="temperature", **span)["points"]) == 9


def test_each_reading_comes_once_by_page_and_so_do_the_days(client: TestClient, tokens: Tokens) -> None:
    headers, seen, following = tokens[Role.PLANNER], [], "?property=temperature&each=true&limit=70"
    while following:
        page = client.get(f"/api/devices/roof/readings{following}", headers=headers).json()
        seen += [at for at, _ in page["points"]]
        following = page["next"]
    assert len(set(seen)) == len(seen) == READINGS
    assert seen == sorted(seen)
    days, following = [], f"?property=in_service&limit=1&from={(NOW - timedelta(days=1)).date()}"
    while following:
        page = client.get(f"/api/devices/pk/lift/states{following}", headers=headers).json()
        days += [one["day"] for one in page["states"]]
        following = page["next"]
    assert days == sorted({(NOW - timedelta(days=n)).date().isoformat() for n in (0, 1)})
    for asked in ("readings?property=temperature&each=true", "states?property=temperature"):
        assert client.get(f"/api/devices/roof/{asked}&cursor=x", headers=headers).status_code in {400, 422}


def test_a_key_may_hold_slashes_and_states_add_up_to_the_readings(client: TestClient, tokens: Tokens) -> None:
    span = {"from": (NOW.date() - timedelta(days=1)).isoformat(), "to": (NOW.date() + timedelta(days=1)).isoformat()}
    days = ask(client, tokens[Role.OPERATOR], "pk/lift/states", property="in_service", **span)["states"]
    assert [one["day"] for one in days] == [(NOW.date() - timedelta(days=n)).isoformat() for n in (1, 0)]
    # the last reading holds for three minutes, or less where they have not passed
    assert (READINGS - 1) * 60 <= sum(one["true"] for one in days) <= (READINGS + 2) * 60
    assert {one["availability"] for one in days} <= {1.0, None}
    assert ask(client, tokens[Role.OPERATOR], "pk/lift/states", property="in_service", monthly=True)["states"]


@pytest.mark.parametrize("asked", ["readings", "states"])
def test_a_device_in_a_dwelling_is_none_but_for_care(client: TestClient, tokens: Tokens, asked: str) -> None:
    query = {"property": "contact"}
    assert ask(client, tokens[Role.CARE], f"door-1/{asked}", **query)["key"] == "door-1"
    for role in (Role.OPERATOR, Role.INTEGRATOR, Role.PLANNER):
        answer = client.get(f"/api/devices/door-1/{asked}", params=query, headers=tokens[role])
        nothing = client.get(f"/api/devices/nothing/{asked}", params=query, headers=tokens[role])
        assert (answer.status_code, answer.text) == (404, nothing.text.replace("nothing", "door-1"))
    assert client.get(f"/api/devices/roof/{asked}", params=query, headers=tokens[Role.GRID_WORKER]).status_code == 403


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("roof/readings", {}),
        ("roof/readings", {"property": "temperature", "points": 2}),
        ("roof/readings", {"property": "temperature", "from": "2026-11-01T00:00:00"}),  # of which zone?
        ("roof/readings", {"property": "temperature", "to": "0001-01-01T00:00:00Z"}),
        ("roof/readings", {"property": "temperature", "from": "2015-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}),
        ("roof/readings", {"property": "temperature", "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}),
        ("roof/readings", {"property": "temperature", "since": "2026"}),
        ("pk/lift/states", {"property": "in_service", "to": "0001-01-02"}),
        ("pk/lift/states", {"property": "in_service", "from": "2026-01-02", "to": "2026-01-02"}),
        ("pk/lift/states", {"property": "in_service", "to": "9999-12-31"}),
        ("roof/states", {"property": "temperature"}),  # degrees are no states
        ("a%00b/states", {"property": "temperature"}),
    ],
)
def test_what_cannot_be_answered_is_refused(
    client: TestClient, tokens: Tokens, path: str, query: dict[str, str]
) -> None:
    answer = client.get(f"/api/devices/{path}", params=query, headers=tokens[Role.OPERATOR])
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
