"""Who reads one thing gets its tag, and a change that names another state than the present one is not made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from deploy.services import Services
from tests.api.people import ROOT
from tests.conftest import _copied
from twin import versions
from twin.roles import Role

ALARMS = """
INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at, is_dwelling)
SELECT p.id, 'value', 'datastream:' || i, 'major', '{}', now(), i = 9 FROM place p, generate_series(1, 9) i
"""
DWELLING = 9
ACTS = [
    ("acknowledge", {"by": "Li"}),
    ("assign", {"to": "lift company", "by": "Li"}),
    ("note", {"text": "on my way", "by": "Li"}),
    ("close", {"text": "a fuse", "by": "Li"}),
]


@pytest.fixture(scope="module")
def town(services: Services, monaco_template: str) -> Iterator[str]:
    with _copied(services, monaco_template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(ALARMS)
        yield url


@pytest.fixture(scope="module")
def client(town: str) -> Iterator[TestClient]:
    with TestClient(create(ServeSettings(open_as=Role.OPERATOR), town), base_url=ROOT) as client:
        yield client


@pytest.mark.parametrize(("act", "body"), ACTS)
def test_an_alarm_is_changed_only_in_the_state_that_was_read(
    client: TestClient, town: str, act: str, body: dict[str, str]
) -> None:
    alarm = 1 + [name for name, _ in ACTS].index(act)
    if act == "close":
        with psycopg.connect(town, autocommit=True) as connection:
            connection.execute("UPDATE alarm SET cleared_at = now() WHERE id = %s", (alarm,))
    read = client.get(f"/api/alarms/{alarm}").headers["etag"]
    assert client.post(f"/api/alarms/{alarm}/note", json={"text": "meanwhile", "by": "Wu"}).status_code == 200
    stale = client.post(f"/api/alarms/{alarm}/{act}", json=body, headers={"If-Match": read})
    assert (stale.status_code, stale.headers["content-type"]) == (412, "application/problem+json")
    now = client.get(f"/api/alarms/{alarm}").headers["etag"]
    assert now != read
    assert client.post(f"/api/alarms/{alarm}/{act}", json=body, headers={"If-Match": f'"x", {now}'}).status_code == 200
    assert client.get(f"/api/alarms/{alarm}").headers["etag"] != now


def test_who_has_the_thing_as_it_is_gets_it_not_again(client: TestClient) -> None:
    tag = client.get("/api/alarms/5").headers["etag"]
    kept = client.get("/api/alarms/5", headers={"If-None-Match": tag})
    assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", tag)
    assert client.get("/api/alarms/5", headers={"If-None-Match": '"other"'}).status_code == 200


def test_of_ten_that_read_the_same_state_one_changes_it(client: TestClient) -> None:
    read = {"If-Match": client.get("/api/alarms/6").headers["etag"]}

    def note(n: int) -> int:
        return client.post("/api/alarms/6/note", json={"text": f"{n}", "by": "Li"}, headers=read).status_code

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(note, range(10))) == [200] + [412] * 9


def test_a_rule_is_switched_in_the_state_that_was_read(client: TestClient) -> None:
    tag = client.get("/api/alarm-rules/1").headers["etag"]
    switched = [
        client.post("/api/alarm-rules/1/switch", json={"enabled": on}, headers={"If-Match": tag}).status_code
        for on in (False, True)
    ]
    assert switched == [200, 412]
    assert client.get("/api/alarm-rules/1").json()["enabled"] is False
    assert client.get("/api/alarm-rules/9999").status_code == 404


def test_what_is_not_to_be_seen_and_what_is_not_there_answer_alike(client: TestClient) -> None:
    hidden, nothing = (
        [client.post(f"/api/alarms/{alarm}/note", json={"text": "x", "by": "Li"}, headers=headers).status_code
         for headers in ({}, {"If-Match": '"x"'}, {"If-Match": "*"})]
        for alarm in (DWELLING, 9999)
    )  # fmt: skip
    assert hidden == nothing == [404, 412, 404]


def test_every_kind_of_thing_has_a_state_in_the_database(client: TestClient, town: str) -> None:
    from twin import db

    assert client.get("/api/place").status_code == 200
    with db.opened(town) as engine, engine.begin() as connection:
        for kind, tagged in versions.TAGGED.items():
            key = connection.exec_driver_sql(f"SELECT {tagged.key}::text FROM {tagged.table} LIMIT 1").scalar()
            found = versions.version(connection, kind, key or "1", hold=True)
            assert (found is None) == (key is None)
            assert versions.version(connection, kind, "\0") is None
