"""Roles × routes × rows: every route is declared, and nobody gets a row that is not theirs by any of them."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from pyarrow import parquet
from starlette.routing import Route

from api import formats
from api.access import allowed, every_route
from api.app import create
from api.live import Screen
from api.settings import ServeSettings
from tests.api.people import ROLES, ROOT, enrol, token
from twin import db, roles
from twin.errors import Forbidden
from twin.queries.collections import COLLECTIONS
from twin.roles import NOBODY, Role, Who

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WELFARE, ELSEWHERE, BUILDING = "marker-in-a-dwelling", "marker-of-another-grid", "marker-house-elsewhere"

# Two devices to look for: one in a dwelling, for the care role alone; one on the other side of the place.
PLANTED = """
WITH spots AS (
    SELECT (SELECT id FROM place) AS place, ST_PointOnSurface(mine.geom) AS here, ST_PointOnSurface(other.geom) AS there
    FROM (SELECT geom FROM grid WHERE level = 'grid' ORDER BY id LIMIT 1) AS mine,
         (SELECT geom FROM grid WHERE level = 'grid' ORDER BY id DESC LIMIT 1) AS other
), things AS (
    INSERT INTO thing (place_id, key, name, kind, format, topic, interval_s, point)
    SELECT place, 'marker-in-a-dwelling', 'marker-in-a-dwelling', 'door', 'senml', 't/1', 60, here FROM spots
    UNION ALL SELECT place, 'marker-of-another-grid', 'marker-of-another-grid', 'lift', 'senml', 't/2', 60, there FROM spots
    RETURNING id, place_id, key, kind
), streams AS (
    INSERT INTO datastream (thing_id, property, unit, lowest, highest)
    SELECT id, 'planted_' || kind, '1', 0, 777000 FROM things RETURNING id, thing_id, property
), effects AS (
    INSERT INTO effect (datastream_id, element_kind, element_id, closes_below)
    SELECT s.id, 'edge', (SELECT min(id) FROM network_edge), 0.5 FROM streams AS s RETURNING id
), alarms AS (
    INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at, thing_id, is_dwelling)
    SELECT place_id, 'thing_silent', 'thing:' || id, 'notice', jsonb_build_object('name', key), now(), id, kind = 'door'
    FROM things
)
INSERT INTO observation (time, datastream_id, value)
SELECT now() - interval '1 minute', id, CASE property WHEN 'planted_door' THEN 424242 ELSE 434343 END FROM streams
"""
VALUES = {WELFARE: "424242", ELSEWHERE: "434343", BUILDING: BUILDING}
NAMED = f"""
UPDATE building SET name = '{BUILDING}', address = '{BUILDING}'
WHERE id = (SELECT max(id) FROM building WHERE grid_id = (SELECT max(id) FROM grid WHERE level = 'grid'))
"""
SHAPED = [name for name, one in COLLECTIONS.items() if one.geometry]
WHOLE = ("things",)  # exported in every format

# Addresses that between them reach every table of rows, by each of the interfaces.
ADDRESSES = [
    "/",
    "/api/state",
    "/api/things",
    "/api/place",
    "/api/coverage?service=pharmacy&group=75-84&minutes=10",
    "/api/account",
    "/api/quarantine",
    "/viz/scene",
    *(f"/map/{layer}.geojson" for layer in ("buildings", "grids", "facilities", "network")),
    "/ogc",
    "/ogc/collections",
    *(f"/ogc/collections/{name}/items?limit=1000" for name in COLLECTIONS),
    *(f"/ogc/collections/{name}/items?limit=1000&f=html" for name in ("things", "buildings")),
    *(f"/ogc/collections/{name}/tiles/WebMercatorQuad/0/0/0" for name in SHAPED if not COLLECTIONS[name].is_computed),
    *(f"/api/exports/{name}.{suffix}?purpose=matrix" for name in WHOLE for suffix in formats.suffixes()),
    *(f"/api/exports/{name}.csv?purpose=matrix" for name in COLLECTIONS if name not in WHOLE),
    *(f"/api/exports/buildings.{suffix}?purpose=matrix" for suffix in ("xlsx", "gpkg")),
    *(f"/api/addresses?text={marker}" for marker in VALUES),
    *(f"/api/search?text={marker}" for marker in VALUES),
    *(
        f"/api/devices/{marker}/readings?property=planted_{kind}"
        for marker, kind in {WELFARE: "door", ELSEWHERE: "lift"}.items()
    ),
    "/api/alarms",
    "/api/alarm-rules",
    "/api/runs",
    "/metrics",
    *(
        f"/api/registers/{name}"
        for name in ("facilities", "people", "area", "staff", "sizes", "grids", "sensing", "layers")
    ),
    "/api/registers/devices?each=true",
    "/sta/v1.1/Things?$top=1000",
    "/sta/v1.1/Things?$filter=st_intersects(Locations/location,geography'POLYGON((7 43,8 43,8 44,7 44,7 43))')",
    "/sta/v1.1/Things?$expand=Datastreams($expand=Observations),Locations,HistoricalLocations",
    "/sta/v1.1/Datastreams?$top=1000",
    "/sta/v1.1/Observations?$top=1000",
    "/sta/v1.1/Observations?$expand=Datastream($expand=Thing)&$top=1000",
    "/sta/v1.1/Locations?$top=1000&$expand=Things",
    "/sta/v1.1/HistoricalLocations?$top=1000",
    "/sta/v1.1/FeaturesOfInterest?$top=1000",
    "/sta/v1.1/Sensors?$top=1000&$expand=Datastreams",
    "/sta/v1.1/ObservedProperties?$top=1000&$expand=Datastreams",
    "/api/welfare?purpose=a%20test%20of%20rights",
    "/api/users",
    "/api/audit",
    "/api/me",
    "/api/imports",
    "/api/devices/health",
    "/api/devices/offered",
]


@pytest.fixture(scope="module")
def place(services: object, monaco_template: str) -> Iterator[str]:
    """The demo place with the two devices planted."""
    from tests.conftest import _copied

    with _copied(services, monaco_template) as url:  # type: ignore[arg-type]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(PLANTED)
            connection.execute(NAMED)
        yield url


@pytest.fixture(scope="module")
def client(place: str) -> Iterator[TestClient]:
    with TestClient(create(ServeSettings(), place), base_url=ROOT) as client:
        yield client


@pytest.fixture(scope="module")
def own_grid(place: str) -> int:
    with psycopg.connect(place) as connection:
        return int(connection.execute("SELECT min(id) FROM grid WHERE level = 'grid'").fetchone()[0])  # type: ignore[index]


@pytest.fixture(scope="module")
def people(place: str, own_grid: int) -> dict[Role, Who]:
    return {role: enrol(place, role, grids=(own_grid,) if role is Role.GRID_WORKER else ()) for role in ROLES}


@pytest.fixture(scope="module")
def tokens(place: str, people: dict[Role, Who]) -> dict[Role, dict[str, str]]:
    return {role: token(place, who) for role, who in people.items()} | {Role.PUBLIC: {}}


def declared_routes(client: TestClient) -> list[tuple[str, str]]:
    """Every route of the application with each of its methods."""
    routes = [route for route in every_route(client.app.routes) if isinstance(route, Route)]  # type: ignore[attr-defined]
    return [(method, route.path) for route in routes for method in sorted(route.methods or ()) if method != "HEAD"]


def test_every_route_says_who_may_use_it(client: TestClient) -> None:
    routes = declared_routes(client)

    assert len(routes) > 30
    assert [each for each in routes if not allowed(each[1], each[0])] == []


def test_whoever_may_not_use_a_route_gets_no_further_than_the_door(
    client: TestClient, tokens: dict[Role, dict[str, str]]
) -> None:
    wrong = []
    for method, path in declared_routes(client):
        for role, headers in tokens.items():
            if role not in allowed(path, method):
                address = path.replace("{version}", "0").replace("{path:path}", "x").replace("{layer}", "land")
                answer = client.request(method, address, headers=headers, follow_redirects=False)
                refused = {303, 401} if role is Role.PUBLIC else {303} if path == "/" else {403}
                if answer.status_code not in refused:
                    wrong.append((method, path, role, answer.status_code))
    assert wrong == []


def test_a_route_that_nobody_declared_is_nobodys(place: str) -> None:
    app = create(ServeSettings(open_as=Role.OPERATOR), place)
    app.add_api_route("/api/forgotten", lambda: "secret")
    with TestClient(app, base_url=ROOT) as client:
        assert client.get("/api/forgotten").status_code == 403


@pytest.mark.parametrize("role", [*ROLES, Role.PUBLIC])
def test_no_address_of_any_interface_gives_a_role_what_is_not_its(
    client: TestClient, tokens: dict[Role, dict[str, str]], role: Role
) -> None:
    hidden = set(VALUES) - SEEN.get(role, set())
    leaks, seen, broken = [], set(), []
    for address in ADDRESSES:
        answer = client.get(address, headers=tokens[role], follow_redirects=False)
        # a device that is not to be seen is none
        if answer.status_code >= 500 or (answer.status_code in {400, 404, 422} and "/readings" not in address):
            broken.append((address, answer.status_code, answer.text[:200]))
        content = unpacked(answer) if answer.status_code == 200 else b""
        for marker, value in VALUES.items():
            if marker.encode() in content.replace(address.encode(), b"") or value.encode() in content:
                seen.add(marker)
                if marker in hidden:
                    leaks.append((address, marker))
    assert broken == []
    assert leaks == []
    if role in {Role.OPERATOR, Role.CARE}:  # what is looked for can be found
        assert seen == set(VALUES) - hidden


SEEN = {
    Role.CARE: {WELFARE, ELSEWHERE, BUILDING},
    Role.PUBLIC: {BUILDING},
    **{each: {ELSEWHERE, BUILDING} for each in (Role.OPERATOR, Role.PLANNER, Role.AUDITOR, Role.INTEGRATOR)},
}


def unpacked(answer: Response) -> bytes:
    """Give what is in an answer, also where it is a file that is packed."""
    media = answer.headers.get("content-type", "")
    if "spreadsheet" in media:
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            return b"".join(book.read(name) for name in book.namelist())
    if "parquet" in media:
        return repr(parquet.read_table(io.BytesIO(answer.content)).to_pylist()).encode()
    return answer.content


def test_the_markers_are_found_in_every_format_of_an_export(
    client: TestClient, tokens: dict[Role, dict[str, str]]
) -> None:
    for suffix in formats.suffixes():
        address = f"/api/exports/things.{suffix}?purpose=matrix"
        assert ELSEWHERE.encode() in unpacked(client.get(address, headers=tokens[Role.OPERATOR]))
        # of dwellings no export tells, whoever asks
        assert WELFARE.encode() not in unpacked(client.get(address, headers=tokens[Role.CARE]))


def test_the_streams_board_holds_nothing_of_a_dwelling(client: TestClient) -> None:
    hub = client.app.state.hub  # type: ignore[attr-defined]
    assert client.get("/api/health").status_code == 200
    until = time.monotonic() + 30
    while not hub.ready.is_set() and time.monotonic() < until:
        time.sleep(0.05)
    board = hub.message(Screen()).decode()
    assert ELSEWHERE in board
    assert WELFARE not in board
    assert VALUES[WELFARE] not in board


def test_a_grid_worker_sees_own_grids_only(
    client: TestClient, tokens: dict[Role, dict[str, str]], own_grid: int, place: str
) -> None:
    mine = tokens[Role.GRID_WORKER]
    grids = client.get("/map/grids.geojson", headers=mine).json()["features"]
    buildings = client.get("/map/buildings.geojson", headers=mine).json()["features"]
    with psycopg.connect(place) as connection:
        wanted = {n for (n,) in connection.execute("SELECT id FROM building WHERE grid_id = %s", (own_grid,))}

    assert [grid["id"] for grid in grids] == [own_grid]
    assert {building["id"] for building in buildings} == wanted
    assert wanted
    assert client.get("/live", headers=mine).status_code == 403


def test_code_that_forgets_to_say_who_asks_reads_nothing(place: str, people: dict[Role, Who]) -> None:
    with db.opened(place) as plain:
        engine = roles.guard(plain)
        with engine.begin() as connection, pytest.raises(Forbidden):
            connection.exec_driver_sql("SELECT count(*) FROM place")
        with roles.asking(people[Role.OPERATOR]), engine.begin() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM place").scalar_one() == 1
        # the same pooled connection: nothing of the one before is left
        with engine.begin() as connection, pytest.raises(Forbidden):
            connection.exec_driver_sql("SELECT count(*) FROM place")


CLOSED = {
    "resident_count": {Role.INTEGRATOR},
    "resident_count_past": {Role.INTEGRATOR},
    "welfare_count": {Role.CARE},
    "user_account": {Role.ADMINISTRATOR, Role.SIGN_IN},
    "user_session": {Role.ADMINISTRATOR, Role.SIGN_IN},
    "user_token": {Role.ADMINISTRATOR, Role.SIGN_IN},
    "audit_entry": {Role.SECURITY_AUDITOR},
    "quarantine": {Role.INTEGRATOR},
    "alarm": {Role.OPERATOR, Role.PLANNER, Role.AUDITOR, Role.CARE, Role.GRID_WORKER, Role.INTEGRATOR},
}


def test_system_security_and_business_duties_are_apart_in_the_database(place: str) -> None:
    with psycopg.connect(place) as connection:
        found = {
            table: {
                role
                for role in Role
                if connection.execute(
                    "SELECT has_table_privilege(%s, %s, 'SELECT')", (f"linli_{role}", table)
                ).fetchone()
                == (True,)
            }
            for table in CLOSED
        }
    assert found == CLOSED


def test_no_role_of_the_application_changes_the_audit(place: str) -> None:
    with psycopg.connect(place) as connection:
        rights = {
            (role, right)
            for role in (*Role, "api")
            for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
            if connection.execute(
                "SELECT has_table_privilege(%s, 'audit_entry', %s)", (f"linli_{role}", right)
            ).fetchone()
            == (True,)
        }
    assert rights == set()


def test_a_list_of_people_at_risk_needs_a_purpose_and_an_entry_written_first(
    client: TestClient, tokens: dict[Role, dict[str, str]], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    care = tokens[Role.CARE]
    assert client.get("/api/welfare", headers=care).status_code == 422
    answer = client.get("/api/welfare", params={"purpose": "visits of the day"}, headers=care)
    assert [device["key"] for device in answer.json()["devices"] if device["key"] == WELFARE] == [WELFARE]
    with psycopg.connect(place) as connection:
        last = connection.execute(
            "SELECT actor, role, event, detail FROM audit_entry ORDER BY id DESC LIMIT 1"
        ).fetchone()
        assert last == ("care", "care", "welfare read", {"purpose": "visits of the day"})
        # with the audit held up, nothing is read: no entry, no data
        monkeypatch.setattr("api.routes.access.WRITTEN_WITHIN_S", 0.3)
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('audit_entry'))")
        refused = client.get("/api/welfare", params={"purpose": "visits of the day"}, headers=care)
    assert refused.status_code == 503
    assert WELFARE not in json.dumps(refused.json())


def test_nobody_is_the_public(client: TestClient) -> None:
    assert NOBODY.role is Role.PUBLIC
    assert client.get("/api/state").status_code == 401
    assert client.get("/api/health").status_code == 200
