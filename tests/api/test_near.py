"""The residents' page and the ways behind it: only what can really be reached, and why the usual way is not it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create
from api.settings import ServeSettings
from simulations import community, states, way
from simulations.coverage import coverage
from simulations.states import closing
from twin import db, effects
from twin.terms import ElementKind, MobilityGroup, Service


@pytest.fixture
def public(monaco: str) -> Any:
    """The application as anybody meets it: nobody has signed in."""
    with TestClient(create(ServeSettings(), monaco), base_url="http://127.0.0.1") as client:
        yield client


def building(client: TestClient) -> int:
    found = client.get("/api/addresses", params={"text": "rue grimaldi"}).json()["addresses"]
    return int(found[0]["building"])


def test_buildings_are_found_by_words_in_any_order(public: TestClient) -> None:
    one = public.get("/api/addresses", params={"text": "Grimaldi rue"}).json()["addresses"]
    other = public.get("/api/addresses", params={"text": "rue GRIMALDI"}).json()["addresses"]
    assert one == other
    assert all("grimaldi" in each["label"].lower() for each in one)
    assert public.get("/api/addresses", params={"text": "%"}).json()["addresses"] == []


def test_the_nearest_is_the_nearest_of_coverage(monaco: str) -> None:
    with db.opened(monaco) as engine, engine.connect() as connection:
        place = community.load(connection)
        said = states.reports(place, effects.element_states(connection, place.place.id))
    found = coverage(place, said, Service.PHARMACY, MobilityGroup.AGE_75_84, limit_s=900)
    for row in np.flatnonzero(np.isfinite(found.building_worst_s))[:40].tolist():
        choice = way.choose(place, said, row, Service.PHARMACY, MobilityGroup.AGE_75_84)
        assert choice.sure[0].seconds == pytest.approx(found.building_worst_s[row], abs=0.002)
        assert [one.seconds for one in choice.sure] == sorted(one.seconds for one in choice.sure)
        assert len({one.facility for one in choice.sure}) == len(choice.sure)
        for one in choice.sure:
            heads = np.where(one.is_forward, place.network.head[one.edges], place.network.tail[one.edges])
            tails = np.where(one.is_forward, place.network.tail[one.edges], place.network.head[one.edges])
            assert (heads[:-1] == tails[1:]).all()
            assert tails[:1].tolist() == place.buildings.node[row : row + len(tails[:1])].tolist()


def test_what_closes_on_the_usual_way_is_named_and_the_way_goes_round_it(monaco: str) -> None:
    with db.opened(monaco) as engine, engine.connect() as connection:
        place = community.load(connection)
    rows = np.flatnonzero(place.residents.counts.sum(axis=1))
    ways = (
        (row, way.choose(place, (), row, Service.PHARMACY, MobilityGroup.ADULT, most=1).sure) for row in rows.tolist()
    )
    start, usual = next((row, found[0]) for row, found in ways if found and len(found[0].edges) > 3)
    shut = states.Element(ElementKind.EDGE, int(usual.edges[1]))
    choice = way.choose(place, closing(place, (), [shut]), start, Service.PHARMACY, MobilityGroup.ADULT, most=1)
    assert choice.hindrances == (shut,)
    assert choice.usual is not None
    assert choice.usual.edges.tolist() == usual.edges.tolist()
    assert shut.row not in [edge for one in choice.sure for edge in one.edges.tolist()]
    assert all(one.seconds >= usual.seconds for one in choice.sure)


def test_anybody_may_ask_and_no_answer_counts_people(public: TestClient) -> None:
    key = building(public)
    answer = public.get("/api/ways", params={"building": key})
    assert answer.status_code == 200, answer.text
    whole = answer.json()
    assert {row["service"] for row in whole["services"]} >= {"pharmacy", "supermarket", "bus_stop"}
    assert "residents" not in answer.text
    one = public.get("/api/ways", params={"building": key, "service": "pharmacy", "group": "adult"}).json()
    assert [each["seconds"] for each in one["ways"]] == sorted(each["seconds"] for each in one["ways"])
    for each in one["ways"]:
        assert sum(step["metres"] for step in each["steps"]) == pytest.approx(each["metres"], abs=len(each["steps"]))


def test_a_pharmacy_that_is_shut_at_this_hour_is_not_the_nearest(public: TestClient, monaco: str) -> None:
    key = building(public)
    query: dict[str, str | int] = {"building": key, "service": "pharmacy", "group": "adult"}
    before = public.get("/api/ways", params=query).json()["ways"][0]["facility"]
    day = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")[(datetime.now(UTC).weekday() + 3) % 7]
    with db.opened(monaco) as engine, engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE facility SET opening_hours = :hours WHERE id = :id"),
            {"hours": f"{day} 09:00-10:00", "id": before},
        )
    after = public.get("/api/ways", params=query).json()
    assert before not in [one["facility"] for one in after["ways"]]
    assert after["usual"]["facility"] == before
    assert after["usual"]["open"] is False
    assert [one["kind"] for one in after["hindrances"]] == ["facility"]


@pytest.mark.parametrize(("language", "words"), [("en", "Where can I go?"), ("zh", "我能去哪里？")])
def test_the_page_needs_two_taps_no_account_and_no_script(public: TestClient, language: str, words: str) -> None:
    first = public.get("/near", params={"lang": language, "text": "rue grimaldi"})
    assert words in first.text
    key = building(public)
    services = public.get("/near", params={"lang": language, "building": key})
    one = public.get("/near", params={"lang": language, "building": key, "service": "pharmacy"})
    for page in (first, services, one):
        assert page.status_code == 200
        assert "<script" not in page.text
    assert services.text.count("<li class=") >= 10
    assert "<ol><li>" in one.text
    assert "<svg" in one.text


@pytest.mark.parametrize(
    "query", ["building=0", "building=x", "building=99999999999", "building=1e3", "text=%00", "building=²"]
)
def test_a_broken_address_shows_the_search(public: TestClient, query: str) -> None:
    answer = public.get(f"/near?{query}&lang=en")
    assert answer.status_code == 200
    assert "Find your building" in answer.text


def test_a_building_that_is_not_there_is_said_so(public: TestClient) -> None:
    assert public.get("/near?building=2147483647").status_code == 404
    assert public.get("/api/ways?building=2147483647").status_code == 404
    assert public.get("/api/ways?building=1&service=circus").status_code == 422
