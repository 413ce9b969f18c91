"""Every route on the real database: status, type, content, and one line for what is not taken."""

import json
import re
from datetime import datetime

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.guard import HEADERS
from viz import screens

PROBLEM = "application/problem+json"
LAYERS = ("street", "rail", "water", "green", "land", "buildings", "grids", "facilities", "network")
QUESTION = "service=pharmacy&group=75-84&minutes=10"


def lift(client: TestClient) -> dict[str, object]:
    """A lift of the demo place and what it closes."""
    things = client.get("/api/things").json()["things"]
    return next(thing for thing in things if thing["kind"] == "lift" and thing["closes"])


def test_the_place_is_told_with_its_people_and_its_sources(client: TestClient) -> None:
    answer = client.get("/api/place")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert (answer.json()["code"], answer.json()["residents"]) == ("monaco", 38_423)
    assert "OpenStreetMap" in answer.json()["attribution"]


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_of_the_map_is_geojson(client: TestClient, layer: str) -> None:
    answer = client.get(f"/map/{layer}.geojson")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/geo+json")
    collection = answer.json()
    assert collection["type"] == "FeatureCollection"
    assert collection["features"] or layer == "rail"


def test_coverage_adds_up_and_certain_is_never_more_than_possible(client: TestClient) -> None:
    answer = client.get(f"/api/coverage?{QUESTION}").json()

    assert answer["total"]["residents"]["value"] == sum(row["residents"]["value"] for row in answer["bands"])
    assert 0 < answer["total"]["certain"]["value"] <= answer["total"]["possible"]["value"]
    assert {row["band"] for row in answer["bands"]} == {"65-79"}
    assert len(answer["grids"]) == 45
    assert all(row["share"] is None or 0 <= row["share"] <= 1 for row in answer["grids"])
    assert {row["share"] for row in answer["buildings"]} <= {0.0, 0.25, 0.5, 0.75, 1.0}


def test_asked_of_wheelchair_users_coverage_says_it_counts_all_as_if(client: TestClient) -> None:
    answer = client.get("/api/coverage?service=pharmacy&group=wheelchair&minutes=15").json()

    assert answer["if_needed"] is True
    assert answer["total"]["residents"]["value"] == 38_420


def test_what_if_says_who_would_lose_what_and_writes_nothing(client: TestClient, monaco: str) -> None:
    parts = [{"kind": part["kind"], "id": part["id"]} for part in lift(client)["closes"]]  # type: ignore[attr-defined]
    answer = client.post("/api/what-if", json={"close": parts})

    assert answer.status_code == 200
    assert set(answer.json()["lost"]) == {"people", "people_possible", "bands", "rows", "buildings"}
    with psycopg.connect(monaco) as connection:
        assert connection.execute("SELECT count(*) FROM service_loss").fetchone() == (0,)


def test_of_all_lifts_some_would_cut_people_off_and_no_small_number_is_told(client: TestClient) -> None:
    things = client.get("/api/things").json()["things"]
    parts = [
        {"kind": part["kind"], "id": part["id"]}
        for thing in things
        if thing["kind"] == "lift"
        for part in thing["closes"]
    ]
    lost = client.post("/api/what-if", json={"close": parts[:50]}).json()["lost"]

    assert lost["people_possible"]["value"] > 100
    assert lost["buildings"]
    numbers = re.findall(r'"value": (\d+)', json.dumps(lost))
    assert [n for n in numbers if 0 < int(n) < 5] == []


def test_an_alarm_is_acknowledged_once(client: TestClient, monaco: str) -> None:
    with psycopg.connect(monaco, autocommit=True) as connection:
        (alarm_id,) = connection.execute("""
            INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at)
            SELECT id, 'people_cut_off', 'service:pharmacy', 'major', '{"people": {"80+": 15}}', now() FROM place RETURNING id
        """).fetchone()  # type: ignore[misc]
    first = client.post(f"/api/alarms/{alarm_id}/acknowledge", json={"by": "night shift"})
    second = client.post(f"/api/alarms/{alarm_id}/acknowledge", json={"by": "day shift"})

    assert (first.status_code, first.json()["acknowledged_by"]) == (200, "night shift")
    assert (second.status_code, second.headers["content-type"]) == (409, PROBLEM)
    shown = client.get("/api/state").json()["alarms"][str(alarm_id)]
    assert (shown["people"]["value"], shown["acknowledged_at"] is not None) == (15, True)


def test_the_state_has_every_section_and_no_device_of_a_dwelling(client: TestClient) -> None:
    state = client.get("/api/state").json()

    assert set(state) == {"at", "things", "losses", "alarms", "figures", "watch"}
    assert {thing["kind"] for thing in state["things"].values()}.isdisjoint({"door", "meter"})
    assert {thing["state"] for thing in state["things"].values()} == {"never_seen"}
    assert state["losses"]["total"]["certain"] is None  # nobody has counted: that is not nobody
    assert state["watch"]["all"] == {"watched": False, "since": None}
    assert state["figures"]["all"]["lifts"] == {"total": 51, "open": 0, "closed": 0, "unknown": 51}


