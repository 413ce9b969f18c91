"""Counts of people as they may be shown: never one to four, nor what would let a reader work those out.

The rules are P02 and P03 of the design's privacy table: small counts, sums that would give them back, and differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from twin.residents import SMALL, suppressed


class Count(TypedDict):
    """A count; value is None where it may not be shown: then below says "fewer than", or is None where just hidden."""

    value: int | None
    suppressed: bool
    below: int | None


HIDDEN: Count = {"value": None, "suppressed": True, "below": None}


def count(n: int) -> Count:
    """Show a count, or that it is small."""
    shown = suppressed(int(n))
    return {"value": shown, "suppressed": shown is None, "below": SMALL if shown is None else None}


def parts(numbers: Sequence[int]) -> list[Count]:
    """Show counts whose sum is shown too: a lone small one takes the next larger with it, or it could be subtracted."""
    shown = [count(n) for n in numbers]
    small = [i for i, one in enumerate(shown) if one["suppressed"]]
    others = [i for i, n in enumerate(numbers) if n >= SMALL]
    if len(small) == 1 and others:
        shown[min(others, key=lambda i: numbers[i])] = HIDDEN
    return shown


def part(n: int, whole: int) -> Count:
    """Show how many of a whole, to the nearest five; all but a few are shown as all, so that the few do not follow."""
    if n < SMALL:
        return count(n)
    return count(whole if whole - n < SMALL else round(n / SMALL) * SMALL)


def pair(certain: int, possible: int) -> tuple[Count, Count]:
    """Show certain and possible; where they differ by a few, the second is the most it could be, not the exact one."""
    if 0 < possible - certain < SMALL:
        return count(certain), count(certain + SMALL - 1)
    return count(certain), count(possible)


def pairs(certain: Sequence[int], possible: Sequence[int]) -> list[tuple[Count, Count]]:
    """Show pairs whose sums are shown too."""
    low, high = parts(certain), parts(possible)
    answer = []
    for i, (less, more) in enumerate(zip(certain, possible, strict=True)):
        exact = pair(less, more)
        answer.append((low[i] if low[i]["suppressed"] else exact[0], high[i] if high[i]["suppressed"] else exact[1]))
    return answer


def share(part: int, whole: int) -> float | None:
    """Give part of whole to one in a thousand; None where there is no whole.

    Where part, or what is missing of the whole, is a small count, the share says none or all.
    """
    if whole == 0:
        return None
    if suppressed(whole) is None:
        return None
    if suppressed(part) is None:
        return 0.0
    if suppressed(whole - part) is None:
        return 1.0
    return round(part / whole, 3)
