"""The planner's interface: a run's two sides, its tables, and the same rows as files that say what they rest on."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from api.app import create
from api.settings import ServeSettings
from twin.roles import Role

SITE = {"edit": "add", "service": "clinic", "lon": 7.4246, "lat": 43.7311, "capacity": 30, "name": "New clinic"}
QUICK: dict[str, dict[str, Any]] = {
    "coverage": {"services": ["clinic"], "groups": ["75-84"], "by": "grid"},
    "scenario": {"edits": [SITE], "services": ["clinic"], "groups": ["75-84"]},
    "siting": {"service": "clinic", "group": "75-84", "new": 2, "minutes": 10},
    "front": {"service": "clinic", "group": "75-84", "new": 2, "minutes": 10},
    "capacity": {"services": ["canteen"], "groups": ["75-84"]},
    "failures": {"kinds": ["lift"], "most": 5},
    "shelters": {"services": ["canteen"], "most": 5},
    "audit": {"services": ["clinic"], "mends": 1, "most": 3},
}


@pytest.fixture(scope="module")
def planner(monaco_of_file: str) -> Iterator[TestClient]:
    """A planner's client."""
    app = create(ServeSettings(open_as=Role.PLANNER), monaco_of_file)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def asked(client: TestClient, name: str, **question: Any) -> Any:
    """Put a question and wait for its run."""
    begun = client.post(f"/api/simulate/{name}", json=question)
    assert begun.status_code in (200, 202), begun.text
    for _ in range(240):
        run = client.get(begun.json()["link"]).json()
        if run["state"] != "running":
            assert run["answer"] is not None, run["reason"]
            return run
        time.sleep(0.25)  # the run needs the processor more than the question how it is
    raise AssertionError(run["progress"])


def count(shown: dict[str, Any]) -> int:
    return int(shown["value"] or 0)


def test_the_two_sides_of_a_scenario_say_what_its_answer_says(planner: TestClient) -> None:
    run = asked(planner, "scenario", **QUICK["scenario"])
    sides = planner.get(f"/api/plan/runs/{run['run']}/sides").json()
    (outcome,) = run["answer"]["outcomes"]
    assert count(sides["today"]["total"]["possible"]) == outcome["before"]["within"]
    assert count(sides["then"]["total"]["possible"]) == outcome["after"]["within"]
    assert outcome["after"]["within"] > outcome["before"]["within"]
    assert [one["edit"]["name"] for one in sides["edits"]] == ["New clinic"]
    assert (sides["norm"]["certainty"], sides["norm"]["level"], sides["limit_s"]) == ("recalled", "宜", 300)


def test_the_minutes_add_up_to_the_residents_and_to_those_within(planner: TestClient) -> None:
    run = asked(planner, "coverage", **QUICK["coverage"])
    side = planner.get(f"/api/plan/runs/{run['run']}/sides").json()["today"]
    everyone = sum(side["minutes"]) + side["farther"] + side["unreached"]
    assert everyone == count(side["total"]["residents"]) == run["answer"]["coverage"][0]["total"]["residents"]
    assert sum(side["minutes"][:5]) == count(side["total"]["possible"])
    assert all(people % 5 == 0 for people in side["minutes"])


def test_one_run_of_all_services_has_the_sides_of_each(planner: TestClient) -> None:
    run = asked(planner, "coverage", groups=["wheelchair"], minutes=10)
    for one in run["answer"]["coverage"][:4]:
        sides = planner.get(f"/api/plan/runs/{run['run']}/sides", params={"service": one["service"]}).json()
        assert count(sides["today"]["total"]["certain"]) == one["total"]["certain"], one["service"]
        assert (sides["group"], sides["if_needed"], sides["then"]) == ("wheelchair", True, None)


def test_at_night_the_run_and_its_sides_walk_the_same_dark_ways(planner: TestClient) -> None:
    run = asked(planner, "coverage", services=["pharmacy"], groups=["75-84"], moment="Mo 22:00")
    side = planner.get(f"/api/plan/runs/{run['run']}/sides").json()["today"]
    assert count(side["total"]["possible"]) == run["answer"]["coverage"][0]["total"]["possible"]


