"""Counts as they may be shown: no few people can be read, nor worked out from any number of answers."""

from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from twin import counts, db

LINE = st.lists(st.integers(0, 12), min_size=1, max_size=9)
FEW = range(1, counts.STEP)


def extremes(told: NDArray[np.int64], at: int) -> tuple[int, int]:
    """The least and the most people there may be at one place of the line, of all lines shown as this one is.

    A line is shown so if and only if its running sums round to the ones shown, a linear system of differences: its
    corners are whole numbers.
    """
    n, half = len(told), counts.STEP // 2
    ends = np.cumsum(told)
    bounds = [(max(0, end - half), end + counts.STEP - 1 - half) for end in ends.tolist()]
    rises = np.eye(n - 1, n) - np.eye(n - 1, n, 1)  # each running sum is no less than the one before
    wanted = np.eye(n)[at] - (np.eye(n)[at - 1] if at else 0)
    corners = [linprog(way * wanted, A_ub=rises, b_ub=np.zeros(n - 1), bounds=bounds).x for way in (1, -1)]
    return round(float(corners[0] @ wanted)), round(float(corners[1] @ wanted))


@given(LINE)
def test_what_is_shown_leaves_every_number_of_people_open_and_no_few_are_certain(people: list[int]) -> None:
    told = counts.shown(people)
    for at, n in enumerate(people):
        least, most = extremes(told, at)
        assert least <= n <= most
        assert most - least >= counts.STEP // 2


@given(LINE, st.lists(st.lists(st.integers(-3, 3), min_size=9, max_size=9), min_size=1, max_size=9))
def test_no_sums_and_differences_of_answers_solve_to_a_few_people(
    people: list[int], questions: list[list[int]]
) -> None:
    # each question adds and subtracts groups of people; a reader combines the answers to single out one group
    told = counts.shown(people)
    asked = np.array(questions)[:, : len(people)]
    answers = asked @ told
    for at in range(len(people)):
        alone = np.eye(len(people))[at]
        weights, *_ = np.linalg.lstsq(asked.T.astype(float), alone, rcond=None)
        if np.allclose(asked.T @ weights, alone):
            solved = float(weights @ answers)
            assert abs(solved - round(solved / counts.STEP) * counts.STEP) < 1e-6
    assert not np.isin(np.abs(answers), FEW).any()


@given(LINE, st.sampled_from([counts.STEP, counts.WELFARE_STEP]))
def test_any_stretch_of_the_line_is_within_a_step_of_the_truth(people: list[int], step: int) -> None:
    error = np.cumsum(np.concatenate(([0], counts.shown(people, step) - people)))
    assert np.ptp(error) < step
    assert set((counts.shown(people, step) % step).tolist()) == {0}


def test_children_under_14_are_counted_in_tens() -> None:
    assert counts.steps(["0-3", "4-13", "0-14", "0-17", "18-64", "80+"]).tolist() == [10, 10, 5, 5, 5, 5]


def test_a_count_is_to_the_nearest_five_and_some_may_be_fewer_than_five() -> None:
    assert [counts.count(n)["value"] for n in (0, 1, 2, 3, 5, 8, 94)] == [0, None, None, 5, 5, 10, 95]
    assert counts.count(0, some=True) == {"value": None, "suppressed": True, "below": 5}
    assert counts.count(0) == {"value": 0, "suppressed": False, "below": None}


def test_a_share_is_of_numbers_as_they_are_shown() -> None:
    assert (counts.share(0, 0), counts.share(3, 97), counts.share(50, 100)) == (None, 0.053, 0.5)


def test_the_database_shows_the_line_as_python_does(monaco: str) -> None:
    query = sa.text("""
        SELECT r.age_band, r.residents, s.residents, b.grid_id FROM resident_count AS r
        JOIN resident_shown AS s USING (building_id, age_band) JOIN building AS b ON b.id = r.building_id
        ORDER BY r.age_band, b.grid_id, b.point, b.id
    """)
    with db.opened(monaco) as engine, engine.begin() as connection:
        connection.execute(sa.text("UPDATE resident_count SET age_band = '0-13' WHERE age_band = '0-17'"))
        rows = connection.execute(query).all()
        connection.rollback()
    bands = np.array([row[0] for row in rows])
    people, told, grid = (np.array([row[at] for row in rows]) for at in (1, 2, 3))
    assert people.sum() == 38_423
    for band, step in zip(np.unique(bands), counts.steps(np.unique(bands)), strict=True):
        here = bands == band
        assert np.array_equal(told[here], counts.shown(people[here], int(step)))
        wrong = np.bincount(grid[here], told[here] - people[here])
        assert np.abs(wrong).max() < step


@pytest.mark.parametrize("band", ["65+", "0-13"])
def test_a_lone_few_are_shown_as_none_or_as_a_whole_step(band: str) -> None:
    step = int(counts.steps([band])[0])
    assert {int(counts.shown([n], step)[0]) for n in range(1, step)} == {0, step}
