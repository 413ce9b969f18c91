"""Questions by HTTP: answered at once or in the background, kept, found again by their link, and stopped."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient


def ask(client: TestClient, name: str, **question: Any) -> Any:
    return client.post(f"/api/simulate/{name}", json=question)


def finished(client: TestClient, begun: Any) -> Any:
    """Wait for a run that was begun."""
    assert begun.status_code == 202, begun.text
    for _ in range(240):
        run = client.get(begun.json()["link"]).json()
        if run["state"] != "running":
            return run
        time.sleep(0.5)  # the run needs the processor more than the question how it is
    raise AssertionError(run["progress"])


def test_a_scenario_is_answered_at_once_kept_and_shared_by_its_link(client: TestClient) -> None:
    edits = [{"edit": "add", "service": "clinic", "lon": 7.4246, "lat": 43.7311, "capacity": 30}]
    first = ask(client, "scenario", title="A clinic on the rock", edits=edits, services=["clinic"])
    assert first.status_code == 200
    again = client.get(first.json()["link"]).json()
    assert (again["state"], again["answer"], again["question"]) == ("done", first.json()["answer"], "scenario")
    gained = [sum(one["gained"].values()) for one in again["answer"]["outcomes"]]
    assert max(gained) > 0
    assert all(people % 5 == 0 for people in gained)
    kept = ask(client, "scenario", title="A clinic on the rock", edits=edits, services=["clinic"]).json()
    assert (kept["run"], kept["created_at"]) == (again["run"], again["created_at"])
    assert client.get("/api/runs").json()["runs"][0]["run"] == again["run"]


def test_what_takes_longer_runs_on_and_tells_how_it_ended(client: TestClient) -> None:
    run = finished(client, ask(client, "siting", service="clinic", new=2, seconds=30))
    assert run["state"] == "done", run["reason"]
    found = run["answer"]["siting"]
    assert (found["proven"], found["norm"]["id"]) == (True, "cn_recalled")
    assert ask(client, "siting", service="clinic", new=2, seconds=30).status_code == 200
    bad = finished(client, ask(client, "siting", service="clinic", goal="glory"))
    assert (bad["state"], bad["answer"]) == ("failed", None)
    assert "'glory' is no goal" in bad["reason"]


def test_seats_within_a_budget_and_the_front_are_searched_in_the_background(client: TestClient) -> None:
    terms = {"goal": "seated", "seats": 60, "new": 3, "rooms": [5, 6, 700], "budget": 1.5, "seconds": 20}
    run = finished(client, ask(client, "siting", service="canteen", group="75-84", **terms))
    assert run["state"] == "done", run["reason"]
    found = run["answer"]["siting"]
    assert found["cost"] <= 1.5
    assert found["seated"] == sum(site["seated"] for site in found["sites"]) <= found["bound"]
    run = finished(client, ask(client, "front", service="canteen", group="75-84", new=2, seconds=20))
    people = [point["within_limit"] for point in run["answer"]["front"]]
    assert people == sorted(people)


def test_a_long_question_is_stopped_from_anywhere(client: TestClient) -> None:
    begun = ask(client, "failures", kinds=["path", "gate", "facility"])
    assert client.post(f"{begun.json()['link']}/stop").status_code == 200
    run = finished(client, begun)
    assert (run["state"], run["answer"]) == ("stopped", None)


def test_hours_without_service_are_drawn_from_the_readings_of_the_lifts(client: TestClient, monaco: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with psycopg.connect(monaco, autocommit=True) as connection:
        connection.execute(
            """
            INSERT INTO observation (datastream_id, time, value)
            SELECT e.datastream_id, %s + n * interval '1 minute', CASE WHEN n %% 720 < 708 THEN 1 ELSE 0 END
            FROM (SELECT DISTINCT e.datastream_id FROM effect e JOIN network_edge n ON n.id = e.element_id
                  WHERE e.element_kind = 'edge' AND n.kind = 'lift' AND e.closes_below IS NOT NULL) AS e,
                 generate_series(0, 2159) AS n
            """,
            (now - timedelta(hours=37),),
        )
    question = {"years": 2, "services": ["pharmacy"], "groups": ["wheelchair"], "second": 1, "walk_ups": 0}
    run = finished(client, ask(client, "outages", **question))
    assert run["state"] == "done", run["reason"]
    (found,) = run["answer"]["expected"]
    assert run["answer"]["lifts"]
    assert {lift["share_standing"] for lift in run["answer"]["lifts"] if not lift["assumed"]} == {
        round(38 / 2162, 6)  # three stops of 12 minutes in a day and a half; the last reading holds for three
    }
    assert found["hours_per_resident"] > 0
    assert found["standard_error"] >= 0
    (second,) = run["answer"]["second_lift"]
    assert second["elements"]
    assert all(one["person_hours"] > 0 for one in second["saves"])


def test_coverage_and_audit_are_the_command_lines(client: TestClient) -> None:
    answer = ask(client, "coverage", services=["clinic"], groups=["adult"], by="community")
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["answer"]["coverage"]
    assert sum(area["certain"] for area in found["areas"]) == found["total"]["certain"]
    audit = finished(client, ask(client, "audit", services=["pharmacy"], mends=1, most=3))
    assert len(audit["answer"]["breaks"]) == 3
    assert audit["answer"]["mends"]["proven"]


@pytest.mark.parametrize(
    ("name", "question", "status", "why"),
    [
        ("oracle", {}, 404, "no question 'oracle'"),
        ("siting", {}, 422, "missing required field `service`"),
        ("scenario", {"edits": [{"edit": "close", "element": "edge:nowhere"}]}, 422, "not in the twin: edge:nowhere"),
        ("scenario", {"edits": [{"edit": "close", "element": "edge#999999999"}]}, 404, "no edge 999999999"),
        ("outages", {"years": 1}, 422, ">= 2"),
        ("coverage", {"minutes": 0}, 422, "> 0.0"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(
    client: TestClient, name: str, question: dict[str, Any], status: int, why: str
) -> None:
    answer = ask(client, name, **question)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert why in answer.json()["detail"]


def test_a_run_that_is_not_there_is_not_found(client: TestClient) -> None:
    for link in ("/api/runs/ffff", "/api/runs/%25"):
        assert client.get(link).status_code == 404
    assert client.post("/api/runs/ffff/stop").status_code == 404
