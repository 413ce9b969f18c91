"""Metrics read by Prometheus's own parser, and readiness."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from twin import db


def read(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def test_metrics_count_requests_by_route(client: TestClient) -> None:
    for _ in range(3):
        client.get("/api/place")
    client.get("/ogc/collections/none")
    found = read(client)
    assert found["linli_http_requests_total", (("method", "GET"), ("route", "/api/place"), ("status", "200"))] == 3
    (missing,) = [
        value
        for (name, labels), value in found.items()
        if name == "linli_http_requests_total" and ("status", "404") in labels
    ]
    assert missing == 1
    assert found["linli_http_request_seconds_count", (("route", "/api/place"),)] == 3


def test_metrics_say_how_the_devices_are(client: TestClient) -> None:
    found = read(client)
    board = client.get("/api/state").json()["figures"]["all"]
    assert found["linli_things", (("condition", "never_seen"),)] == board["things"]["never_seen"] > 0
    assert found["linli_lifts", (("state", "unknown"),)] == board["lifts"]["unknown"] > 0


def test_a_server_is_ready_when_tables_and_place_are_there(client: TestClient, monaco: str) -> None:
    assert client.get("/ready").json() == {"ready": True, "why": None}
    with db.opened(monaco) as engine, engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM migration WHERE name LIKE '0040%'"))
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert "0040_layer_version" in answer.json()["why"]


def test_a_server_without_a_place_is_not_ready(database: str) -> None:
    from api.app import create
    from api.settings import ServeSettings
    from twin.roles import Role

    with TestClient(create(ServeSettings(open_as=Role.OPERATOR), database), base_url="http://127.0.0.1") as client:
        answer = client.get("/ready")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
