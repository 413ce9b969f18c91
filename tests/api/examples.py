"""A town in which every example of the interface can be asked: with an alarm of each number, runs, files, offers, readings."""

from __future__ import annotations

from typing import Any

import psycopg
from fastapi.testclient import TestClient
from httpx2 import Response

from api.access import allowed
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