def test_a_lift_with_two_sensors_is_one_repair(client: TestClient, monaco: str) -> None:
    with psycopg.connect(monaco, autocommit=True) as connection:
        connection.execute("INSERT INTO cut_off (place_id, certain, possible) SELECT id, '{}', '{}' FROM place")
        connection.execute("""
            WITH lift AS (SELECT * FROM thing WHERE kind = 'lift' ORDER BY id LIMIT 1),
            second AS (
                INSERT INTO thing (place_id, key, name, kind, format, topic, interval_s, point)
                SELECT place_id, key || '-2', name, kind, format, topic || '-2', interval_s, point FROM lift RETURNING id),
            stream AS (
                INSERT INTO datastream (thing_id, property, unit, lowest, highest)
                SELECT id, 'in_service', '1', 0, 1 FROM second RETURNING id),
            watched AS (
                INSERT INTO effect (datastream_id, element_kind, element_id, closes_below)
                SELECT s.id, e.element_kind, e.element_id, 0.5
                  FROM stream s, effect e JOIN datastream d ON d.id = e.datastream_id JOIN lift ON lift.id = d.thing_id
                RETURNING id)
            INSERT INTO effect_state (effect_id, state, since) SELECT id, 'unknown', now() FROM watched
        """)
        connection.execute("""
            INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at)
            SELECT t.place_id, 'people_cut_off', 'effect:' || min(e.id), 'major', jsonb_build_object(
                       'people', jsonb_build_object('80+', 10 * t.id), 'if_needed', '{}'::jsonb,
                       'elements', jsonb_agg(jsonb_build_object('kind', e.element_kind, 'id', e.element_id))), now()
              FROM effect e JOIN datastream d ON d.id = e.datastream_id JOIN thing t ON t.id = d.thing_id
             WHERE (e.element_kind, e.element_id) IN (SELECT element_kind, element_id FROM effect ORDER BY id DESC LIMIT 1)
             GROUP BY t.id
        """)
    state = client.get("/api/state").json()
    assert set(state["alarms"]) - {"total"} == {"1", "2"}
    assert len(state["losses"]["total"]["repairs"]) == 1


def test_the_state_and_the_health_say_since_when_nobody_watches(client: TestClient, monaco: str) -> None:
    def watch() -> dict[str, object]:
        told = client.get("/api/state").json()["watch"]["all"]
        assert client.get("/api/health").json()["watch"] == told
        return dict(told)

    with psycopg.connect(monaco, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO cut_off (place_id, certain, possible, checked_at) SELECT id, '{}', '{}', now() FROM place"
        )
        assert watch() == {"watched": True, "since": None}
        assert client.get("/api/state").json()["losses"]["total"]["certain"]["value"] == 0
        (since,) = connection.execute(
            "UPDATE cut_off SET checked_at = now() - interval '16 seconds' RETURNING checked_at"
        ).fetchone()  # type: ignore[misc]
        told = watch()
    assert (told["watched"], datetime.fromisoformat(str(told["since"]))) == (False, since)


def test_numbers_of_the_account_and_of_the_quarantine_are_told(client: TestClient) -> None:
    account = client.get("/api/account").json()

    assert account["received"] == account["stored"] + account["duplicate"] + account["quarantined"] == 0
    assert client.get("/api/quarantine?hours=1").json()["count"] == 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_comes_in_both_languages_whatever_else_the_address_says(client: TestClient, language: str) -> None:
    answer = client.get(f"/?lang={language}&theme=none&minutes=NaN&service=%00&size=9&group[]=x")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in answer.text
    assert {"zh": "摩纳哥", "en": "Monaco"}[language] in answer.text


