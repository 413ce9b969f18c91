"""Whole people: every sum is kept and every number is near its share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.rounding import apportion, spread

COUNTS = st.lists(st.integers(0, 60), min_size=1, max_size=25)


@given(st.integers(0, 10_000), st.lists(st.floats(0.001, 1e6), min_size=1, max_size=50))
def test_the_parts_add_up_to_the_total_and_are_within_one_of_their_share(total: int, weights: list[float]) -> None:
    parts = apportion(total, weights)
    share = np.array(weights) * (total / np.sum(weights))
    assert parts.sum() == total
    assert np.all(np.abs(parts - share) < 1 + 1e-6)


def test_the_largest_remainders_are_rounded_up() -> None:
    # worked by hand: shares 4.7, 3.1, 1.5, 0.7, so 4 + 3 + 1 + 0 and two more for the remainders of 0.7
    assert apportion(10, [47, 31, 15, 7]).tolist() == [5, 3, 1, 1]


def test_of_equal_remainders_the_first_is_rounded_up() -> None:
    assert apportion(2, [1, 1, 1]).tolist() == [1, 1, 0]


def test_what_has_no_weight_gets_nothing() -> None:
    assert apportion(5, [0.0, 1.0, 0.0]).tolist() == [0, 5, 0]


@pytest.mark.parametrize("weights", [[0.0, 0.0], [], [-1.0, 2.0], [float("nan"), 1.0]])
def test_weights_that_divide_nothing_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        apportion(3, weights)


@given(COUNTS, st.lists(st.floats(0.01, 1.0), min_size=1, max_size=8))
def test_a_spread_keeps_both_sums_and_every_run_of_rows_is_within_two_of_its_share(
    rows: list[int], shares: list[float]
) -> None:
    columns = apportion(sum(rows), shares)
    table = spread(rows, columns)
    assert table.shape == (len(rows), len(shares))
    assert np.all(table >= 0)
    assert table.sum(axis=1).tolist() == rows
    assert table.sum(axis=0).tolist() == columns.tolist()
    share = np.outer(rows, columns / max(1, sum(rows)))
    running = np.cumsum(table, axis=0) - np.cumsum(share, axis=0)
    assert np.all(np.abs(running) < 1)


def test_sums_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="rows sum to 3, columns to 4"):
        spread([1, 2], [4])
