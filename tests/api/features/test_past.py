"""Collections as of a moment, and alarms as cases: each role's own, in tiles too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pyarrow.parquet
import pyogrio
import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from tests.api.people import ROOT, enrol, token
from twin.roles import Role

CHANGED = """
UPDATE grid SET name = 'Renamed' WHERE id = (SELECT min(id) FROM grid);
UPDATE building SET floors = floors + 70 WHERE id = (SELECT min(id) FROM building);
UPDATE facility SET service = 'nursery', point = ST_Translate(point, 0.5, 0) WHERE id = (SELECT min(id) FROM facility);
UPDATE network_edge SET kind = 'steps' WHERE id = (SELECT min(id) FROM network_edge);
UPDATE thing SET name = 'Moved', point = ST_Translate(point, 0.5, 0) WHERE kind = 'lift';
DELETE FROM thing WHERE kind = 'pm';
"""
ALARMS = """
INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at, cleared_at, closed_at, thing_id, is_dwelling)
SELECT p.id, v.kind, v.subject, 'major', '{"people": {"65-74": 3}}', '2026-11-01T10:00:00Z', v.cleared, v.closed,
       (SELECT min(id) FROM thing WHERE thing.kind = v.of), v.of IS NOT DISTINCT FROM 'door'
  FROM place AS p, (VALUES
    ('thing_silent', 'thing:1', 'lift', NULL, NULL),
    ('value', 'datastream:2', 'climate', timestamptz '2026-11-01T12:00:00Z', timestamptz '2026-11-02T12:00:00Z'),
    ('thing_silent', 'thing:3', 'door', NULL, NULL),
    ('service_lost', 'service:pharmacy', NULL, NULL, NULL)) AS v (kind, subject, of, cleared, closed);
