"""What an integrator, an administrator and a security auditor do, by route: each only what is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from deploy.device_accounts import Given
from deploy.services import Services
from tests.api.people import PASSWORD, ROOT, browser, enrol, token
from tests.conftest import _copied
from twin import db, quarantine
from twin.quarantine import Refusal
from twin.roles import Role

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
YARD = b'{"ts": 1772366400, "climate": {"temperature": 21.5, "humidity": 140}, "bat": 88}'
MAPPING = """topic = "linli/v1/{device}/up/state"
thing_key = "{device}"

[time]
path = "$.ts"
format = "epoch_s"

[[points]]
property = "temperature"
path = "$.climate.temperature"

[[points]]
property = "humidity"
path = "$.climate.humidity"

[[points]]
property = "bat"
path = "$.bat"
"""
PLANTED = """
WITH t AS (
    INSERT INTO thing (place_id, key, name, kind, format, topic, interval_s, point)
    SELECT id, 'yard-7', 'Yard', 'climate', 'mapped', 'linli/v1/yard-7/up/state', 60, ST_PointOnSurface(boundary) FROM place
    RETURNING id)
INSERT INTO datastream (thing_id, property, unit, lowest, highest)
SELECT id, p, u, 0, 100 FROM t, (VALUES ('temperature', 'Cel'), ('humidity', '%RH')) v(p, u);
INSERT INTO offer (key, format, topic, properties, first_seen, last_seen, measured_at, readings)
VALUES ('newcomer', 'senml', 'senml/newcomer', '{"temperature": {"unit": "Cel", "value": 21.5}}', now(), now(), now(), 12)
"""


@dataclass
class Accounts:
    """What the broker would do, on a list: the broker itself is asked in tests/deploy and in the browser."""

    had: list[str] = field(default_factory=list)

    def renew(self, name: str, topic: str) -> Given:
        self.had.append(name)
        return Given("127.0.0.1", 1883, name, f"secret-{len(self.had)}", (topic,))

    def withdraw(self, name: str) -> bool:
        return name in self.had


@pytest.fixture(scope="module")
def town(services: Services, monaco_template: str) -> Iterator[str]:
    with _copied(services, monaco_template) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(PLANTED)
        with db.opened(url) as engine, engine.begin() as connection:
            common: dict[str, Any] = {"format": None, "reason_code": "no_decoder", "reason": "no subscription"}
            rows = [Refusal("linli/v1/yard-7/up/state", payload=YARD, seen=NOON, **common)]
            rows += [Refusal("odd/bytes", payload=b"\x00\x01\xff", seen=NOON, **common)]
            rows += [Refusal("odd/markup", payload=b"<script>alert(1)</script>", seen=NOON, **common)]
            quarantine.fold(connection, rows)
        yield url


@pytest.fixture(scope="module")
def client(town: str) -> Iterator[TestClient]:
    app = create(ServeSettings(), town)
    app.state.device_accounts = Accounts()
    with TestClient(app, base_url=ROOT) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(town: str) -> dict[Role, dict[str, str]]:
    grid = "SELECT min(id) FROM grid WHERE level = 'grid'"
    with psycopg.connect(town) as connection:
        own = int(connection.execute(grid).fetchone()[0])  # type: ignore[index]
    wanted = (Role.INTEGRATOR, Role.ADMINISTRATOR, Role.SECURITY_AUDITOR, Role.GRID_WORKER, Role.OPERATOR)
    people = {role: enrol(town, role, grids=(own,) if role is Role.GRID_WORKER else ()) for role in wanted}
    return {role: token(town, who) for role, who in people.items()}


@pytest.fixture
def integrator(tokens: dict[Role, dict[str, str]]) -> dict[str, str]:
    return tokens[Role.INTEGRATOR]


@pytest.fixture
def administrator(tokens: dict[Role, dict[str, str]]) -> dict[str, str]:
    return tokens[Role.ADMINISTRATOR]


def message(client: TestClient, headers: dict[str, str], topic: str) -> dict[str, Any]:
    (found,) = client.get("/api/quarantine/messages", params={"search": topic}, headers=headers).json()["messages"]
    whole: dict[str, Any] = client.get(f"/api/quarantine/messages/{found['id']}", headers=headers).json()
    return whole


def test_a_payload_is_shown_as_text_or_as_bytes_with_its_reason(client: TestClient, integrator: dict[str, str]) -> None:
    assert message(client, integrator, "yard-7")["payload"]["text"] == YARD.decode()
    assert message(client, integrator, "odd/bytes")["payload"] == {
        "text": None, "hex": "00 01 ff", "bytes": 3, "is_cut": False
    }  # fmt: skip
    reasons = client.get("/api/quarantine/reasons", headers=integrator).json()["reasons"]
    assert [(one["reason_code"], one["rows"], one["count"]) for one in reasons] == [("no_decoder", 3, 3)]


def test_a_list_of_the_quarantine_comes_by_page_and_names_no_row_twice(
    client: TestClient, integrator: dict[str, str]
) -> None:
    seen, query = [], "?limit=2"
    while query is not None:
        page = client.get(f"/api/quarantine/messages{query}", headers=integrator).json()
        seen += [one["topic"] for one in page["messages"]]
        query = page["next"]
    assert sorted(seen) == ["linli/v1/yard-7/up/state", "odd/bytes", "odd/markup"]


def test_a_first_mapping_is_drafted_and_the_preview_says_what_would_become_of_each_reading(
    client: TestClient, integrator: dict[str, str]
) -> None:
    row = message(client, integrator, "yard-7")
    text = client.post("/api/mappings/draft", json={"message": row["id"]}, headers=integrator).json()["text"]
    assert text.startswith('topic = "linli/v1/{device}/up/state"')
    seen = client.post("/api/mappings/preview", json={"text": text}, headers=integrator).json()
    (one,) = seen["messages"]
    verdicts = {each["property"]: (each["value"], each["unit"], each["verdict"]) for each in one["readings"]}
    assert verdicts == {
        "temperature": (21.5, "Cel", "stored"),
        "humidity": (140.0, None, "out_of_range"),
        "bat": (88.0, None, "unknown_property"),
    }
    assert {each["measured_at"] for each in one["readings"]} == {"2026-03-01T12:00:00Z"}
    wrong = client.post("/api/mappings/preview", json={"text": text.replace("$.bat", "bat")}, headers=integrator)
    assert wrong.json()["problem"]["line"] == text[: text.index('"$.bat"')].count("\n") + 1


def test_a_preview_of_a_sample_says_why_it_would_be_refused(client: TestClient, integrator: dict[str, str]) -> None:
    sample = {"topic": "linli/v1/yard-7/up/state", "payload": "{}"}
    answer = client.post("/api/mappings/preview", json={"text": MAPPING, "sample": sample}, headers=integrator).json()
    assert answer["messages"][0]["refusal"] == {"code": "wrong_shape", "reason": "no time at $.ts"}
    bytes_ = message(client, integrator, "odd/bytes")["id"]
    refused = client.post("/api/mappings/draft", json={"message": bytes_}, headers=integrator)
    assert (refused.status_code, "no mapping can read this" in refused.json()["detail"]) == (422, True)


def test_a_mapping_keeps_who_made_it_so_and_what_it_was_and_is_not_changed_blindly(
    client: TestClient, integrator: dict[str, str]
) -> None:
    body = {"name": "yards", "text": MAPPING, "reason": "new gauges"}
    made = client.post("/api/mappings", json=body, headers=integrator)
    assert (made.status_code, made.json()["filter"]) == (201, "linli/v1/+/up/state")
    at = f"/api/mappings/{made.json()['id']}"
    tag = client.get(at, headers=integrator).headers["etag"]
    off = client.put(at, json=body | {"enabled": False, "reason": "broken"}, headers=integrator | {"If-Match": tag})
    late = client.put(at, json=body, headers=integrator | {"If-Match": tag})
    bad = client.put(
        at, json=body | {"text": MAPPING.replace("linli/v1/{device}/up/state", "+/{device}/#")}, headers=integrator
    )
    taken = client.post("/api/mappings", json=body, headers=integrator)
    assert [each.status_code for each in (off, late, bad, taken)] == [200, 412, 422, 422]
    history = client.get(f"{at}/history", headers=integrator).json()["history"]
    assert [(each["enabled"], each["actor"], each["reason"]) for each in history] == [
        (False, "integrator", "broken"),
        (True, "integrator", "new gauges"),
    ]
    assert client.delete(at, headers=integrator).status_code == 200
    assert client.get(at, headers=integrator).status_code == 404


def test_a_retry_waits_for_ingest_and_names_what_is_meant(client: TestClient, integrator: dict[str, str]) -> None:
    asked = client.post("/api/quarantine/retries", json={"reason": "no_decoder"}, headers=integrator)
    assert asked.status_code == 202
    job = client.get(f"/api/quarantine/retries/{asked.json()['id']}", headers=integrator).json()
    assert (job["reason_code"], job["asked_by"], job["tried"], job["ended_at"]) == ("no_decoder", "integrator", 0, None)
    assert client.post("/api/quarantine/retries", json={}, headers=integrator).status_code == 422
    assert client.post("/api/quarantine/retries", json={"message": 10**9}, headers=integrator).status_code == 404


def test_devices_are_found_and_sorted_with_the_unknown_last(client: TestClient, integrator: dict[str, str]) -> None:
    def asked(**query: str | int) -> dict[str, Any]:
        found: dict[str, Any] = client.get("/api/devices/health", params=query, headers=integrator).json()
        return found

    with psycopg.connect(client.app.state.engine.url.render_as_string(False).replace("+psycopg", "")) as connection:  # type: ignore[attr-defined]
        connection.execute(
            "INSERT INTO thing_health (thing_id, last_seen, stored, duplicate, conflict, quarantined, late, battery) "
            "SELECT id, now(), 5, 1, 0, 2, 1, 40 + row_number() OVER (ORDER BY key) FROM thing WHERE kind = 'pm'"
        )
    yard = asked(search="YARD")
    assert [(one["key"], one["state"]) for one in yard["devices"]] == [("yard-7", "never_seen")]
    for descending in (False, True):
        found = asked(sort="battery", descending=descending, limit=1000)["devices"]
        known = [one["battery"] for one in found if one["battery"] is not None]
        assert known == sorted(known, reverse=descending)
        assert all(one["battery"] is None for one in found[len(known) :])
    pages, page = [], asked(sort="battery", limit=30)
    while page["next"]:
        pages += page["devices"]
        page = client.get(f"/api/devices/health{page['next']}", headers=integrator).json()
    keys = [one["key"] for one in (*pages, *page["devices"])]
    assert len(keys) == len(set(keys)) == page["total"]


def test_an_offered_device_is_refused_offered_again_and_enrolled(
    client: TestClient, integrator: dict[str, str]
) -> None:
    def offered() -> list[str]:
        return [one["key"] for one in client.get("/api/devices/offered", headers=integrator).json()["devices"]]

    assert offered() == ["newcomer"]
    client.post("/api/offers/newcomer/refuse", json={"format": "senml"}, headers=integrator)
    gone = client.get("/api/offers/refused", headers=integrator).json()["devices"]
    assert (offered(), [(one["key"], one["refused_by"]) for one in gone]) == ([], [("newcomer", "integrator")])
    client.post("/api/offers/newcomer/reconsider", json={"format": "senml"}, headers=integrator)
    body = {"kind": "climate", "lon": 7.42, "lat": 43.735, "datum": "WGS84"}
    half = client.post("/api/offers/newcomer/enrol", json=body | {"lat": None}, headers=integrator)
    made = client.post("/api/offers/newcomer/enrol", json=body, headers=integrator)
    assert (half.status_code, made.status_code, offered()) == (422, 201, [])


def test_a_device_gets_an_account_that_is_shown_once_and_can_be_withdrawn(
    client: TestClient, integrator: dict[str, str]
) -> None:
    first = client.post("/api/credentials/yard-7", headers=integrator).json()
    second = client.post("/api/credentials/yard-7", headers=integrator).json()
    assert first["password"] != second["password"]
    listed = client.get("/api/credentials", params={"search": "yard-7"}, headers=integrator)
    assert second["password"] not in listed.text
    assert [(one["made_by"], one["has_account"]) for one in listed.json()["credentials"]] == [("integrator", True)]
    assert client.delete("/api/credentials/yard-7", headers=integrator).json() == {"key": "yard-7", "withdrawn": True}
    assert client.delete("/api/credentials/yard-7", headers=integrator).status_code == 404
    assert client.post("/api/credentials/nothing", headers=integrator).status_code == 404


def test_the_account_adds_up_by_minute_and_against_the_tables(client: TestClient, integrator: dict[str, str]) -> None:
    with psycopg.connect(client.app.state.engine.url.render_as_string(False).replace("+psycopg", "")) as connection:  # type: ignore[attr-defined]
        connection.execute(
            "INSERT INTO account (minute, source, messages, received, stored, duplicate, quarantined) "
            "VALUES (date_trunc('minute', now()), 'senml', 3, 4, 3, 1, 0)"
        )
    (row,) = client.get("/api/account/minutes", headers=integrator).json()["minutes"]
    assert (row["source"], row["received"], row["difference"]) == ("senml", 4, 0)
    balance = client.get("/api/account/balance", headers=integrator).json()
    assert (balance["is_true"], balance["stored"], balance["stored_in_tables"]) == (False, 3, 0)


def test_an_alarm_rule_is_edited_with_its_history_and_makes_sense_or_is_refused(
    client: TestClient, integrator: dict[str, str]
) -> None:
    rules = client.get("/api/alarm-rules?limit=1000", headers=integrator).json()["rules"]
    rule = next(one for one in rules if one["name"] == "water too deep to walk")
    at = f"/api/alarm-rules/{rule['id']}"
    edited = client.patch(at, json={"above": 18, "hold_s": 120, "reason": "kerbs are high here"}, headers=integrator)
    assert (edited.json()["above"], edited.json()["hold_s"], edited.json()["source"]) == (18, 120, "the city's own")
    assert edited.json()["clear_below"] == rule["clear_below"]
    for wrong in ({"clear_below": 30}, {"above": None, "clear_below": None}, {"above": "high"}, {"hold_s": -1}):
        assert client.patch(at, json=wrong, headers=integrator).status_code == 422, wrong
    now, before = client.get(f"{at}/history", headers=integrator).json()["history"]
    assert (now["actor"], now["reason"], now["above"]) == ("integrator", "kerbs are high here", 18)
    assert (before["above"], before["hold_s"]) == (rule["above"], rule["hold_s"])
    assert client.delete(at, headers=integrator).status_code == 422
    silent = next(one for one in rules if one["name"] == "silent")["id"]
    own = client.post("/api/alarm-rules", json={"like": silent, "thing": "yard-7", "intervals": 9}, headers=integrator)
    assert (own.status_code, own.json()["thing_key"], own.json()["intervals"]) == (201, "yard-7", 9)
    assert client.delete(f"/api/alarm-rules/{own.json()['id']}", headers=integrator).status_code == 200


def test_the_administrator_makes_changes_locks_and_resets_accounts_and_reads_no_audit(
    client: TestClient, administrator: dict[str, str], tokens: dict[Role, dict[str, str]]
) -> None:
    grids = client.get("/api/users/grids", headers=administrator).json()["grids"]
    body = {"name": "wang", "role": "grid_worker", "grids": [grids[0]["id"]]}
    made = client.post("/api/users", json=body, headers=administrator)
    assert (made.status_code, len(made.json()["password"]) >= 20) == (201, True)
    again = client.post("/api/users", json=body, headers=administrator)
    assert again.status_code == 422
    assert client.patch("/api/users/wang", json={"disabled": True}, headers=administrator).status_code == 200
    shut = browser(client.app)  # type: ignore[arg-type]
    form = {"name": "wang", "password": made.json()["password"]}
    assert shut.post("/signin", data=form, follow_redirects=False).status_code == 401
    client.patch("/api/users/wang", json={"disabled": False}, headers=administrator)
    reset = client.post("/api/users/wang/password", headers=administrator).json()["password"]
    assert shut.post("/signin", data=form | {"password": reset}, follow_redirects=False).status_code == 303
    assert client.post("/api/users/wang/revoke", headers=administrator).json() == {"name": "wang", "ended": 1}
    own = client.patch("/api/users/administrator", json={"role": "operator"}, headers=administrator)
    assert own.status_code == 422
    assert client.get("/api/audit", headers=administrator).status_code == 403
    assert client.post("/api/users", json=body, headers=tokens[Role.SECURITY_AUDITOR]).status_code == 403


def test_the_security_auditor_sees_a_whole_chain_and_finds_in_it(
    client: TestClient, tokens: dict[Role, dict[str, str]], administrator: dict[str, str]
) -> None:
    client.post("/api/users", json={"name": "chen", "role": "operator"}, headers=administrator)
    query = {"actor": "administrator", "event": "account made"}
    found = client.get("/api/audit", params=query, headers=tokens[Role.SECURITY_AUDITOR]).json()
    assert found["holds"]
    assert found["broken"] == []
    assert found["head"].partition(":")[0].isdecimal()
    assert found["entries"][0]["detail"]["account"] == "chen"
    assert {(one["actor"], one["event"]) for one in found["entries"]} == {("administrator", "account made")}


@pytest.mark.parametrize(
    ("role", "address"),
    [
        (Role.OPERATOR, "./"),
        (Role.ADMINISTRATOR, "devices"),
        (Role.SECURITY_AUDITOR, "devices"),
        (Role.GRID_WORKER, "grid"),
    ],
)
def test_each_role_lands_on_a_page_that_it_may_open(
    client: TestClient, tokens: dict[Role, dict[str, str]], role: Role, address: str
) -> None:
    assert role in tokens
    shut = browser(client.app)  # type: ignore[arg-type]
    client.app.state.sign_ins.__init__(1_000)  # type: ignore[attr-defined]  # many sign in from here
    form = {"name": role.value, "password": PASSWORD}
    answer = shut.post("/signin", data=form, follow_redirects=False)
    assert answer.headers["location"] == address
    for start in ("/", f"/{address.removeprefix('./')}"):
        assert shut.get(start).status_code == 200
    asked = shut.post("/signin?to=devices&lang=zh", data=form, follow_redirects=False)
    assert asked.headers["location"] == {"grid": "grid?lang=zh"}.get(address, "devices?lang=zh")


def test_each_role_gets_the_tabs_that_are_its_own(client: TestClient, tokens: dict[Role, dict[str, str]]) -> None:
    def tabs(role: Role) -> set[str]:
        page = client.get("/devices", headers=tokens[role]).text
        return {part.partition('"')[0] for part in page.split('data-tab="')[1:]}

    assert tabs(Role.ADMINISTRATOR) == {"accounts"}
    assert tabs(Role.SECURITY_AUDITOR) == {"audit", "accounts"}
    assert tabs(Role.OPERATOR) == {"devices", "offered", "mappings", "rules"}
    assert tabs(Role.INTEGRATOR) >= {"devices", "quarantine", "mappings", "account", "credentials", "imports", "rules"}
    assert not tabs(Role.INTEGRATOR) & {"audit", "accounts"}
    assert client.get("/devices", headers=tokens[Role.GRID_WORKER]).status_code == 403