@pytest.mark.parametrize("name", QUICK)
def test_every_question_has_tables_whose_rows_can_be_found_on_the_map(planner: TestClient, name: str) -> None:
    run = asked(planner, name, **QUICK[name])
    found = planner.get(f"/api/plan/runs/{run['run']}/tables").json()
    placed = [table for table in found["tables"] if table["at"]]
    assert found["norm"]["version"]
    assert placed or name == "coverage"
    for table in found["tables"]:
        assert {len(row) for row in table["rows"]} == {len(table["columns"])}, table["name"]
        assert len(table["at"]) in (0, len(table["rows"]))
        for keys in table["at"]:
            for key in keys:
                west, south = found["where"][key]["position"]
                assert 7.3 < west < 7.5, key
                assert 43.6 < south < 43.8, key


def test_the_files_have_the_rows_of_the_screen_and_say_run_norm_user_and_time(
    planner: TestClient, monaco_of_file: str
) -> None:
    run = asked(planner, "siting", **QUICK["siting"])
    address = f"/api/plan/runs/{run['run']}/tables"
    table = planner.get(address).json()["tables"][0]
    assert table["name"] == "sites"
    text = planner.get(f"{address}/sites.csv", params={"purpose": "district plan"}).content.decode("utf-8-sig")
    lines = text.splitlines()
    about = dict(line.strip('"')[2:].split(": ", 1) for line in lines if line.strip('"').startswith("# "))
    assert about | {"time": "", "computed": "", "network": ""} == {
        "time": "",
        "computed": "",
        "network": "",
        "user": "anybody here",
        "purpose": "district plan",
        "norms": "cn_recalled 2026-11",
        "run": run["run"],
        "source": "© OpenStreetMap contributors (ODbL)",
    }
    rows = list(csv.DictReader(io.StringIO("\n".join(line for line in lines if not line.strip('"').startswith("# ")))))
    assert [row["name"] for row in rows] == [row[list(table["columns"]).index("name")] for row in table["rows"]]
    shapes = json.loads(planner.get(f"{address}/sites.geojson", params={"purpose": "district plan"}).content)
    assert [one["geometry"]["type"] for one in shapes["features"]] == ["MultiPolygon"] * 2
    book = load_workbook(io.BytesIO(planner.get(f"{address}/sites.xlsx", params={"purpose": "plan"}).content))
    assert book["about"]["B4"].value == "cn_recalled 2026-11"
    with psycopg.connect(monaco_of_file) as connection:
        detail = connection.execute("SELECT detail FROM audit_entry WHERE event = 'exported' ORDER BY id").fetchall()
    assert [(one["format"], one["rows"], one["purpose"]) for (one,) in detail] == [
        ("csv", 2, "district plan"),
        ("geojson", 2, "district plan"),
        ("xlsx", 2, "plan"),
    ]


def test_the_history_says_what_was_asked_and_by_whom(planner: TestClient) -> None:
    run = asked(planner, "scenario", **QUICK["scenario"], title="A clinic on the rock")
    (newest,) = planner.get("/api/plan/runs", params={"limit": 1}).json()["runs"]
    assert (newest["run"], newest["question"], newest["created_by"]) == (run["run"], "scenario", "anybody here")
    assert (newest["asked"]["title"], newest["asked"]["edits"][0]["edit"]) == ("A clinic on the rock", "add")


@pytest.mark.parametrize(
    ("path", "status", "why"),
    [
        ("{siting}/sides", 422, "a run of siting has no sides"),
        ("{coverage}/sides?service=park", 422, "the run did not ask of park"),
        ("{coverage}/sides?group=adult", 422, "the run did not ask of adult"),
        ("{coverage}/tables/sites.csv?purpose=plan", 404, "the run has no such table; it has services, ages, areas"),
        ("{coverage}/tables/areas.docx?purpose=plan", 422, "no such format"),
        ("ffff/sides", 404, "no run ffff"),
    ],
)
def test_what_a_run_does_not_have_is_refused_in_one_line(planner: TestClient, path: str, status: int, why: str) -> None:
    known = {name: asked(planner, name, **QUICK[name])["run"] for name in ("coverage", "siting")}
    answer = planner.get(f"/api/plan/runs/{path.format(**known)}")
    assert answer.status_code == status, answer.text
    assert why in answer.json()["detail"]


def test_a_file_wants_to_know_what_for(planner: TestClient) -> None:
    run = asked(planner, "coverage", **QUICK["coverage"])
    assert planner.get(f"/api/plan/runs/{run['run']}/tables/areas.csv").status_code == 422
