"""A town in which every example of the interface can be asked: with an alarm of each number, runs, files, offers, readings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
from fastapi.testclient import TestClient
from httpx2 import Response

from api.access import allowed
from twin import db, quarantine
from twin.quarantine import Refusal
from twin.roles import Role

RUN = "5f" * 32
KEPT_BY = (
    Role.OPERATOR,
    Role.CARE,
    Role.INTEGRATOR,
    Role.PLANNER,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
    Role.SECURITY_AUDITOR,
)

PLANTED = f"""
INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at, thing_id)
SELECT p.id, k.kind, k.kind || ':' || n, k.severity, k.detail::jsonb, now() - interval '10 minutes', t.id
  FROM place p CROSS JOIN (SELECT id FROM thing WHERE kind = 'lift' ORDER BY id LIMIT 1) t CROSS JOIN generate_series(1, 4) n
 CROSS JOIN (VALUES
    ('value', 'critical', '{{"property": "depth", "unit": "cm", "value": 17.5, "above": 15}}'),
    ('people_cut_off', 'major', '{{"people": {{"80+": 17}}, "services": {{"pharmacy": {{}}}}, "if_needed": {{}}}}'),
    ('thing_silent', 'notice', '{{"last": "2026-11-24T06:00:00+00:00"}}')) k(kind, severity, detail) ORDER BY n, k.kind;
UPDATE alarm SET cleared_at = now() WHERE id = 5;
INSERT INTO run (hash, place_id, question, inputs, network_version, state, progress, created_by)
SELECT '{RUN}', id, 'siting', '{{"question": "siting", "network_version": 1}}', 1, 'running', '{{"done": 0.4}}', 'planner' FROM place;
INSERT INTO import_job (place_id, kind, file_name, bytes, digest, partial, asked_by, state, ended_at, refusal)
SELECT id, 'facilities', 'shops.csv', 61, repeat('0', 64), false, 'integrator', 'refused', now(),
       '[{{"en": "line 2: lat is not a latitude", "zh": "第 2 行：lat 不是纬度"}}]' FROM place;
INSERT INTO offer (key, format, topic, properties, first_seen, last_seen, measured_at, readings)
VALUES ('newcomer', 'senml', 'senml/newcomer', '{{"temperature": {{"unit": "Cel", "value": 21.5}}}}', now(), now(), now(), 12)
"""
# What an integrator and an administrator see to.
KEPT = """
INSERT INTO mapping (name, text) VALUES ('yard', %(mapping)s);
INSERT INTO quarantine_retry (reason_code, until_id, asked_by, tried, stored, why, ended_at)
VALUES ('no_decoder', 1, 'integrator', 3, 2, 'no decoder', now());
INSERT INTO offer (key, format, topic, properties, first_seen, last_seen, measured_at, readings, refused_at, refused_by)
SELECT key, 'senml', 'senml/' || key, '{}', now(), now(), now(), 3, at, who
  FROM (VALUES ('stranger', NULL::timestamptz, NULL), ('neighbours', now(), 'integrator')) v(key, at, who);
INSERT INTO user_account (name, role) VALUES ('li.wei', 'operator');
INSERT INTO alarm_rule (id, name, kind, severity, thing_id, property, above, source, certainty) OVERRIDING SYSTEM VALUE
SELECT 9001, 'of one device', 'value', 'notice', min(id), 'battery', 101, 'example', 'A' FROM thing;
INSERT INTO notice (place_id, text, text_zh, begins_at, ends_at, written_by)
SELECT id, 'The lift is out of service', '电梯停运', now(), now() + interval '1 day', 'operator' FROM place
"""
MAPPING = """topic = "yard/{device}/state"
thing_key = "{device}"

[time]
path = "$.ts"
format = "epoch_s"

[[points]]
property = "temperature"
path = "$.climate.temperature"
unit = "Cel"
"""
PAYLOAD = b'{"ts": 1772366400, "climate": {"temperature": 21.5}}'
READINGS = """
INSERT INTO observation (time, datastream_id, value)
SELECT date_trunc('minute', now()) - n * interval '1 minute', d.id, (n / 3) %% 2
  FROM datastream d JOIN thing t ON t.id = d.thing_id CROSS JOIN generate_series(1, 30) n
 WHERE t.key = %s AND d.property = %s
"""


def plant(url: str) -> None:
    """Put into the demo place what the examples are about."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(PLANTED)
        connection.execute(READINGS, ("02000000631c7dc0", "in_service"))
        for statement in KEPT.split(";"):
            connection.execute(statement, {"mapping": MAPPING})
    refusal = Refusal(
        topic="yard/yard-7/state", payload=PAYLOAD, seen=datetime.now(UTC), format=None, reason_code="no_decoder",
        reason="no subscription",
    )  # fmt: skip
    with db.opened(url) as engine, engine.begin() as connection:
        quarantine.fold(connection, [refusal])


def asker(method: str, path: str, shown: dict[str, Any]) -> Role:
    """Give the role that an example is asked by: the first that may, unless it says whose it is."""
    may = allowed(path, method)
    return Role(shown["role"]) if "role" in shown else next(role for role in KEPT_BY if role in may)


def ask(client: TestClient, headers: dict[str, str], method: str, path: str, shown: dict[str, Any]) -> Response:
    """Ask for an example as it stands."""
    address = path.replace(":path", "").format(**shown.get("path", {}))
    body: dict[str, Any] = {}
    if "form" in shown:
        fields = dict(shown["form"])
        content = fields.pop("file")
        body = {"data": fields, "files": {"file": ("example.csv", content)}}
    elif "body" in shown:
        body = {"json": shown["body"]}
    return client.request(method, address, params=shown.get("query"), headers=headers, **body)
