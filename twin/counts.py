"""Counts of people as they may be shown: the one rule for every screen, answer, export and interface.

Nobody is shown a count of people as it is. The view `resident_shown` of the database holds, for each building and age
band, a multiple of STEP, and everything that is shown is added up from these: who loses a lift, who reaches a clinic
within m minutes and within m + 1, today and tomorrow. So no result, and no difference, sum or share of results, says
more than that table does: the question "how many are shown here?" has no answer of 1 to STEP - 1, and the one "how many
are there?" none at all, for a count of 5 stands for any of 1 to 9. Hiding small numbers one by one, and then others to
cover them, was tried and gave them away in differences.

The table is made along a line through the place (by grid, then along a curve), where running sums are rounded and
subtracted: a building's error is carried to its neighbour, so that any stretch of the line, a grid above all, is
within STEP of the truth in each band. The method is controlled rounding in one dimension [1]_.

.. [1] L. H. Cox, A constructive procedure for unbiased controlled rounding, JASA 82 (1987) 520-524.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.terms import AgeBand

__all__ = ["CHILDREN", "STEP", "WELFARE_STEP", "Count", "count", "nearest", "share", "shown", "steps"]

STEP = 5  # people; an assumption of ours (A): some agencies demand 5, others 3
WELFARE_STEP = 10  # people, of those the law holds more sensitive (A)
CHILDREN = 14  # years, under which a person's data are sensitive: Personal Information Protection Law, article 28

Ints = NDArray[np.int64]


class Count(TypedDict):
    """A count; value is None where there are some, but too few to say: then fewer than `below`."""

    value: int | None
    suppressed: bool
    below: int | None


def steps(bands: Iterable[str]) -> Ints:
    """Give what the counts of each age band are multiples of, (bands,); the view has the same rule in SQL."""
    ends = (AgeBand.parse(band).to for band in bands)
    return np.array([STEP if end is None or end >= CHILDREN else WELFARE_STEP for end in ends], np.int64)


def shown(people: ArrayLike, step: int = STEP) -> Ints:
    """Round counts along a line, as the view does, so that any stretch of it is within step of its sum; (n,)."""
    ends = np.cumsum(np.asarray(people, np.int64))
    return np.diff((ends + step // 2) // step * step, prepend=0)


def nearest(n: int, step: int = STEP) -> int:
    """Round a number of people to the nearest multiple; what comes of `resident_shown` stays as it is."""
    return (int(n) + step // 2) // step * step


def count(n: int, *, some: bool = False) -> Count:
    """Show a number of people; some: there is somebody, though n may be 0."""
    value = nearest(n)
    if value == 0 and (some or n > 0):
        return {"value": None, "suppressed": True, "below": STEP}
    return {"value": value, "suppressed": False, "below": None}


def share(part: int, whole: int) -> float | None:
    """Give part of whole, of numbers as they are shown, to one in a thousand; None where there is no whole."""
    whole = nearest(whole)
    return round(nearest(part) / whole, 3) if whole else None
