"""The registers' answers by HTTP, from what a town was loaded with; each with the norm behind it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from ingest.loaders import devices, facilities, residents
from ingest.loaders.receipt import keep
from tests.ingest.loaders import town
from twin import accounts, db
from twin.datum import WGS_84
from twin.db import Connection
from twin.places import Place
from twin.roles import Role

OWN = """
[set]
id = "own"
version = "3"
name = "Our town's"
name_zh = "本镇"

[[norm]]
id = "svc_30"
name = "more room"
name_zh = "更多面积"
clause = "1"
word = "应"
layer = "city"
area = "3204"
group = "all"
quantities = { floor_m2_per_100_households = { least = 40 } }
certainty = "V1"
certainty_note = "ours"
valid_from = 2020-01-01
"""
FACILITIES = """id,service,name,lon,lat,staff,office_m2,service_m2,activity_m2,emergency_m2
s1,community_station,Station,7.415,43.735,12,100,300,200,
s1,canteen,Station,7.415,43.735,12,100,300,200,
s2,community_station,Small station,7.416,43.735,7,,,150,50
s3,community_station,Unknown,7.417,43.735,,,,,
"""


def load(connection: Connection, tmp_path: Path, place: Place) -> None:
    """Fill the town: stations, three smoke alarms of which one reports, one of them out of every grid, and people."""
    stations = tmp_path / "stations.csv"
    stations.write_text(FACILITIES, encoding="utf-8")
    receipt = facilities.load(connection, stations, place=place, datum=WGS_84)
    keep(connection, "facilities", stations, [receipt])
    at = {"a": town.position(0), "b": town.position(7), "c": (7.4099, 43.735)}
    alarms = tmp_path / "alarms.csv"
    rows = (f"smoke-{key},Smoke {key},smoke,senml,smoke/{key},{lon},{lat}" for key, (lon, lat) in at.items())
    alarms.write_text("\n".join(("key,name,kind,format,topic,lon,lat", *rows)) + "\n", encoding="utf-8")
    devices.load(connection, alarms, place=place, datum=WGS_84)
    now = datetime.now(UTC)
    statement = """
    INSERT INTO latest (datastream_id, time, value, received_at)
    SELECT d.id, :at, 0, :at FROM datastream d JOIN thing t ON t.id = d.thing_id WHERE t.key = :key
    """
    connection.execute(sa.text(statement), {"key": "smoke-a", "at": now})
    connection.execute(sa.text(statement), {"key": "smoke-b", "at": now - timedelta(days=9)})
    counts = tmp_path / "counts.csv"
    counts.write_text("building,age_band,residents\nw000,65+,4980\n,65+,20\n", encoding="utf-8")
    residents.given(connection, counts, place=place)
    connection.execute(sa.text("UPDATE place SET households = 3842, residents = 12400, data_time = '2023-12-26'"))


@pytest.fixture
def client(database: str, tmp_path: Path) -> Iterator[TestClient]:
    with db.opened(database) as engine, engine.begin() as connection:
        place, _ = town.build(connection, np.random.default_rng(4))
        load(connection, tmp_path, place)
    own = tmp_path / "own.toml"
    own.write_text(OWN, encoding="utf-8")
    settings = ServeSettings(norms=(own,), open_as=Role.PLANNER)
    with TestClient(create(settings, database), base_url="http://127.0.0.1") as client:
        yield client


def ask(client: TestClient, path: str) -> Any:
    answer = client.get(f"/api/registers/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_s22_the_floor_area_by_function_is_held_against_the_norm_which_is_named(client: TestClient) -> None:
    said = ask(client, "area?present=1000")
    assert (said["need"]["needed"], said["need"]["short"]) == (1152.6, 152.6)
    basis = said["need"]["basis"]
    assert (basis["norm_id"], basis["version"], basis["certainty"], basis["layer"]) == (
        "svc_30", "2026-11", "V2", "national",
    )  # fmt: skip
    held = ask(client, "area")["held"]
    assert held == {
        "office_m2": 100, "service_m2": 300, "activity_m2": 350, "emergency_m2": 50, "sites": 2, "sites_without": 1,
    }  # fmt: skip
    assert ask(client, "area")["need"]["short"] == 352.6


def test_s43_a_citys_own_norm_wins_where_it_holds(database: str, client: TestClient, tmp_path: Path) -> None:
    assert ask(client, "area")["need"]["basis"]["norm_set"] != "own"  # the place has no division code
    settings = ServeSettings(norms=(tmp_path / "own.toml",), area="320412", open_as=Role.PLANNER)
    with TestClient(create(settings, database), base_url="http://127.0.0.1") as there:
        need = ask(there, "area")["need"]
    assert (need["needed"], need["basis"]["norm_set"], need["basis"]["version"]) == (1536.8, "own", "3")
    assert (need["basis"]["layer"], need["basis"]["word"], need["basis"]["quotable"]) == ("city", "应", True)


def test_s25_12400_residents_need_23_workers_and_19_are_4_short(client: TestClient) -> None:
    said = ask(client, "staff")
    assert (said["need"]["needed"], said["need"]["present"], said["need"]["short"]) == (23, 19, 4)
    assert said["held"] == {"workers": 19, "sites": 2, "sites_without": 1}


def test_s01_each_grid_has_a_code_and_a_worker_or_is_listed_as_vacant(database: str, client: TestClient) -> None:
    codes = [f"g{number:02d}" for number in range(25)]
    assert ask(client, "grids") == {"grids": 25, "with_worker": 0, "vacant": codes}
    with db.opened(database) as engine, engine.begin() as connection:
        ids = connection.scalars(sa.text("SELECT id FROM grid ORDER BY code")).all()
        accounts.create(connection, "li.wei", Role.GRID_WORKER, None, grids=ids[:2], subject="li")
        accounts.create(connection, "left", Role.GRID_WORKER, None, grids=ids[1:3], subject="left")
        accounts.create(connection, "desk", Role.OPERATOR, None, grids=ids[3:4], subject="desk")
        accounts.change(connection, "left", disabled=True)
    answer = client.get("/api/registers/grids")
    assert answer.json() == {"grids": 25, "with_worker": 2, "vacant": codes[2:]}
    assert "li.wei" not in answer.text
    for role in (Role.PUBLIC, Role.GRID_WORKER):
        settings = ServeSettings(open_as=role)
        with TestClient(create(settings, database), base_url="http://127.0.0.1") as other:
            assert other.get("/api/registers/grids").status_code == 403


def test_s26_a_silent_smoke_alarm_is_not_a_working_one(client: TestClient) -> None:
    said = ask(client, "sensing?kind=smoke")
    assert {name: said[name] for name in ("buildings", "working", "silent", "share", "devices", "offline_share")} == {
        "buildings": 400, "working": 1, "silent": 1, "share": 0.0025, "devices": 3, "offline_share": 0.667,
    }  # fmt: skip
    (smoke,) = ask(client, "devices")
    assert smoke == {"kind": "smoke", "installed": 3, "alive": 1, "placed": 2, "linked": 0}
    each = {one["key"]: (one["alive"], one["placed"], one["linked"]) for one in ask(client, "devices?each=true")}
    assert each == {
        "smoke-a": (True, True, False), "smoke-b": (False, True, False), "smoke-c": (False, False, False),
    }  # fmt: skip


def test_s03_a_device_with_a_place_is_in_the_grid_that_covers_it_and_one_outside_all_is_listed(
    client: TestClient,
) -> None:
    assert ask(client, "sensing")["outside_grids"] == ["smoke-c"]


def test_s06_the_unlocated_are_in_the_denominator_and_shown(client: TestClient) -> None:
    assert ask(client, "people") == [{"band": "65+", "residents": 5000, "located": 4980, "not_located": 20}]


def test_s19_a_site_gives_several_services_with_its_floor_and_entrance(client: TestClient) -> None:
    found = ask(client, "facilities")
    assert [(each["source_id"], each["service"]) for each in found] == [
        ("s1", "canteen"), ("s1", "community_station"), ("s2", "community_station"), ("s3", "community_station"),
    ]  # fmt: skip
    assert {"floor", "entrance_lon", "entrance_lat", "opening_hours", "capacity", "step_free", "building"} <= set(
        found[0]
    )


def test_s07_sizes_lie_in_their_bands_or_not(client: TestClient) -> None:
    sizes = ask(client, "sizes")
    assert len(sizes) == 25
    assert {size["unit"] for size in sizes} == {"households"}
    assert {size["grade"] for size in sizes} == {"above", "below"}  # all the households live in one building


def test_s27_a_layer_that_is_old_is_marked(client: TestClient) -> None:
    by_name = {layer["name"]: layer for layer in ask(client, "layers")}
    assert (by_name["map"]["at"][:10], by_name["map"]["stale"]) == ("2023-12-26", True)
    assert (by_name["facilities"]["source"], by_name["facilities"]["stale"]) == ("stations.csv", False)


@pytest.mark.parametrize("path", ["area?norm=nothing", "area?households=-1", "sensing?kind=camera", "staff?colour=red"])
def test_what_is_no_question_is_refused(client: TestClient, path: str) -> None:
    assert client.get(f"/api/registers/{path}").status_code in (404, 422)
