"""Counts as they may be shown: no small one can be read or worked out."""

from hypothesis import given
from hypothesis import strategies as st

from api import counts

PEOPLE = st.integers(min_value=0, max_value=400)


def test_one_to_four_are_not_told_apart() -> None:
    assert [counts.count(n)["value"] for n in range(7)] == [0, None, None, None, None, 5, 6]
    assert counts.count(3) == {"value": None, "suppressed": True, "below": 5}


def test_a_lone_small_part_takes_the_next_larger_with_it() -> None:
    assert [one["value"] for one in counts.parts([3, 40, 12, 0])] == [None, 40, None, 0]
    assert counts.parts([3, 40, 12, 0])[2] == counts.HIDDEN


def test_two_small_parts_cover_each_other() -> None:
    assert [one["value"] for one in counts.parts([3, 40, 2])] == [None, 40, None]


@given(st.lists(PEOPLE, min_size=1, max_size=8))
def test_no_small_part_follows_from_the_others_and_their_sum(numbers: list[int]) -> None:
    hidden = [n for n, shown in zip(numbers, counts.parts(numbers), strict=True) if shown["value"] is None]
    total = counts.count(sum(numbers))

    assert len(hidden) != 1 or total["value"] is None


@given(PEOPLE, st.integers(min_value=0, max_value=40))
def test_a_difference_of_a_few_is_an_upper_bound_and_not_the_number(certain: int, unknown: int) -> None:
    low, high = counts.pair(certain, certain + unknown)

    if low["value"] is not None and high["value"] is not None:
        assert high["value"] - low["value"] not in (1, 2, 3)
        assert high["value"] >= certain + unknown


def test_pairs_hide_with_a_lone_small_one_the_next_larger_on_both_sides() -> None:
    low, high = zip(*counts.pairs([3, 40, 12], [3, 60, 32]), strict=True)
    assert [one["value"] for one in low] == [None, 40, None]
    assert [one["value"] for one in high] == [None, 60, None]


def test_a_share_with_a_few_people_on_one_side_says_none_or_all() -> None:
    assert counts.share(0, 0) is None
    assert counts.share(3, 3) is None
    assert counts.share(2, 100) == 0.0
    assert counts.share(97, 100) == 1.0
    assert counts.share(50, 100) == 0.5


@given(st.integers(0, 9) | PEOPLE, st.integers(0, 9) | PEOPLE)
def test_of_a_part_and_its_whole_neither_a_few_nor_the_rest_of_them_is_exact(n: int, rest: int) -> None:
    whole = n + rest
    shown = counts.part(n, whole)["value"]

    assert (shown is None) == (0 < n < 5)
    if n >= 5 and rest < 5:
        assert shown == whole
    elif shown is not None:
        assert abs(shown - n) <= 2
        assert shown == 0 or whole - shown > 2