def test_every_file_the_page_names_is_served_from_here_and_kept_for_ever(client: TestClient) -> None:
    page = client.get("/").text
    named = re.findall(r'(?:src|href)="([^"#?]+)"', page)

    assert [name for name in named if "//" in name or name.startswith("/")] == []
    for name in {name for name in named if name.startswith("static/")}:
        answer = client.get(f"/{name}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


def test_modules_are_javascript_and_styles_are_css(client: TestClient) -> None:
    version = client.app.state.assets.version  # type: ignore[attr-defined]

    assert client.get(f"/static/{version}/js/main.js").headers["content-type"] == "text/javascript; charset=utf-8"
    assert client.get(f"/static/{version}/palette.css").headers["content-type"] == "text/css; charset=utf-8"


HOSTILE = "</script><script>document.title='PWNED'</script>"


def test_a_hostile_name_stays_text_on_the_page_and_in_the_layers(client: TestClient, monaco: str) -> None:
    with psycopg.connect(monaco, autocommit=True) as connection:
        connection.execute("UPDATE place SET name = %s, name_zh = %s", (HOSTILE, "@@=1+1"))
        connection.execute("UPDATE facility SET name = %s WHERE service = 'pharmacy'", (HOSTILE,))
    english, chinese = (client.get(f"/?lang={language}").text for language in ("en", "zh"))

    assert HOSTILE not in english
    assert english.count("</script>") == chinese.count("</script>")
    assert "@@=" not in json.dumps(client.get("/viz/scene").json())
    names = {f["properties"]["name"] for f in client.get("/map/facilities.geojson").json()["features"]}
    assert HOSTILE in names


BAD_QUERIES = [
    "/api/coverage",
    "/api/coverage?service=pharmacy&group=75-84&minutes=nan",
    "/api/coverage?service=pharmacy&group=75-84&minutes=1e309",
    "/api/coverage?service=pharmacy&group=75-84&minutes=" + "9" * 5000,
    "/api/coverage?service=pharmacy&group=75-84&minutes=0",
    "/api/coverage?service=%00&group=75-84&minutes=10",
    "/api/coverage?service=pharmacy&group=75-84&minutes=10&is_admin=1",
    "/api/coverage?service=pharmacy'; DROP TABLE place--&group=75-84&minutes=10",
    "/viz/scene?theme=%3Cscript%3E",
    "/map/secrets.geojson",
    "/map/..%2f..%2fetc%2fpasswd.geojson",
    "/static/0/../../settings.py",
    "/static/x/js/main.js",
    "/api/account?hours=-1",
    "/api/nothing",
]


@pytest.mark.parametrize("address", BAD_QUERIES, ids=range(len(BAD_QUERIES)))
def test_a_bad_query_gets_one_line_and_no_server_error(client: TestClient, address: str) -> None:
    answer = client.get(address)

    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == PROBLEM
    assert "\n" not in answer.json()["detail"]
    assert len(answer.json()["detail"]) < 400


BAD_BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"close": []}',
    b'{"close": [{"kind": "edge", "id": NaN}]}',
    b'{"close": [{"kind": "edge", "id": Infinity}]}',
    b'{"close": [{"kind": "edge", "id": 1e400}]}',
    b'{"close": [{"kind": "edge", "id": true}]}',
    b'{"close": [{"kind": "edge", "id": "1"}]}',
    b'{"close": [{"kind": "edge", "id": -1}]}',
    b'{"close": [{"kind": "edge", "id": 2147483647}]}',
    b'{"close": [{"kind": "edge", "id": ' + b"9" * 400 + b"}]}",
    b'{"close": [{"kind": "door", "id": 1}]}',
    b'{"close": [{"kind": "edge", "id": 1, "is_admin": true}]}',
    b'{"close": [{"kind": "edge", "id": 1}], "minutes": 0}',
    b'{"close": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    b'{"close": [' + b",".join([b'{"kind": "edge", "id": 1}'] * 51) + b"]}",
    b"\xff\xfe\x00",
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_a_bad_body_gets_one_line_and_no_server_error(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/what-if", content=body, headers={"Content-Type": "application/json"})

    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == PROBLEM
    assert "\n" not in answer.json()["detail"]


def test_a_body_too_large_of_another_type_or_from_another_site_is_refused(client: TestClient) -> None:
    large = client.post("/api/what-if", content=b" " * 70_000, headers={"Content-Type": "application/json"})
    text = client.post("/api/what-if", content=b'{"close": []}', headers={"Content-Type": "text/plain"})
    foreign = client.post("/api/what-if", json={"close": []}, headers={"Origin": "http://elsewhere.example"})

    assert [answer.status_code for answer in (large, text, foreign)] == [413, 422, 403]


def test_another_host_name_is_refused(client: TestClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("address", ["/", "/api/state", "/api/nothing", "/map/land.geojson"])
def test_every_answer_has_the_security_headers(client: TestClient, address: str) -> None:
    headers = client.get(address).headers

    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert "unsafe" not in headers["content-security-policy"]


def test_an_empty_database_is_a_404_with_the_reason(database: str) -> None:
    from api.app import create
    from api.settings import ServeSettings
    from twin.roles import Role

    with TestClient(create(ServeSettings(open_as=Role.OPERATOR), database), base_url="http://127.0.0.1") as client:
        answer = client.get("/")

    assert (answer.status_code, answer.json()["detail"]) == (404, "no place is loaded")


def test_a_stale_link_never_breaks_the_page() -> None:
    wanted = screens.Wanted.choose({"lang": "fr", "service": "spa", "minutes": "-3"}, "fr-FR, en;q=0.8")

    assert (wanted.language, wanted.service, wanted.group, wanted.minutes) == ("en", "pharmacy", "75-84", 10)
