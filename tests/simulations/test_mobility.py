"""Times of single edges, worked by hand from mobility.toml, and what is closed for whom."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulations.graph import CLOSED
from simulations.mobility import FILE, arc_times, load, walking_group
from tests.simulations.village import network
from twin.errors import Refused
from twin.terms import EdgeKind, MobilityGroup

ADULT, WHEELCHAIR, FRAIL = MobilityGroup.ADULT, MobilityGroup.WHEELCHAIR, MobilityGroup.FRAIL
PUSHCHAIR, BLIND = MobilityGroup.PUSHCHAIR, MobilityGroup.BLIND


def times_s(
    kind: EdgeKind, length_m: float, group: MobilityGroup, *, at_night: bool = False, **tags: Any
) -> tuple[float, float]:
    """Time of one edge [s] from tail to head and back, -1 closed; tags are fields of Network, slopes tagged."""
    fields: dict[str, Any] = {"incline_error": np.zeros(1)}
    for name, value in tags.items():
        if isinstance(value, str):  # kerb="raised": code 1 of the names
            fields |= {name: np.ones(1, np.uint8), f"{name}s": ("", value)}
        else:
            fields[name] = np.array([value])
    one = replace(network(2, [(0, 1, kind, length_m)]), **fields)
    there, back = arc_times(one, group, load(), at_night=at_night).tolist()
    return tuple(time / 1000 if time != CLOSED else -1 for time in (there, back))  # type: ignore[return-value]


SHUT = (-1, -1)


@pytest.mark.parametrize(
    ("kind", "length_m", "group", "tags", "expected"),
    [
        (EdgeKind.PATH, 111.0, ADULT, {}, (100.0, 100.0)),
        (EdgeKind.PATH, 71.0, MobilityGroup.AGE_85, {}, (100.0, 100.0)),
        # up 10 %: exp(-3.5 × 0.10) = 0.7047; down 10 %: |−0.10 + 0.05| − 0.05 = 0, as fast as on the flat
        (EdgeKind.PATH, 111.0, ADULT, {"incline": 0.10}, (141.907, 100.0)),
        # 5 % down is the fastest: exp(3.5 × 0.05) = 1.1912
        (EdgeKind.PATH, 111.0, ADULT, {"incline": -0.05}, (83.946, 119.125)),
        (EdgeKind.CROSSING, 5.55, ADULT, {}, (10.0, 10.0)),  # 5 s walk, 5 s wait
        (EdgeKind.STREET, 111.0, ADULT, {"one_way": True}, (100.0, -1)),
        # 20 risers of 0.55 s, and 11.1 − 20 × 0.30 = 5.1 m of landings
        (EdgeKind.STEPS, 11.1, ADULT, {"step_count": 20}, (15.595, 15.595)),
        (EdgeKind.STEPS, 3.0, ADULT, {}, (5.5, 5.5)),  # 10 treads of 0.30 m
        (EdgeKind.STEPS, 3.0, WHEELCHAIR, {}, SHUT),
        (EdgeKind.ESCALATOR, 8.6, ADULT, {"one_way": True}, (20.0, -1)),
        (EdgeKind.ESCALATOR, 8.6, WHEELCHAIR, {}, SHUT),
        (EdgeKind.LIFT, 20.0, WHEELCHAIR, {}, (60.0, 60.0)),  # 30 s wait, 10 s doors, 20 s ride
        (EdgeKind.LIFT, 0.0, ADULT, {}, (52.0, 52.0)),  # a rise not known is taken for 12 m
        (EdgeKind.PATH, 80.0, WHEELCHAIR, {"incline": 0.08}, (100.0, 100.0)),
        (EdgeKind.PATH, 80.0, WHEELCHAIR, {"incline": -0.09}, SHUT),
        (EdgeKind.PATH, 80.0, WHEELCHAIR, {"width_m": 0.89}, SHUT),
        (EdgeKind.PATH, 80.0, WHEELCHAIR, {"width_m": 0.90}, (100.0, 100.0)),
        (EdgeKind.PATH, 80.0, WHEELCHAIR, {"kerb": "raised"}, SHUT),
        (EdgeKind.PATH, 80.0, WHEELCHAIR, {"kerb": "lowered"}, (100.0, 100.0)),
        (EdgeKind.PATH, 80.0, WHEELCHAIR, {"wheelchair": "no"}, SHUT),
        (EdgeKind.LIFT, 20.0, WHEELCHAIR, {"wheelchair": "no"}, SHUT),
        (EdgeKind.PATH, 80.0, WHEELCHAIR, {"barrier": "kissing_gate"}, SHUT),
        (EdgeKind.PATH, 80.0, WHEELCHAIR, {"barrier": "bollard"}, (100.0, 100.0)),
        (EdgeKind.PATH, 80.0, WHEELCHAIR, {"surface": "sand"}, SHUT),
        (EdgeKind.PATH, 56.0, WHEELCHAIR, {"surface": "sett"}, (100.0, 100.0)),  # 0.7 × 0.80 m/s
        # a height model says 9 %, give or take 1 %: it may be 8 %; give or take 0.3 %: it is too steep
        (EdgeKind.PATH, 80.0, WHEELCHAIR, {"incline": 0.09, "incline_error": 0.01}, (100.0, 100.0)),
        (EdgeKind.PATH, 80.0, WHEELCHAIR, {"incline": 0.09, "incline_error": 0.003}, SHUT),
        (EdgeKind.PATH, 100.0, PUSHCHAIR, {"incline": 0.12}, (100.0, -1)),  # pushed up, not held down
        (EdgeKind.PATH, 100.0, PUSHCHAIR, {"incline": -0.10}, (100.0, 100.0)),
        (EdgeKind.PATH, 100.0, PUSHCHAIR, {"incline": 0.13}, SHUT),
        (EdgeKind.PATH, 80.0, PUSHCHAIR, {"surface": "grass"}, (100.0, 100.0)),  # 0.8 × 1.0 m/s
        (EdgeKind.PATH, 100.0, PUSHCHAIR, {"kerb": "raised"}, (100.0, 100.0)),
        (EdgeKind.PATH, 100.0, PUSHCHAIR, {"barrier": "turnstile"}, SHUT),
        (EdgeKind.PATH, 100.0, PUSHCHAIR, {"width_m": 0.69}, SHUT),
        (EdgeKind.STEPS, 3.0, PUSHCHAIR, {}, SHUT),
        (EdgeKind.CROSSING, 8.0, BLIND, {}, (20.0, 20.0)),  # 10 s walk, 5 s wait, 5 s more
        (EdgeKind.STEPS, 3.0, BLIND, {}, (7.1, 7.1)),
        (EdgeKind.PATH, 80.0, BLIND, {"lit": 0, "at_night": True}, (100.0, 100.0)),
        (EdgeKind.PATH, 71.0, MobilityGroup.AGE_85, {"lit": 0, "at_night": True}, (125.0, 125.0)),  # 0.8 of the speed
        (EdgeKind.PATH, 71.0, MobilityGroup.AGE_85, {"lit": 0}, (100.0, 100.0)),
        (EdgeKind.PATH, 71.0, MobilityGroup.AGE_85, {"lit": -1, "at_night": True}, (100.0, 100.0)),
        (EdgeKind.PATH, 71.0, MobilityGroup.AGE_85, {"lit": 1, "at_night": True}, (100.0, 100.0)),
        (EdgeKind.PATH, 71.0, MobilityGroup.AGE_85, {"lit": 0, "tunnel": True}, (125.0, 125.0)),
        (EdgeKind.STEPS, 3.0, MobilityGroup.AGE_85, {"lit": 0, "at_night": True}, (10.0, 10.0)),  # 10 × 0.80 s / 0.8
        (EdgeKind.LIFT, 20.0, MobilityGroup.AGE_85, {"lit": 0, "at_night": True}, (60.0, 60.0)),
        (EdgeKind.PATH, 64.0, FRAIL, {"barrier": "stile"}, SHUT),
        (EdgeKind.PATH, 64.0, FRAIL, {"kerb": "raised"}, (100.0, 100.0)),
    ],
)
def test_an_edge_takes_its_time(
    kind: EdgeKind, length_m: float, group: MobilityGroup, tags: dict[str, Any], expected: tuple[float, float]
) -> None:
    assert times_s(kind, length_m, group, **tags) == expected


def test_a_band_walks_as_the_slowest_group_it_overlaps() -> None:
    bands = ("0-17", "50-64", "60-69", "65-74", "65-79", "75-84", "80+", "60+")
    assert [walking_group(band).value for band in bands] == [
        "adult", "adult", "65-74", "65-74", "75-84", "75-84", "85+", "85+",
    ]  # fmt: skip


def test_night_is_from_its_first_hour_to_its_last() -> None:
    numbers = load()
    monday = [hour for hour in range(24) if numbers.is_night(hour * 60)]
    assert monday == [0, 1, 2, 3, 4, 5, 19, 20, 21, 22, 23]
    assert numbers.is_night(6 * 1440 + 1139) is False
    assert numbers.is_night(6 * 1440 + 1140) is True
    after_midnight = replace(numbers, night_from_h=1.5, night_to_h=3.0)
    assert [hour for hour in range(24) if after_midnight.is_night(hour * 60)] == [2]


def test_every_number_says_unit_source_and_certainty() -> None:
    def entries(table: dict[str, Any]) -> list[dict[str, Any]]:
        return [table] if "value" in table else [each for inner in table.values() for each in entries(inner)]

    for entry in entries(tomllib.loads(FILE.read_text(encoding="utf-8"))):
        assert set(entry) == {"value", "unit", "source", "certainty"}
        assert entry["certainty"] in {"V1", "V2", "recalled", "derived", "A"}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[groups.frail]", "[groups.ghost]", "ghost"),
        ("tread_m =", "tred_m =", "tred_m"),
        (', certainty = "derived"', "", "speed has no certainty"),
    ],
)
def test_a_mobility_file_with_a_mistake_is_refused(tmp_path: Path, old: str, new: str, why: str) -> None:
    wrong = tmp_path / "mobility.toml"
    wrong.write_text(FILE.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refused, match=why):
        load(wrong)
