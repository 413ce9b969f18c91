"""The gate lets through what is in unit, range and time, and says plainly why it does not."""

from __future__ import annotations

import math

import pytest

from twin import gate
from twin.devices import Slot
from twin.reasons import Reason
from twin.terms import Reading

NOW_US = 1_772_366_400_000_000
SLOT = Slot(1, -40, 60, "Cel")
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US


def reading(value: float = 20.0, *, age_us: int = 0, unit: str | None = None) -> Reading:
    return Reading("roof", "temperature", NOW_US - age_us, value, unit)


@pytest.mark.parametrize(
    "one",
    [
        reading(),
        reading(-40),
        reading(60),
        reading(unit="Cel"),
        reading(unit="°C"),
        reading(age_us=30 * DAY_US),
        reading(age_us=-300 * SECOND_US),
    ],
)
def test_what_fits_passes(one: Reading) -> None:
    assert gate.passes(one, SLOT, NOW_US)


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (reading(math.nan), Reason.NOT_A_NUMBER),
        (reading(math.inf), Reason.NOT_A_NUMBER),
        (reading(60.001), Reason.OUT_OF_RANGE),
        (reading(20, unit="kPa"), Reason.WRONG_UNIT),
        (reading(200, unit="[degF]"), Reason.OUT_OF_RANGE),
        (reading(age_us=30 * DAY_US + 1), Reason.TIME_PAST),
        (reading(age_us=-300 * SECOND_US - 1), Reason.TIME_FUTURE),
    ],
)
def test_what_does_not_fit_is_told_why(one: Reading, code: Reason) -> None:
    assert not gate.passes(one, SLOT, NOW_US)
    assert gate.why(one, SLOT, NOW_US)[0] is code


def test_a_value_in_another_unit_is_taken_in_the_registered_one_until_the_unit_changes() -> None:
    assert gate.fit(reading(68, unit="[degF]"), SLOT, NOW_US) == 20
    known = SLOT._replace(stated="[degF]")
    assert gate.fit(reading(68, unit="°F"), known, NOW_US) == 20
    for unit in ("Cel", None):
        assert gate.fit(reading(20, unit=unit), known, NOW_US) is None
        assert gate.why(reading(20, unit=unit), known, NOW_US)[0] is Reason.WRONG_UNIT


def test_a_bad_quality_is_a_word_for_it() -> None:
    assert [gate.is_bad(quality) for quality in ("Bad", "missing", "good", None, {"code": "bad"})] == [
        True,
        True,
        False,
        False,
        False,
    ]
