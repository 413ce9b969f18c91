"""Name the pieces of a way again as they were named before, whatever number a new cut would give them.

A way is cut where ways meet: one more crossing on it, and the pieces behind it count on from another number. What a
sensor watches or somebody corrected is the piece between two nodes, not the n-th.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

__all__ = ["Piece", "rename"]


class Piece(NamedTuple):
    """A piece of a way, and the nodes at its ends, by their source ids."""

    source: str
    tail: str
    head: str


def rename(before: Iterable[Piece], after: Sequence[Piece]) -> list[str]:
    """Give each piece of `after` the source id of the piece of its way that had the same ends before, else one of its own.

    Source ids stay unique. Its own is what it came with, or the next number of the way where that is another's now.
    """
    known: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    last: dict[str, int] = defaultdict(int)  # the highest number that a way ever had
    for piece in sorted(before, key=lambda piece: _split(piece.source)):
        known[_spot(piece)].append(piece.source)
    if not known:
        return [source for source, _, _ in after]
    for source in (*(name for names in known.values() for name in names), *(piece.source for piece in after)):
        way, number = _split(source)
        last[way] = max(last[way], number)
    names = _as_before(known, after)
    taken = {name for name in names if name}
    for i, (source, _, _) in enumerate(after):
        if not names[i]:
            names[i] = source
            if source in taken:
                way, _ = _split(source)
                last[way] += 1
                names[i] = f"{way}:{last[way]}"
            taken.add(names[i])
    return names


def _as_before(known: dict[tuple[str, str, str], list[str]], after: Sequence[Piece]) -> list[str]:
    """Match pieces by their ends, those that still have their name first; "" for a piece that was not there."""
    names = [""] * len(after)
    for is_same in (True, False):
        for i, piece in enumerate(after):
            left = known.get(_spot(piece))
            if left and not names[i] and (not is_same or piece.source in left):
                names[i] = piece.source if is_same else left[0]
                left.remove(names[i])
    return names


def _split(source: str) -> tuple[str, int]:
    """Take a source id apart: the way, and the number of the piece; -1 for a lift, which has none."""
    way, _, number = source.rpartition(":")
    return (way, int(number)) if way and number.isdecimal() else (source, -1)


def _spot(piece: Piece) -> tuple[str, str, str]:
    return _split(piece.source)[0], min(piece.tail, piece.head), max(piece.tail, piece.head)
