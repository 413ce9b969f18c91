"""Opening hours, read by hand-worked examples; what is not understood is not known."""

from __future__ import annotations

import pytest

from twin.opening_hours import MINUTES, minute, week


def is_open(text: str, when: str) -> bool:
    found = week(text)
    assert found is not None
    return bool(found[minute(when)])


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("24/7", 168.0),
        ("Mo-Fr 08:00-18:00; Sa 08:00-12:00", 54.0),
        ("Mo-Fr 08:30-12:00,14:00-17:00", 32.5),
        ("Sa-Mo 10:00-12:00", 6.0),
        ("Mo,We,Fr 09:00-10:30", 4.5),
        ("09:00-21:00", 84.0),
        ("Mo-Su 09:00-21:00; Su off", 72.0),
        ("Fr 22:00-02:00", 4.0),
        ("Mo-Fr 08:00-18:00; PH off", 50.0),
        ("Mo-Sa 07:30-24:00", 99.0),
        ("Tu", 24.0),
        ("closed", 0.0),
    ],
)
def test_a_week_has_so_many_open_hours(text: str, hours: float) -> None:
    found = week(text)
    assert found is not None
    assert found.shape == (MINUTES,)
    assert found.sum() / 60 == hours


def test_begin_is_open_and_end_is_closed() -> None:
    text = "Mo-Fr 08:00-12:00"
    assert [is_open(text, when) for when in ("Mo 07:59", "Mo 08:00", "Mo 11:59", "Mo 12:00", "Sa 09:00")] == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_past_midnight_runs_into_the_next_day_and_over_the_end_of_the_week() -> None:
    assert is_open("Su 22:00-02:00", "Mo 01:30")
    assert not is_open("Su 22:00-02:00", "Mo 02:00")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "Apr-Oct 09:00-18:00",
        "sunrise-sunset",
        "Mo-Fr 08:00+",
        "by appointment",
        "Mo 25:00-26:00",
        "Mo[1] 9-5",
    ],
)
def test_what_is_not_understood_is_not_known(text: str | None) -> None:
    assert week(text) is None


@pytest.mark.parametrize("text", ["Monday 9", "Mo 24:00", "Mo 09:60"])
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a weekday and a time"):
        minute(text)
