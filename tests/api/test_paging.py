"""Every list that can grow is read by page, each row once, whatever comes meanwhile; what is no cursor is one 400 line."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from deploy.services import Services
from tests.api.people import ROOT, enrol, token
from tests.conftest import _copied
from twin.roles import Role

# Each list: who reads it, the rows of an answer, what names a row, how many are there at least, and how another comes.
ALARM = """
INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at)
SELECT id, 'value', 'datastream:' || clock_timestamp(), 'critical', '{}', now() FROM place
"""
RUN = """
INSERT INTO run (hash, place_id, question, inputs, network_version, state, answer)
SELECT encode(sha256(clock_timestamp()::text::bytea), 'hex'), id, 'coverage', '{}', 1, 'done', '{}' FROM place
"""
IMPORT = """
INSERT INTO import_job (place_id, kind, file_name, bytes, digest, partial, asked_by, state, ended_at, receipts)
SELECT id, 'grids', 'g.geojson', 2, repeat('0', 64), false, 'x', 'done', now(), '[]' FROM place
"""
OFFER = """
INSERT INTO offer (key, format, topic, properties, first_seen, last_seen, measured_at, readings)
VALUES ('a' || clock_timestamp(), 'senml', 't', '{}', clock_timestamp(), now(), now(), 1)
"""
THING = """
INSERT INTO thing (place_id, key, name, kind, format, topic, interval_s, point)
SELECT place_id, 'A' || clock_timestamp(), 'n', kind, format, 't/' || clock_timestamp(), 60, point FROM thing
WHERE kind = 'lift' LIMIT 1
"""
FACILITY = """
INSERT INTO facility (place_id, source_id, service, name, source, point)
SELECT place_id, 'A' || clock_timestamp(), service, 'n', source, point FROM facility LIMIT 1
"""
ACCOUNT = "INSERT INTO user_account (name, role) VALUES ('A' || clock_timestamp(), 'operator')"
LISTS: dict[str, tuple[Role, str, str, int, str]] = {
    "/api/alarms?": (Role.OPERATOR, "alarms", "id", 7, ALARM),
    "/api/alarm-rules?": (Role.OPERATOR, "rules", "id", 7, "SELECT"),
    "/api/runs?": (Role.PLANNER, "runs", "run", 7, RUN),
    "/api/imports?": (Role.INTEGRATOR, "", "id", 7, IMPORT),
    "/api/devices/health?": (Role.INTEGRATOR, "devices", "key", 7, THING),
    "/api/devices/offered?": (Role.INTEGRATOR, "devices", "key", 7, OFFER),
    "/api/registers/facilities?": (Role.PLANNER, "", "source_id", 7, FACILITY),
    "/api/registers/devices?each=true&": (Role.PLANNER, "", "key", 7, THING),
    "/api/registers/sizes?": (Role.PLANNER, "", "code", 7, "SELECT"),
    "/api/users?": (Role.ADMINISTRATOR, "users", "name", 7, ACCOUNT),
    "/api/audit?": (Role.SECURITY_AUDITOR, "entries", "id", 7, "SELECT audit_append('x', '{}')"),
}
MEASURED = """
INSERT INTO measurement (place_id, element_kind, element_source, kind, value, unit, measured_at, measured_by)
SELECT place_id, 'edge', source_id, 'width', 1.2, 'm', now(), 'x' FROM network_edge LIMIT 1
"""
LISTS["/api/measurements?"] = (Role.AUDITOR, "measurements", "id", 7, MEASURED)


@pytest.fixture(scope="module")
def town(services: Services, monaco_template: str) -> Iterator[str]:
    with _copied(services, monaco_template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            for *_, another in LISTS.values():
                for _n in range(7):
                    connection.execute(another)
        yield url


@pytest.fixture(scope="module")
def client(town: str) -> Iterator[TestClient]:
    with TestClient(create(ServeSettings(), town), base_url=ROOT) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(town: str) -> dict[Role, dict[str, str]]:
    return {role: token(town, enrol(town, role)) for role in {role for role, *_ in LISTS.values()}}


def rows(answer: Any, section: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.json()[section] if section else answer.json()
    return found


@pytest.mark.parametrize("path", LISTS)
def test_each_row_is_on_one_page_though_others_come(
    client: TestClient, tokens: dict[Role, dict[str, str]], town: str, path: str
) -> None:
    role, section, named, least, another = LISTS[path]
    base = path.split("?", maxsplit=1)[0]
    before = {row[named] for row in rows(client.get(f"{path}limit=200", headers=tokens[role]), section)}
    answer = client.get(f"{path}limit=3", headers=tokens[role])
    seen = [row[named] for row in rows(answer, section)]
    with psycopg.connect(town, autocommit=True) as connection:
        while "link" in answer.headers and len(seen) < 400:
            connection.execute(another)
            following = answer.links["next"]["url"]
            assert following == (answer.json()["next"] if section else following)
            answer = client.get(f"{base}{following}", headers=tokens[role])
            assert answer.status_code == 200, answer.text
            seen += [row[named] for row in rows(answer, section)]
            if len(seen) > 60:
                break
    assert len(set(seen)) == len(seen) >= least
    if len(seen) <= 60:
        assert before <= set(seen)
        assert not section or answer.json()["next"] is None


def test_every_list_gives_the_next_page_in_a_header_too(client: TestClient) -> None:
    """The lists of later screens are cut by the same piece; tests/api/test_examples.py asks each for a bad cursor."""
    paths = client.get("/api/openapi.json").json()["paths"]
    paged = {
        path
        for path, methods in paths.items()
        if "cursor" in {each["name"] for each in methods.get("get", {}).get("parameters", [])}
    }
    assert {path.split("?", maxsplit=1)[0] for path in LISTS} <= paged
    assert [path for path in paged if "Link" not in paths[path]["get"]["responses"]["200"]["headers"]] == []


def forged(mark: list[Any], seal: bytes = b"123456") -> str:
    return base64.urlsafe_b64encode(seal + msgspec.json.encode(mark)).decode().rstrip("=")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("cursor", ["x", "\u4e2d", "AAAA", forged([1]), "=", "%00"])
def test_what_is_no_cursor_is_one_clear_line(
    client: TestClient, tokens: dict[Role, dict[str, str]], path: str, cursor: str
) -> None:
    answer = client.get(f"{path}cursor={cursor}", headers=tokens[LISTS[path][0]])
    assert (answer.status_code, answer.json()["detail"]) == (400, "cursor: not one that this list gave")


def test_a_cursor_is_of_one_list(client: TestClient, tokens: dict[Role, dict[str, str]]) -> None:
    integrator = tokens[Role.INTEGRATOR]
    following = client.get("/api/devices/health?limit=2", headers=integrator).json()["next"]
    assert client.get(f"/api/devices/health{following}", headers=integrator).status_code == 200
    assert client.get(f"/api/imports{following}", headers=integrator).status_code == 400
    assert isinstance(client.app, FastAPI)
