"""Units are turned into each other by the table, exactly; what is no unit of the same quantity is not."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin import units


@pytest.mark.parametrize(
    ("value", "stated", "registered", "expected"),
    [
        (70, "[degF]", "Cel", 21.11111111111111),
        (32, "°F", "Cel", 0),
        (-40, "℉", "°C", -40),
        (293.15, "K", "Cel", 20),
        (1.15, "m", "cm", 115),
        (1150, "mm", "cm", 115),
        (0.14, "MPa", "kPa", 140),
        (1.4, "bar", "kPa", 140),
        (100, "kPa", "bar", 1),
        (5000, "ppm", "%", 0.5),
        (1.2, "kW", "W", 1200),
        (0.035, "mg/m3", "µg/m³", 35),
        (812, "l", "m3", 0.812),
        (36, "km/h", "m/s", 10),
        (21.5, None, "Cel", 21.5),
        (55, "%RH", "%", 55),
        (1, "/", "1", 1),
    ],
)
def test_a_value_is_turned_into_the_registered_unit(
    value: float, stated: str | None, registered: str, expected: float
) -> None:
    assert units.in_unit(value, stated, registered) == expected


@pytest.mark.parametrize(
    ("stated", "registered"),
    [
        ("kPa", "Cel"),
        ("1", "%"),
        ("1", "cm"),
        ("ppm", "ug/m3"),
        ("dB", "%"),
        ("nonsense", "Cel"),
        ("", "Cel"),
        ("Cel", "x"),
    ],
)
def test_what_is_no_unit_of_the_same_quantity_is_not_turned(stated: str, registered: str) -> None:
    assert units.in_unit(1, stated, registered) is None


def test_what_is_no_number_stays_none() -> None:
    assert math.isnan(units.in_unit(math.nan, "[degF]", "Cel") or 0)
    assert units.in_unit(math.inf, "m", "cm") == math.inf
    assert units.in_unit(1.7e308, "MPa", "Pa") == math.inf


@given(st.floats(-1e6, 1e6), st.sampled_from(["[degF]", "K", "Cel"]))
def test_there_and_back_is_where_it_began(value: float, unit: str) -> None:
    there = units.in_unit(value, unit, "Cel")
    assert there is not None
    back = units.in_unit(there, "Cel", unit)
    assert back == pytest.approx(value, abs=1e-9)


@given(st.floats(allow_nan=False))
def test_a_value_in_the_registered_unit_keeps_every_bit(value: float) -> None:
    assert units.in_unit(value, "°C", "Cel") == value


def test_every_spelling_names_one_unit() -> None:
    spellings = [spelling for unit in units.UNITS.values() for spelling in unit.spellings]
    assert len(spellings) == len(set(spellings))
    assert not set(spellings) & units.UNITS.keys()
