"""Search and drill-down: what is found by which words, by whom, and what is inside of what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.routes.search import meant
from api.settings import ServeSettings
from twin import counts
from twin.roles import Role


@pytest.fixture(scope="module")
def desk(monaco_of_file: str) -> Iterator[TestClient]:
    """The application as an operator asks it."""
    with TestClient(
        create(ServeSettings(open_as=Role.OPERATOR), monaco_of_file), base_url="http://127.0.0.1"
    ) as client:
        yield client


def found(client: TestClient, text: str) -> list[dict[str, Any]]:
    answer = client.get("/api/search", params={"text": text})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["found"]
    return rows


def test_a_lift_is_found_by_words_of_its_name_in_any_order(desk: TestClient) -> None:
    first = found(desk, "exotique LIFT jardin")[0]

    assert (first["kind"], first["name"], first["sort"]) == ("thing", "Lift Jardin Exotique", "lift")
    assert 7.40 < first["position"][0] < 7.45
    assert 43.72 < first["position"][1] < 43.76


def test_a_device_is_found_by_its_key_and_a_building_and_a_grid_by_their_codes(
    desk: TestClient, monaco_of_file: str
) -> None:
    with psycopg.connect(monaco_of_file) as connection:
        codes = connection.execute(
            "SELECT (SELECT min(key) FROM thing WHERE kind = 'lift'), (SELECT min(source_id) FROM building),"
            " (SELECT min(code) FROM grid WHERE level = 'grid')"
        ).fetchone()
    assert codes
    for code, kind in zip(codes, ("thing", "building", "grid"), strict=True):
        assert (found(desk, code)[0]["kind"], found(desk, code)[0]["code"]) == (kind, code)


def test_an_address_finds_its_building_and_a_street_is_found_too(desk: TestClient) -> None:
    rows = found(desk, "Boulevard Rainier III")

    assert "2 Boulevard Rainier III" in [row["name"] for row in rows if row["kind"] == "building"]
    assert "Boulevard Rainier III" in [row["name"] for row in rows if row["kind"] == "street"]


def test_a_slip_of_the_pen_still_finds_it(desk: TestClient) -> None:
    assert "Lift Jardin Exotique" in [row["name"] for row in found(desk, "jarden exotiqe")]
    assert found(desk, "zzqx wvkj") == []


def test_the_word_for_a_service_or_a_kind_finds_it_in_both_languages(desk: TestClient) -> None:
    assert {row["sort"] for row in found(desk, "药店") if row["kind"] == "facility"} == {"pharmacy"}
    assert {row["sort"] for row in found(desk, "lifts")} >= {"lift"}
    assert meant("pharm") == ["pharmacy"]
    assert meant("  ") == []


def test_the_signs_of_a_pattern_are_letters_like_others(desk: TestClient) -> None:
    assert found(desk, "%") == []
    assert found(desk, "_________") == []
    assert found(desk, "!") == []
    assert found(desk, "   ") == []
    assert desk.get("/api/search", params={"text": "a\0b"}).status_code == 200
    assert desk.get("/api/search", params={"text": "a" * 101}).status_code == 422


def test_a_device_in_a_dwelling_is_found_by_nobody(monaco_of_file: str) -> None:
    with psycopg.connect(monaco_of_file) as connection:
        name, thing_id = connection.execute(
            "SELECT name, id FROM thing WHERE kind IN ('door', 'meter') LIMIT 1"
        ).fetchone()  # type: ignore[misc]
    for role in (Role.OPERATOR, Role.CARE, Role.PLANNER):
        with TestClient(create(ServeSettings(open_as=role), monaco_of_file), base_url="http://127.0.0.1") as client:
            assert [row for row in found(client, name) if row["kind"] == "thing" and row["key"] == str(thing_id)] == []
            assert client.get(f"/api/inside/thing/{thing_id}").status_code == 404


def test_a_grid_worker_finds_buildings_and_grids_of_the_own_grids_alone(monaco_of_file: str) -> None:
    with TestClient(
        create(ServeSettings(open_as=Role.GRID_WORKER), monaco_of_file), base_url="http://127.0.0.1"
    ) as client:
        kinds = {row["kind"] for row in found(client, "boulevard")}  # this one has been given no grid
        assert not kinds & {"building", "grid", "thing"}
        assert client.get("/api/state", params={"at": "2026-01-01T00:00:00Z"}).status_code == 403


def inside(client: TestClient, kind: str, key: int | str) -> dict[str, Any]:
    answer = client.get(f"/api/inside/{kind}/{key}")
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()
    return row


def test_one_goes_from_the_place_down_to_a_device_and_each_step_knows_the_way_back(desk: TestClient) -> None:
    whole = inside(desk, "grid", 0)
    assert {part["sort"] for part in whole["inside"]} == {"street"}
    level, path = whole["inside"][0], list[int]()
    while level["kind"] == "grid":
        seen = inside(desk, "grid", level["id"])
        assert [part["id"] for part in seen["path"]] == path
        path.append(level["id"])
        level = seen["inside"][0]
    house = inside(desk, "building", level["id"])
    assert [part["id"] for part in house["path"]] == path
    assert house["residents"]["value"] == sum(row["count"]["value"] or 0 for row in house["bands"])
    pharmacy = next(row for row in found(desk, "pharmacie") if row["kind"] == "facility")
    beside = inside(desk, "facility", pharmacy["key"])["inside"]
    assert {part["kind"] for part in beside} <= {"thing"}
    assert all(part.get("distance_m", 0) <= 150 for part in beside)
    assert inside(desk, "thing", found(desk, "lift jardin exotique")[0]["key"])["path"]


def test_the_grids_add_up_to_the_place_and_show_counts_in_steps(desk: TestClient) -> None:
    whole = inside(desk, "grid", 0)["inside"]
    below = [part for one in whole for part in inside(desk, "grid", one["id"])["inside"]]
    assert sum(part["residents"]["value"] for part in whole) == sum(part["residents"]["value"] for part in below)
    assert all(part["residents"]["value"] % counts.STEP == 0 for part in below)


def test_what_is_not_there_is_not_found(desk: TestClient) -> None:
    assert desk.get("/api/inside/building/99999999").status_code == 404
    assert desk.get("/api/inside/grid/99999999").status_code == 404
    assert desk.get("/api/inside/house/1").status_code == 422
