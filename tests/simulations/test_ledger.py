"""The account of the village of test_coverage.py: causes and alarms, worked by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from simulations import ledger
from simulations.community import Community, assemble
from simulations.cut_off import Watched, faults
from simulations.states import EVERYBODY, Element, Report, Reports, element_id
from simulations.watch import compare
from tests.simulations.village import LIFT, STEPS, village
from twin.alarms import Wanted, Watcher
from twin.losses import Key, Loss
from twin.terms import AlarmKind, ElementKind, State

EIGHT = datetime(2026, 3, 1, 8, tzinfo=UTC)
VALLEY, HILL = 11, 12


def says(row: int, state: State = State.CLOSED, *, kind: ElementKind = ElementKind.EDGE, hour: int = 0) -> Report:
    """Let a thing of its own, effect 1000 + row, say it of an element."""
    return Report(Element(kind, row), EVERYBODY, state, EIGHT + timedelta(hours=hour), 1000 + row)


@dataclass(frozen=True)
class Written:
    losses: Mapping[Key, Loss]
    alarms: Mapping[str, Wanted]


def written(*said: Report, town: Community | None = None) -> Written:
    """Give what the watch would write from nothing."""
    place = town or village(upper_lift=1)
    things = {
        report.effect_id: Watcher(
            report.effect_id,
            "lift",
            f"Thing {report.effect_id}",
            None,
            report.element.kind,
            element_id(place, report.element),
        )
        for report in said
    }
    broken = faults(said, {effect: effect for effect in things})
    accounts = [account(Watched(place, group, said), said) for group in place.groups()]
    rows = [loss for each in accounts for loss in ledger.losses(each, broken, EIGHT)]
    wanted = ledger.alarms(accounts, broken, things)
    return Written({loss.key: loss for loss in rows}, {f"{each.kind} {each.subject}": each for each in wanted})


def account(watched: Watched, said: Reports) -> ledger.Account:
    broken = faults(said, {report.effect_id: report.effect_id for report in said})
    return ledger.Account(
        watched,
        {thing: watched.relief(said, fault) for thing, fault in broken.items()},
        {thing: watched.possible_relief(said, fault) for thing, fault in broken.items()},
    )


def test_without_the_lift_only_wheels_lose_the_pharmacy() -> None:
    found = written(says(LIFT))
    assert set(found.losses) == {Key("pharmacy", "wheelchair", HILL), Key("pharmacy", "pushchair", HILL)}
    loss = found.losses[Key("pharmacy", "wheelchair", HILL)]
    assert (loss.certain, loss.usual_s, loss.now_s, loss.facility_id) == (True, 406.875, None, None)
    assert loss.residents == {"18-34": 40, "65-79": 20}
    assert (loss.causes, loss.since) == ([{"kind": "edge", "id": 104}], EIGHT)
    (alarm,) = found.alarms.values()
    # 20 of 65 and over, if all of them needed a step-free way: fewer than 50
    assert (alarm.kind, alarm.subject, alarm.severity) == ("people_cut_off", f"effect:{1000 + LIFT}", "major")
    assert alarm.detail["people"] == {}
    upstairs = {"18-34": 40, "65-79": 20}
    assert alarm.detail["if_needed"] == {"wheelchair": upstairs, "pushchair": upstairs}


def test_a_closure_that_takes_nothing_from_anybody_is_a_notice() -> None:
    found = written(says(STEPS))
    assert not found.losses
    assert list(found.alarms) == [f"element_closed effect:{1000 + STEPS}"]
    assert found.alarms[f"element_closed effect:{1000 + STEPS}"].severity == "notice"


def test_either_of_two_ways_mended_gives_it_back() -> None:
    found = written(says(LIFT), says(STEPS, hour=1))
    loss = found.losses[Key("pharmacy", "adult", HILL)]
    assert loss.causes == [{"kind": "edge", "id": 104}, {"kind": "edge", "id": 105}]
    assert (loss.residents, loss.since) == ({"18-34": 40}, EIGHT + timedelta(hours=1))
    assert set(found.alarms) == {f"people_cut_off effect:{1000 + row}" for row in (LIFT, STEPS)}


def test_two_sensors_on_one_lift_are_one_thing_to_mend() -> None:
    door = Report(Element(ElementKind.EDGE, LIFT), EVERYBODY, State.CLOSED, EIGHT, 999)
    found = written(says(LIFT), door)
    assert found.losses[Key("pharmacy", "wheelchair", HILL)].causes == [{"kind": "edge", "id": 104}]
    assert set(found.alarms) == {"people_cut_off effect:999"}  # and one alarm
    still = written(says(LIFT), replace(door, state=State.OPEN))  # one of them says that it runs again
    assert set(still.alarms) == {"people_cut_off effect:999"}  # the same alarm, whoever took it on


def test_people_whom_no_single_mending_helps_have_an_alarm_of_their_own() -> None:
    # street 0-1 cuts off everybody, street 1-3 the hill once more: mending the first helps the valley alone
    found = written(says(0), says(2))
    assert found.losses[Key("pharmacy", "adult", VALLEY)].causes == [{"kind": "edge", "id": 101}]
    assert found.losses[Key("pharmacy", "adult", HILL)].causes == []
    assert set(found.alarms) == {
        "people_cut_off effect:1000",
        "element_closed effect:1002",
        "people_cut_off service:pharmacy",
    }
    assert found.alarms["people_cut_off effect:1000"].detail["people"] == {"18-34": 30, "65-79": 10}
    joint = found.alarms["people_cut_off service:pharmacy"]
    assert joint.detail["people"] == {"18-34": 40, "65-79": 20}
    assert joint.detail["elements"] == [{"kind": "edge", "id": 101}, {"kind": "edge", "id": 103}]


def test_what_is_silent_makes_possible_losses_and_no_alarm() -> None:
    found = written(says(LIFT, State.UNKNOWN))
    loss = found.losses[Key("pharmacy", "wheelchair", HILL)]
    assert (loss.certain, loss.now_s) == (False, None)
    assert loss.residents == loss.residents_possible == {"18-34": 40, "65-79": 20}
    assert loss.causes == [{"kind": "edge", "id": 104}]
    assert not found.alarms


def test_the_lift_of_a_building_cuts_off_who_lives_upstairs() -> None:
    found = written(says(1, kind=ElementKind.BUILDING_LIFT))
    loss = found.losses[Key("pharmacy", "wheelchair", HILL)]
    assert (loss.residents, loss.now_s) == ({"18-34": 20, "65-79": 10}, 406.875)
    assert loss.causes == [{"kind": "building_lift", "id": HILL}]


def test_a_closed_facility_leaves_the_next_best_or_none() -> None:
    found = written(says(0, kind=ElementKind.FACILITY))
    assert {key.building_id for key in found.losses} == {VALLEY, HILL}
    assert all(loss.causes == [{"kind": "facility", "id": 31}] for loss in found.losses.values())


def test_what_is_written_already_is_not_written_again() -> None:
    both = written(says(LIFT), says(STEPS, hour=1)).losses
    one = written(says(LIFT)).losses
    assert compare(both, both) == ([], [], [])
    ended, begun, changed = compare(both, one)
    assert {loss.mobility_group for loss in ended} == {"adult", "75-84", "frail", "blind"}
    assert (begun, changed) == ([], [])
    maybe = written(says(LIFT, State.UNKNOWN)).losses
    ended, begun, changed = compare(maybe, one)  # from possible to certain: another loss
    assert (len(ended), len(begun), changed) == (2, 2, [])


def test_somebody_too_few_to_be_counted_still_loses_the_pharmacy_and_raises_the_alarm() -> None:
    town = village(upper_lift=1)
    nobody = np.zeros((2, 2), np.int32)
    people = replace(town.residents, counts=nobody, lives=np.array([[False, False], [False, True]]))
    few = assemble(town.place, town.network, town.buildings, people, town.facilities)
    found = written(says(LIFT), says(STEPS), town=few)
    assert {(loss.building_id, loss.certain) for loss in found.losses.values()} == {(HILL, True)}
    assert all(loss.residents == {} for loss in found.losses.values())
    assert AlarmKind.PEOPLE_CUT_OFF in {alarm.kind for alarm in found.alarms.values()}
