"""A change that comes again under its Idempotency-Key is made once: whatever else comes, restarts included."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.access import every_route
from api.app import create
from api.once import REPLAYED
from api.settings import ServeSettings
from tests.api.people import ROOT, enrol, token
from twin import repeats
from twin.roles import Role

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
ALARMS = """
INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at)
SELECT p.id, 'value', 'datastream:' || i, 'major', '{}', now() FROM place p, generate_series(1, 30) i RETURNING id
"""


@pytest.fixture(scope="module")
def client(monaco_of_file: str) -> Iterator[TestClient]:
    with TestClient(create(ServeSettings(), monaco_of_file), base_url=ROOT) as client:
        yield client


@pytest.fixture(scope="module")
def twin(monaco_of_file: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(monaco_of_file, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def alarms(twin: psycopg.Connection) -> Iterator[int]:
    """Give the number of an alarm that no other test has, each time that it is asked."""
    return iter([number for (number,) in twin.execute(ALARMS).fetchall()])


@pytest.fixture(scope="module")
def operator(monaco_of_file: str) -> dict[str, str]:
    return token(monaco_of_file, enrol(monaco_of_file, Role.OPERATOR))


@pytest.fixture(scope="module")
def integrator(monaco_of_file: str) -> dict[str, str]:
    return token(monaco_of_file, enrol(monaco_of_file, Role.INTEGRATOR))


def notes(twin: psycopg.Connection, alarm: int) -> int:
    row = twin.execute("SELECT count(*) FROM alarm_event WHERE alarm_id = %s AND what = 'noted'", (alarm,)).fetchone()
    assert row is not None
    return int(row[0])


def test_the_same_again_is_answered_the_same_and_not_done_again_also_after_a_restart(
    client: TestClient, monaco_of_file: str, twin: psycopg.Connection, alarms: Iterator[int], operator: dict[str, str]
) -> None:
    alarm, asked = next(alarms), operator | {"Idempotency-Key": KEY}
    first = client.post(f"/api/alarms/{alarm}/note", json={"text": "on my way"}, headers=asked)
    again = client.post(f"/api/alarms/{alarm}/note", json={"text": "on my way"}, headers=asked)
    with TestClient(create(ServeSettings(), monaco_of_file), base_url=ROOT) as restarted:
        later = restarted.post(f"/api/alarms/{alarm}/note", json={"text": "on my way"}, headers=asked)
    assert first.status_code == again.status_code == later.status_code == 200
    assert first.content == again.content == later.content
    assert [REPLAYED in answer.headers for answer in (first, again, later)] == [False, True, True]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert notes(twin, alarm) == 1


def test_a_key_is_its_accounts_and_its_requests(
    client: TestClient,
    twin: psycopg.Connection,
    alarms: Iterator[int],
    operator: dict[str, str],
    integrator: dict[str, str],
) -> None:
    first, second = next(alarms), next(alarms)
    asked = {"Idempotency-Key": "one key for several requests"}
    assert client.post(f"/api/alarms/{first}/note", json={"text": "a"}, headers=operator | asked).status_code == 200
    for path, body in ((first, {"text": "b"}), (second, {"text": "a"})):
        other = client.post(f"/api/alarms/{path}/note", json=body, headers=operator | asked)
        assert (other.status_code, other.headers["content-type"]) == (422, "application/problem+json")
    rule = client.get("/api/alarm-rules", headers=integrator).json()["rules"][0]["id"]
    switched = client.post(f"/api/alarm-rules/{rule}/switch", json={"enabled": True}, headers=integrator | asked)
    assert (switched.status_code, REPLAYED in switched.headers) == (200, False)
    assert (notes(twin, first), notes(twin, second)) == (1, 0)


def test_twenty_at_once_are_done_once(
    client: TestClient, twin: psycopg.Connection, alarms: Iterator[int], operator: dict[str, str]
) -> None:
    alarm, asked = next(alarms), operator | {"Idempotency-Key": "twenty at the same time"}
    start = threading.Barrier(20)

    def ask(_: int) -> tuple[int, bytes]:
        start.wait()
        answer = client.post(f"/api/alarms/{alarm}/note", json={"text": "x"}, headers=asked)
        return answer.status_code, answer.content

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(ask, range(20)))
    assert {status for status, _ in answers} <= {200, 409}
    assert len({content for status, content in answers if status == 200}) == 1
    assert notes(twin, alarm) == 1


def test_a_refusal_is_kept_and_a_failure_of_ours_is_not(
    client: TestClient, twin: psycopg.Connection, alarms: Iterator[int], operator: dict[str, str]
) -> None:
    alarm = next(alarms)
    stands = operator | {"Idempotency-Key": "closed while it stands"}
    refused = [client.post(f"/api/alarms/{alarm}/close", json={"text": "x"}, headers=stands) for _ in range(2)]
    assert [answer.status_code for answer in refused] == [409, 409]
    assert REPLAYED in refused[1].headers
    broken = operator | {"Idempotency-Key": "while a table is away"}
    twin.execute("ALTER TABLE alarm_event RENAME TO away_event")
    with pytest.raises(Exception, match="alarm_event"):
        client.post(f"/api/alarms/{alarm}/note", json={"text": "x"}, headers=broken)
    twin.execute("ALTER TABLE away_event RENAME TO alarm_event")
    assert client.post(f"/api/alarms/{alarm}/note", json={"text": "x"}, headers=broken).status_code == 200


def test_a_change_that_is_made_and_whose_answer_was_lost_is_not_made_again(
    client: TestClient, twin: psycopg.Connection, alarms: Iterator[int], operator: dict[str, str]
) -> None:
    """As where the server is killed between the commit and its answer; one killed before is begun anew."""
    alarm = next(alarms)
    asked = operator | {"Idempotency-Key": "killed after the commit"}
    lost = "UPDATE asked_once SET status = NULL, answer = NULL, asked_at = now() - %s * interval '1 s', made_at = {}"
    assert client.post(f"/api/alarms/{alarm}/note", json={"text": "x"}, headers=asked).status_code == 200
    twin.execute(lost.format("now()"), (repeats.LEASE_S + 1,))
    assert client.post(f"/api/alarms/{alarm}/note", json={"text": "x"}, headers=asked).status_code == 409
    assert notes(twin, alarm) == 1
    twin.execute(lost.format("NULL"), (repeats.LEASE_S - 10,))
    assert client.post(f"/api/alarms/{alarm}/note", json={"text": "x"}, headers=asked).status_code == 409
    twin.execute(lost.format("NULL"), (repeats.LEASE_S + 1,))
    assert client.post(f"/api/alarms/{alarm}/note", json={"text": "x"}, headers=asked).status_code == 200
    assert notes(twin, alarm) == 2


def test_an_answer_is_kept_for_a_day(
    client: TestClient, twin: psycopg.Connection, alarms: Iterator[int], operator: dict[str, str]
) -> None:
    alarm, asked = next(alarms), operator | {"Idempotency-Key": "of the day before yesterday"}
    for hours, expected in ((23, 1), (25, 2)):
        client.post(f"/api/alarms/{alarm}/note", json={"text": "x"}, headers=asked)
        twin.execute("UPDATE asked_once SET asked_at = now() - %s * interval '1 hour'", (hours,))
        client.post(f"/api/alarms/{alarm}/note", json={"text": "x"}, headers=asked)
        assert notes(twin, alarm) == expected


def test_a_secret_that_is_shown_once_is_answered_again_and_lies_nowhere_in_the_clear(
    client: TestClient, twin: psycopg.Connection, operator: dict[str, str]
) -> None:
    asked = operator | {"Idempotency-Key": "a token for a script, once"}
    first, again = (client.post("/api/me/tokens", json={"name": "script"}, headers=asked) for _ in range(2))
    assert first.status_code == 201
    assert first.json()["token"] == again.json()["token"]
    rows = twin.execute("SELECT convert_from(answer, 'UTF8') FROM asked_once WHERE answer IS NOT NULL").fetchall()
    assert rows
    assert not any(first.json()["token"] in row[0] for row in rows)


def test_a_file_that_is_sent_again_is_loaded_once(client: TestClient, integrator: dict[str, str]) -> None:
    asked = integrator | {"Idempotency-Key": "grids of the day, first version"}
    form = {"kind": "grids", "datum": "wgs84"}
    sent = [
        client.post("/api/imports", data=form, files={"file": ("g.geojson", content)}, headers=asked)
        for content in (b"{}", b"{}", b"[]")
    ]
    assert [answer.status_code for answer in sent] == [202, 202, 422]
    assert sent[0].json()["id"] == sent[1].json()["id"]
    assert (
        len([job for job in client.get("/api/imports", headers=integrator).json() if job["file_name"] == "g.geojson"])
        == 1
    )


@pytest.mark.parametrize("key", ["short", "x" * 256, "0123456789abcde\u00e9"])
def test_what_is_no_key_is_one_clear_line(client: TestClient, operator: dict[str, str], key: str) -> None:
    asked = operator | {"Idempotency-Key": key.encode("utf-8")}
    answer = client.post("/api/alarms/acknowledge", json={"ids": [1]}, headers=asked)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["detail"][:16]) == (400, "Idempotency-Key:")


def test_every_change_of_the_own_interface_takes_a_key(client: TestClient) -> None:
    assert isinstance(client.app, FastAPI)
    paths = client.get("/api/openapi.json").json()["paths"]
    changing = [
        (m, path) for path, methods in paths.items() for m in methods if m in {"post", "put", "patch", "delete"}
    ]
    assert len(changing) > 8
    without = [
        (method, path)
        for method, path in changing
        if "Idempotency-Key" not in {each["name"] for each in paths[path][method].get("parameters", [])}
    ]
    assert without == []
    assert list(every_route(client.app.routes))
