"""The map and coverage as of any moment: what was there then, however much has changed since."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient

from simulations import community
from simulations.watch import Duty
from twin import db, history, places, residents
from twin.acting import acting

COVERAGE = "/api/coverage?service=pharmacy&group=75-84&minutes=10"
LAYERS = ("buildings", "grids", "facilities", "network", "street", "green")
# One of each kind of change: gone, moved, renamed, recounted, bound no longer.
CHANGES = (
    "DELETE FROM facility WHERE service = 'pharmacy' AND id <> (SELECT max(id) FROM facility WHERE service = 'pharmacy')",
    "DELETE FROM network_edge WHERE kind = 'lift'",
    "UPDATE network_edge SET length_m = length_m * 2 WHERE kind = 'steps'",
    "UPDATE building SET node_id = NULL, node_m = NULL WHERE id % 7 = 0",
    "UPDATE resident_count SET residents = residents + 40 WHERE building_id % 5 = 0",
    "UPDATE grid SET name = 'renamed'",
    "UPDATE building SET floors = floors + 1 WHERE id % 3 = 0",
    "DELETE FROM map_feature WHERE kind = 'green'",
    "DELETE FROM effect WHERE id % 2 = 0",
)


# One effect in three is closed, the others are open; the devices said so just now.
STATES = """
WITH said AS (
    UPDATE effect_state SET state = CASE effect_id % 3 WHEN 0 THEN 'closed' ELSE 'open' END, since = now(), reading_time = now()
    RETURNING effect_id, state, since
)
INSERT INTO effect_history (effect_id, state, since) SELECT * FROM said
"""


MENDED = """
WITH said AS (
    UPDATE effect_state SET state = 'open', since = now(), reading_time = now() WHERE state = 'closed' RETURNING effect_id, state, since
)
INSERT INTO effect_history (effect_id, state, since) SELECT * FROM said
"""


def report(url: str) -> None:
    """Let every sensor have said something."""
    with db.opened(url) as engine, engine.begin() as connection:
        assert connection.execute(sa.text(STATES)).rowcount > 0


def change(url: str) -> datetime:
    """Change the twin, and give a moment before it."""
    moment = datetime.now(UTC)
    with db.opened(url) as engine, engine.begin() as connection:
        acting(connection, "li.wei", "everything at once")
        for statement in CHANGES:
            assert connection.execute(sa.text(statement)).rowcount > 0, statement
        places.bump(connection, places.get(connection).id)
    return moment


def asked(client: TestClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_map_and_coverage_are_those_of_the_moment_asked_for(client: TestClient, monaco: str) -> None:
    report(monaco)
    paths = (COVERAGE, *(f"/map/{layer}.geojson" for layer in LAYERS))
    before = {path: asked(client, path) for path in paths}
    moment = change(monaco).isoformat()
    for path in paths:
        then = asked(client, f"{path}{'&' if '?' in path else '?'}at={moment.replace('+', '%2B')}")
        assert then == before[path], path
    now = {path: asked(client, path) for path in paths}
    assert [path for path in paths if now[path] == before[path]] == ["/map/street.geojson"]
    assert now[COVERAGE]["total"]["certain"] != before[COVERAGE]["total"]["certain"]


def test_before_the_place_was_loaded_there_is_nothing(client: TestClient) -> None:
    answer = client.get(f"{COVERAGE}&at=2001-01-01T00:00:00Z")
    assert (answer.status_code, answer.json()["detail"]) == (404, "no place 'monaco'")
    assert asked(client, "/map/buildings.geojson?at=2001-01-01T00:00:00Z")["features"] == []
    assert client.get(f"{COVERAGE}&at=2026-01-01T00:00:00").status_code == 422  # without a UTC offset


def test_the_arrays_of_a_moment_are_those_read_then(monaco: str) -> None:
    with db.opened(monaco) as engine, engine.connect() as connection:
        before = community.load(connection)
        connection.rollback()
        moment = change(monaco)
        then, now = community.load(connection, None, moment), community.load(connection)
        # what may be shown of residents is the same rule over the tables of then
        shown = residents.load_shown(connection, then.place.id, then.buildings, history.revision_at(connection, moment))
    assert then.network.edge_ids.tolist() == before.network.edge_ids.tolist()
    assert then.network.length_m.tolist() == before.network.length_m.tolist()
    assert then.buildings.node.tolist() == before.buildings.node.tolist()
    assert then.buildings.lift.tolist() == before.buildings.lift.tolist()
    assert then.residents.counts.tolist() == before.residents.counts.tolist() == shown.counts.tolist()
    assert then.facilities.names == before.facilities.names
    assert len(now.network.edge_ids) < len(then.network.edge_ids)


def test_the_board_of_a_moment_is_the_board_there_was_then(client: TestClient, monaco: str) -> None:
    """What the watch wrote down as things stood is what a replay of that moment computes, to the last person."""
    report(monaco)
    watched(monaco)
    before = asked(client, "/api/state")
    moment = datetime.now(UTC).isoformat().replace("+", "%2B")
    with db.opened(monaco) as engine, engine.begin() as connection:
        assert connection.execute(sa.text(MENDED)).rowcount > 0
        connection.execute(sa.text("UPDATE alarm SET cleared_at = clock_timestamp()"))
    watched(monaco)
    then = asked(client, f"/api/state?at={moment}")

    assert asked(client, "/api/state")["losses"]["total"]["certain"]["value"] == 0
    assert before["losses"]["total"]["certain"]["value"] > 0
    assert then["losses"] == before["losses"]
    assert {key: row["state"] for key, row in then["things"].items()} == {
        key: row["state"] for key, row in before["things"].items()
    }
    standing = {key: row["severity"] for key, row in before["alarms"].items() if key != "total"}
    assert {key: row["severity"] for key, row in then["alarms"].items() if key != "total"} == standing
    assert then["alarms"]["total"]["waiting"] == before["alarms"]["total"]["waiting"]


def watched(url: str) -> None:
    """Let the watch bring its account up to date, once."""
    with db.opened(url) as engine, engine.begin() as connection:
        Duty(connection, None).follow(connection)


def test_the_future_has_no_board(client: TestClient) -> None:
    assert client.get("/api/state?at=2199-01-01T00:00:00Z").status_code == 422