"""
KEPT = ("grids", "buildings", "facilities", "network", "things")


@pytest.fixture(scope="module")
def before(monaco_of_file: str) -> datetime:
    """A moment after the place was loaded and before much of it changed."""
    with psycopg.connect(monaco_of_file) as connection:
        (moment,) = connection.execute("SELECT clock_timestamp()").fetchone()  # type: ignore[misc]
    with psycopg.connect(monaco_of_file) as connection:
        connection.execute(CHANGED)
    with psycopg.connect(monaco_of_file) as connection:
        connection.execute(ALARMS)
    return moment  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def client(monaco_of_file: str, before: datetime) -> Iterator[TestClient]:
    with TestClient(create(ServeSettings(), monaco_of_file), base_url=ROOT) as client:
        yield client


@pytest.fixture(scope="module")
def headers(client: TestClient, monaco_of_file: str) -> dict[Role, dict[str, str]]:
    with psycopg.connect(monaco_of_file) as connection:
        (grid,) = connection.execute("SELECT min(id) FROM grid WHERE level = 'grid'").fetchone()  # type: ignore[misc]
    roles = (Role.OPERATOR, Role.CARE, Role.GRID_WORKER)
    grids = {Role.GRID_WORKER: (int(grid),)}
    return {role: token(monaco_of_file, enrol(monaco_of_file, role, grids=grids.get(role, ()))) for role in roles}


def features(client: TestClient, headers: dict[str, str], path: str, **query: str) -> list[dict[str, object]]:
    answer = client.get(f"/ogc/collections/{path}/items", params={"limit": "10000", **query}, headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["features"]
    return found


@pytest.mark.parametrize("name", KEPT)
def test_a_collection_is_given_as_it_was(
    client: TestClient, headers: dict[Role, dict[str, str]], before: datetime, name: str
) -> None:
    operator = headers[Role.OPERATOR]
    now, then = (features(client, operator, name, **when) for when in ({}, {"datetime": f"../{before.isoformat()}"}))
    assert now != then
    assert then == features(client, operator, name, datetime=before.isoformat())
    assert now == features(client, operator, name, datetime=f"{before.isoformat()}/..")
    assert features(client, operator, name, datetime="2001-01-01T00:00:00Z") == []
    found = {json_id: one for one in then if (json_id := one["id"])}
    changed = [one for one in now if one["id"] in found and found[one["id"]] != one]
    assert len(changed) == (1 if name != "things" else len([one for one in changed if "Moved" in str(one)]))
    key = changed[0]["id"]
    one = client.get(f"/ogc/collections/{name}/items/{key}", params={"datetime": before.isoformat()}, headers=operator)
    assert one.json()["properties"] == found[key]["properties"]


def test_a_box_and_a_filter_ask_of_the_past_too(
    client: TestClient, headers: dict[Role, dict[str, str]], before: datetime
) -> None:
    operator, box = headers[Role.OPERATOR], "7.8,43,8.2,44"
    assert len(features(client, operator, "facilities", bbox=box)) == 1
    assert features(client, operator, "facilities", bbox=box, datetime=before.isoformat()) == []
    gone = features(client, operator, "things", filter="kind = 'pm'", datetime=before.isoformat())
    assert gone
    assert features(client, operator, "things", filter="kind = 'pm'") == []


def test_the_past_of_other_grids_is_not_a_grid_workers(
    client: TestClient, headers: dict[Role, dict[str, str]], before: datetime
) -> None:
    for name in ("grids", "buildings", "things"):
        mine = features(client, headers[Role.GRID_WORKER], name)
        then = features(client, headers[Role.GRID_WORKER], name, datetime=before.isoformat())
        every = features(client, headers[Role.OPERATOR], name, datetime=before.isoformat())
        assert len(then) < len(every)
        assert abs(len(then) - len(mine)) <= 3


def test_cases_are_alarms_with_their_life_and_no_people(
    client: TestClient, headers: dict[Role, dict[str, str]]
) -> None:
    found = features(client, headers[Role.OPERATOR], "cases", sortby="kind")
    said = [one["properties"] for one in found]
    assert [(one["kind"], one["standing"]) for one in said] == [  # type: ignore[index]
        ("service_lost", "open"),
        ("thing_silent", "open"),
        ("value", "closed"),
    ]
    assert not any("people" in str(one) or "65-74" in str(one) for one in said)
    assert [one["geometry"] is None for one in found] == [True, False, False]


def test_cases_are_found_by_time_box_and_filter(client: TestClient, headers: dict[Role, dict[str, str]]) -> None:
    operator = headers[Role.OPERATOR]

    def count(**query: str) -> int:
        return len(features(client, operator, "cases", **query))

    assert (count(datetime="2026-11-01T09:00:00Z"), count(datetime="2026-11-01T11:00:00Z")) == (0, 3)
    assert count(datetime="2026-11-03T00:00:00Z/..") == 2
    assert count(bbox="7.40,43.72,7.45,43.76", filter="standing = 'closed'") == 1
    assert count(filter="T_AFTER(closed_at, TIMESTAMP('2026-11-02T00:00:00Z')) AND severity = 'major'") == 1


def test_a_case_of_a_dwelling_is_the_care_roles_in_tiles_too_and_a_cache_of_one_is_not_for_another(
    client: TestClient, headers: dict[Role, dict[str, str]]
) -> None:
    tile = "/ogc/collections/cases/tiles/WebMercatorQuad/0/0/0"
    care, operator, worker = (
        client.get(tile, headers=headers[role]) for role in (Role.CARE, Role.OPERATOR, Role.GRID_WORKER)
    )
    assert b"thing:3" in care.content
    assert b"thing:3" not in operator.content + worker.content
    assert len({care.headers["etag"], operator.headers["etag"], worker.headers["etag"]}) == 3
    again = {**headers[Role.CARE], "If-None-Match": care.headers["etag"]}
    assert client.get(tile, headers=again).status_code == 304
    assert client.get(tile, headers=headers[Role.OPERATOR] | {"If-None-Match": care.headers["etag"]}).status_code == 200


def test_the_version_of_cases_changes_with_each_change(
    client: TestClient, headers: dict[Role, dict[str, str]], monaco_of_file: str
) -> None:
    def version() -> str:
        address = "/ogc/collections/cases/tiles/WebMercatorQuad"
        return str(client.get(address, headers=headers[Role.OPERATOR]).json()["version"])

    seen = [version(), version()]
    for change in ("count = count + 1", "acknowledged_at = now()", "severity = 'critical'"):
        with psycopg.connect(monaco_of_file) as connection:
            connection.execute(f"UPDATE alarm SET {change} WHERE subject = 'thing:1'")
        seen.append(version())
    assert seen[0] == seen[1]
    assert len(set(seen)) == 4


def test_a_moment_to_come_is_now(client: TestClient, headers: dict[Role, dict[str, str]]) -> None:
    later = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    operator = headers[Role.OPERATOR]
    assert features(client, operator, "grids", datetime=later) == features(client, operator, "grids")


@pytest.mark.parametrize("suffix", ["fgb", "parquet", "html"])
def test_cases_without_a_place_are_in_files_and_pages_too(
    client: TestClient, headers: dict[Role, dict[str, str]], suffix: str, tmp_path: Path
) -> None:
    address = f"/ogc/collections/cases/items?f={suffix}&sortby=kind"
    answer = client.get(address, headers=headers[Role.OPERATOR])
    assert answer.status_code == 200, answer.text
    if suffix == "html":
        assert "service:pharmacy" in answer.text
        return
    (tmp_path / f"a.{suffix}").write_bytes(answer.content)
    if suffix == "fgb":
        meta, _, shapes, values = pyogrio.raw.read(tmp_path / "a.fgb")
        kinds = dict(zip(meta["fields"].tolist(), values, strict=True))["kind"].tolist()
        assert [one is None for one in shapes] == [kind == "service_lost" for kind in kinds]
    else:
        kinds = pyarrow.parquet.read_table(tmp_path / "a.parquet").column("kind").to_pylist()
    assert sorted(kinds) == ["service_lost", "thing_silent", "value"]
