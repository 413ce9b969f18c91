"""A piece of a way keeps its name, however the rest of the way is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twin.naming import Piece, rename

BEFORE = [Piece("w1:0", "a", "b"), Piece("w1:1", "b", "c"), Piece("w1:2", "c", "d")]


def test_a_new_junction_moves_no_name() -> None:
    # a crossing x now cuts the first piece: what was :1 and :2 comes as :2 and :3
    cut = [Piece("w1:0", "a", "x"), Piece("w1:1", "x", "b"), Piece("w1:2", "b", "c"), Piece("w1:3", "c", "d")]
    assert rename(BEFORE, cut) == ["w1:0", "w1:4", "w1:1", "w1:2"]


def test_names_stay_when_the_same_cut_comes_again() -> None:
    cut = [Piece("w1:0", "a", "x"), Piece("w1:1", "x", "b"), Piece("w1:2", "b", "c"), Piece("w1:3", "c", "d")]
    named = [Piece(name, *piece[1:]) for name, piece in zip(rename(BEFORE, cut), cut, strict=True)]
    assert rename(named, cut) == [piece.source for piece in named]


def test_a_way_that_is_turned_round_is_the_same() -> None:
    turned = [Piece("w1:0", "d", "c"), Piece("w1:1", "c", "b"), Piece("w1:2", "b", "a")]
    assert rename(BEFORE, turned) == ["w1:2", "w1:1", "w1:0"]


def test_a_lift_has_no_number_and_keeps_its_name() -> None:
    before = [Piece("n7", "n7:a", "n7:b"), Piece("n7:join:0", "j", "n7:a")]
    assert rename(before, [Piece("n7:join:0", "k", "n7:a"), Piece("n7", "n7:a", "n7:b")]) == ["n7:join:0", "n7"]


def test_an_empty_place_takes_the_names_as_they_come() -> None:
    assert rename([], BEFORE) == ["w1:0", "w1:1", "w1:2"]


PIECES = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=8).map(
    lambda ends: [Piece(f"w1:{i}", *pair) for i, pair in enumerate(ends)]
)


@given(PIECES, PIECES)
def test_names_are_unique_and_a_second_time_the_same(before: list[Piece], after: list[Piece]) -> None:
    names = rename(before, after)
    assert len(set(names)) == len(after)
    named = [Piece(name, *piece[1:]) for name, piece in zip(names, after, strict=True)]
    assert sorted(rename(named, after)) == sorted(names)
