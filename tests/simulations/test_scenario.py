"""A what-if as data: read, made and compared, in the village of test_coverage.py by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations import asking
from simulations.asking import inputs
from simulations.community import Community
from simulations.edits import Add, Capacity, Close, Hours, Lift, Move, Open, Plan, Setting, make, names, read
from simulations.scenario import compare, run
from simulations.states import Element, closing
from tests.simulations.village import LIFT, STEPS, village
from twin.errors import Refused
from twin.runs import hash_of
from twin.terms import ElementKind, MobilityGroup, Service

PHARMACY, ADULT, WHEEL = Service.PHARMACY, MobilityGroup.ADULT, MobilityGroup.WHEELCHAIR
PLACES = {
    "edge:lift": [Element(ElementKind.EDGE, LIFT)],
    "edge:steps": [Element(ElementKind.EDGE, STEPS)],
    "facility:n1": [Element(ElementKind.FACILITY, 0)],
    "building_lift:hill": [Element(ElementKind.BUILDING_LIFT, 1)],
}


def find(name: str) -> list[Element]:
    return PLACES.get(name, [])


def here(town: Community, room: int | None = None, hours: str | None = None) -> Setting:
    return Setting(town, (), (hours,), (room,))


def at_node(town: Community, node: int) -> tuple[float, float]:
    return float(town.network.lon[node]), float(town.network.lat[node])


TEXT = b"""
title = "Try"
moment = "Mo 09:00"
services = ["pharmacy"]
groups = ["wheelchair"]
minutes = 8
[[edits]]
edit = "close"
element = "edge:lift"
[[edits]]
edit = "add"
service = "pharmacy"
lon = 7.1
lat = 43.1
capacity = 40
[[edits]]
edit = "lift"
building = "building_lift:hill"
"""


def test_a_file_says_all_of_a_plan() -> None:
    plan = read(TEXT, is_toml=True)
    assert plan.edits == (
        Close("edge:lift"),
        Add(PHARMACY, 7.1, 43.1, capacity=40),
        Lift("building_lift:hill"),
    )
    assert (plan.title, plan.moment, plan.services, plan.groups, plan.minutes) == (
        "Try",
        "Mo 09:00",
        (PHARMACY,),
        (WHEEL,),
        8,
    )
    assert names(plan) == ["edge:lift", "building_lift:hill"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"edits": []}', "length >= 1"),
        (b'{"edits": [{"edit": "burn", "element": "x"}]}', "Invalid value 'burn'"),
        (b'{"edits": [{"edit": "close", "element": "x", "y": 1}]}', "unknown field `y`"),
        (b'{"edits": [{"edit": "close", "element": "x"}], "at": "2026-01-01T00:00:00"}', "needs an offset"),
        (b'{"edits": [{"edit": "close", "element": "x"}], "moment": "noon"}', "not a weekday and a time"),
        (b'{"edits": [{"edit": "add", "service": "clinic", "lon": 700, "lat": 1}]}', "<= 180"),
        (b"\xff", "the scenario: "),
    ],
)
def test_what_is_no_plan_is_refused_in_one_line(text: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        read(text, is_toml=False)
    assert "\n" not in str(refused.value)


def test_closing_and_fitting_a_lift_by_hand() -> None:
    town = village(upper_lift=0)
    closed = Plan(edits=(Close("edge:lift"),), groups=(WHEEL,))
    (cut,) = compare(here(town), make(here(town), closed.edits, find), closed)
    # upstairs on the hill there is no lift, so 30 of 60 were beyond it already
    assert (cut.before.sum(), cut.after.sum(), cut.lost.tolist(), cut.gained.sum()) == (70, 40, [[0, 0], [20, 10]], 0)
    fitted = Plan(edits=(Lift("building_lift:hill"),), groups=(WHEEL,))
    (more,) = compare(here(town), make(here(town), fitted.edits, find), fitted)
    assert (more.gained.tolist(), more.lost_possible.sum()) == ([[0, 0], [20, 10]], 0)


def test_opening_undoes_a_closure_and_a_moved_facility_is_reached_where_it_is() -> None:
    town = village(upper_lift=1)
    stopped = replace(here(town), said=closing(town, (), PLACES["edge:lift"]))
    plan = Plan(edits=(Open("edge:lift"),), groups=(WHEEL,))
    (mended,) = compare(stopped, make(stopped, plan.edits, find), plan)
    assert mended.gained.tolist() == [[0, 0], [40, 20]]
    lon, lat = at_node(town, 5)
    moved = Plan(edits=(Move("facility:n1", lon, lat),), groups=(ADULT,), minutes=5)
    (found,) = compare(here(town), make(here(town), moved.edits, find), moved)
    # 310 s to either house before; then the hill is at its door and the valley 100 + 60 + 50 + 200 + 10 s away
    assert (found.before.sum(), found.after.tolist()) == (0, [[0], [40]])


def test_a_new_facility_brings_its_seats_and_its_hours() -> None:
    town = village(upper_lift=1)
    lon, lat = at_node(town, 2)
    new = Add(PHARMACY, lon, lat, capacity=15, opening_hours="Mo-Fr 08:00-12:00")
    plan = Plan(edits=(new, Capacity("facility:n1", 10)), groups=(ADULT,))
    there = make(here(town, room=20, hours="24/7"), plan.edits, find)
    assert (there.rooms, there.hours) == ((10, 15), ("24/7", "Mo-Fr 08:00-12:00"))
    assert there.community.facilities.ids.tolist() == [31, -1]
    (found,) = compare(here(town, room=20), there, plan)
    assert found.seated == (20, 25)
    (unknown,) = compare(here(town), there, plan)
    assert unknown.seated is None
    night = Plan(edits=(new,), groups=(ADULT,), minutes=1, moment="Mo 13:00")
    shut = run(here(town, hours="24/7"), night, find)
    open_then = run(here(town, hours="24/7"), Plan(edits=(new,), groups=(ADULT,), minutes=1, moment="Mo 09:00"), find)
    assert (shut["outcomes"][0]["gained"], open_then["outcomes"][0]["gained"]) == ({}, {"18-34": 30})


def test_other_hours_close_a_facility_at_a_moment() -> None:
    town = village()
    plan = Plan(edits=(Hours("facility:n1", "Sa 08:00-12:00"),), groups=(ADULT,), moment="Mo 09:00")
    (found,) = run(here(town, hours="Mo-Fr 08:00-18:00"), plan, find)["outcomes"]
    assert found["lost"] == {"18-34": 70}
    assert (found["before"], found["after"]) == ({"within": 70, "share": 1.0}, {"within": 0, "share": 0.0})
    assert (found["norm"]["id"], found["certainty"]) == ("cn_recalled", "A")
    assert found["buildings"] == [{"id": 11, "lost": 30, "gained": 0}, {"id": 12, "lost": 40, "gained": 0}]


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (Close("edge:nowhere"), "not in the twin: edge:nowhere"),
        (Capacity("edge:lift", 3), "edge:lift is no facility"),
        (Lift("facility:n1"), "facility:n1 is no building lift"),
        (Add(PHARMACY, 8.0, 43.0), "m from the network, more than 200"),
    ],
)
def test_an_edit_that_cannot_be_made_is_refused(edit: Close | Capacity | Lift | Add, why: str) -> None:
    with pytest.raises(Refused, match=why):
        make(here(village()), [edit], find)


def test_the_same_inputs_have_the_same_hash_and_another_state_another(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, town = read(TEXT, is_toml=True), village()
    first = hash_of(inputs(town, (), None, "scenario", plan))
    assert hash_of(inputs(village(), (), None, "scenario", read(TEXT, is_toml=True))) == first
    assert hash_of(inputs(town, closing(town, (), PLACES["edge:steps"]), None, "scenario", plan)) != first
    monkeypatch.setattr(asking, "ENGINE", asking.ENGINE + 1)
    assert hash_of(inputs(town, (), None, "scenario", plan)) != first


@given(
    st.lists(st.sampled_from(["edge:lift", "edge:steps", "facility:n1"]), min_size=1, max_size=4), st.integers(1, 12)
)
def test_closing_brings_nobody_nearer_and_before_less_lost_is_after(closed: list[str], minutes: int) -> None:
    town = here(village(upper_lift=1))
    plan = Plan(edits=tuple(Close(name) for name in closed), minutes=minutes)
    for found in compare(town, make(town, plan.edits, find), plan):
        assert found.gained_possible.sum() == 0
        assert np.array_equal(found.before - found.lost, found.after)
        assert (found.lost <= found.lost_possible).all()
