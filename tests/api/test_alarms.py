"""The routes of alarms on the real database: by page whatever comes and goes, and from raised to closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from twin.roles import Role

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
MANY = """
INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at, thing_id, is_dwelling)
SELECT p.id, 'value', 'datastream:' || i, (ARRAY['critical', 'major', 'notice'])[1 + i % 3],
       jsonb_build_object('value', i, 'property', 'depth', 'unit', 'cm', 'above', 15), now(), t.id, false
  FROM place p, generate_series(1, 250) i CROSS JOIN (SELECT id FROM thing WHERE kind = 'water_level' LIMIT 1) t
"""
HOME = """
INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at, thing_id, is_dwelling)
SELECT place_id, 'inactive', 'datastream:9999', 'critical', '{}', now(), id, true FROM thing WHERE kind = 'meter' LIMIT 1
RETURNING id
"""


@pytest.fixture
def twin(monaco: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(monaco, autocommit=True) as connection:
        yield connection


def test_the_list_is_read_by_page_and_each_alarm_is_on_one_though_others_come_and_go(
    client: TestClient, twin: psycopg.Connection
) -> None:
    twin.execute(MANY)
    twin.execute(HOME)
    seen: list[dict[str, object]] = []
    after = ""
    while True:
        answer = client.get(f"/api/alarms?{after or 'limit=60'}").json()
        seen += answer["alarms"]
        twin.execute("""
            INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at)
            SELECT id, 'value', 'datastream:new' || clock_timestamp(), 'critical', '{}', now() FROM place
        """)
        if answer["next"] is None:
            break
        after = answer["next"].removeprefix("?")
    assert [row["severity"] for row in seen] == ["critical"] * 83 + ["major"] * 84 + ["notice"] * 83
    assert len({row["id"] for row in seen}) == 250
    assert answer["total"] == {
        "critical": 87, "major": 84, "notice": 83, "waiting": 254, "explained": 0, "to_close": 0,
    }  # fmt: skip
    behind = client.get(f"/api/alarms?after={seen[9]['mark']}&limit=3").json()["alarms"]
    assert [row["id"] for row in behind] == [row["id"] for row in seen[10:13]]
    majors = client.get("/api/alarms?limit=200&severity=major").json()["alarms"]
    assert [row["severity"] for row in majors] == ["major"] * 84
    assert majors[0]["reading"]["property"] == "depth"
    board = client.get("/api/state").json()["alarms"]
    assert len(board) == 101  # the most urgent hundred, and the total
    assert {row["kind"] for key, row in board.items() if key != "total"} == {"value"}
    assert client.get("/api/alarms?after=x").status_code == 422


def test_an_alarm_goes_from_raised_to_closed_by_the_routes(client: TestClient, twin: psycopg.Connection) -> None:
    twin.execute(MANY)
    first, second = (row["id"] for row in client.get("/api/alarms?limit=2").json()["alarms"])
    taken = client.post("/api/alarms/acknowledge", json={"ids": [first, second], "by": "night shift"})
    assert sorted(taken.json()["ids"]) == sorted([first, second])
    assert client.post("/api/alarms/acknowledge", json={"ids": [first], "by": "Li"}).json()["ids"] == []
    assert client.post(f"/api/alarms/{first}/assign", json={"to": "lift company", "by": "Li"}).status_code == 200
    assert client.post(f"/api/alarms/{first}/note", json={"text": "on their way", "by": "Li"}).status_code == 200
    assert client.post(f"/api/alarms/{first}/close", json={"text": "done", "by": "Li"}).status_code == 409
    twin.execute("UPDATE alarm SET cleared_at = now() WHERE id = %s", (first,))
    (to_close,) = client.get("/api/alarms?standing=cleared").json()["alarms"]
    assert (to_close["id"], to_close["assigned_to"], to_close["acknowledged_by"]) == (
        first,
        "lift company",
        "night shift",
    )
    assert client.post(f"/api/alarms/{first}/close", json={"text": "a fuse", "by": "Li"}).status_code == 200
    told = client.get(f"/api/alarms/{first}").json()
    assert [(each["what"], each["by"], each["note"]) for each in told["events"]][1:] == [
        ("acknowledged", "night shift", None),
        ("assigned", "Li", "lift company"),
        ("noted", "Li", "on their way"),
        ("cleared", None, None),
        ("noted", "Li", "a fuse"),
        ("closed", "Li", None),
    ]
    assert client.get("/api/alarms?standing=closed").json()["alarms"][0]["closed_by"] == "Li"
    assert client.get("/api/alarms/999999").status_code == 404


def test_the_alarm_of_a_home_is_not_told_to_everybody_and_rules_are_switched(
    client: TestClient, twin: psycopg.Connection
) -> None:
    (home,) = twin.execute(HOME).fetchone()  # type: ignore[misc]
    assert client.get(f"/api/alarms/{home}").status_code == 404
    assert client.post(f"/api/alarms/{home}/acknowledge", json={"by": "Li"}).status_code == 404
    absence = {"thing": "m", "by": "Li", "from_at": START.isoformat(), "until_at": (START + timedelta(1)).isoformat()}
    assert client.post("/api/away", json=absence).status_code == 403
    rules = client.get("/api/alarm-rules").json()["rules"]
    assert all(rule["source"] and rule["certainty"] in {"V1", "V2", "RH", "A"} for rule in rules)
    switched = client.post(f"/api/alarm-rules/{rules[0]['id']}/switch", json={"enabled": False})
    assert switched.json() == {"id": rules[0]["id"], "enabled": False}
    assert client.get("/api/alarm-rules").json()["rules"][0]["enabled"] is False


def test_the_care_role_sees_the_alarm_of_a_home_and_says_that_nobody_is_there(
    monaco: str, twin: psycopg.Connection
) -> None:
    (home,) = twin.execute(HOME).fetchone()  # type: ignore[misc]
    (meter,) = twin.execute("SELECT key FROM thing WHERE kind = 'meter' LIMIT 1").fetchone()  # type: ignore[misc]
    with TestClient(create(ServeSettings(open_as=Role.CARE), monaco), base_url="http://127.0.0.1") as care:
        assert [row["id"] for row in care.get("/api/alarms").json()["alarms"]] == [home]
        assert care.get("/api/state").json()["alarms"].keys() == {"total"}  # what the room sees
        absence = {"thing": meter, "by": "Li", "from_at": START.isoformat(), "until_at": START.isoformat()}
        assert care.post("/api/away", json=absence).status_code == 422
        absence["until_at"] = (START + timedelta(1)).isoformat()
        assert care.post("/api/away", json=absence).json() == {"thing": meter, "by": "Li"}
    assert twin.execute("SELECT noted_by FROM away").fetchall() == [("Li",)]
