"""Opening hours as OpenStreetMap writes them, as the minutes of a week; what is not understood is not known.

Read are weekdays, lists and ranges of them, times, also past midnight, several rules of which the later wins, 24/7, off
and closed. Months, weeks, dates, sunrise, open ends and comments make the whole text not known: a guess would send
people to closed doors. Rules for public holidays alone are left out: no calendar is in the twin.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

__all__ = ["DAYS", "MINUTES", "minute", "week"]

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
DAY_MINUTES = 24 * 60
MINUTES = 7 * DAY_MINUTES
LATEST = 48 * 60  # minutes: times run past midnight as 26:00

DAY = "|".join(DAYS)
RULE = re.compile(
    rf"(?P<days>(?:{DAY}|PH|SH)(?:-(?:{DAY}))?(?:\s*,\s*(?:{DAY}|PH|SH)(?:-(?:{DAY}))?)*)?\s*:?\s*"
    r"(?P<times>(?:\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2})(?:\s*,\s*\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2})*|24/7|off|closed)?"
)


def week(text: str | None) -> NDArray[np.bool_] | None:
    """Give in which minutes of a week, from Monday 0:00, it is open, (MINUTES,); None where not known."""
    if text is None or not text.strip():
        return None
    is_open = np.zeros(MINUTES, np.bool_)
    for rule in text.split(";"):
        found = RULE.fullmatch(rule.strip())
        if found is None or not (found["days"] or found["times"]):
            return None
        spans = _spans(found["times"])
        if spans is None:
            return None
        for day in _days(found["days"]):
            _put(is_open, day, spans)
    return is_open


def minute(text: str) -> int:
    """Read a weekday and a time, "Mo 09:30", as the minute of the week; raises ValueError with the text."""
    found = re.fullmatch(rf"({DAY}) (\d{{1,2}}):(\d{{2}})", text)
    if found is None or int(found[2]) > 23 or int(found[3]) > 59:  # noqa: PLR2004 -- the clock's
        raise ValueError(f"not a weekday and a time such as 'Mo 09:30': {text!r}")
    return DAYS.index(found[1]) * DAY_MINUTES + int(found[2]) * 60 + int(found[3])


def _days(text: str | None) -> list[int]:
    """Read which days a rule is for, all where it says none; Sa-Mo runs over the end of the week."""
    if text is None:
        return list(range(7))
    found: list[int] = []
    for part in (each.strip() for each in text.split(",")):
        if part in {"PH", "SH"}:
            continue
        first, _, last = part.partition("-")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found += [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]
    return found


def _spans(text: str | None) -> list[tuple[int, int]] | None:
    """Read times as minutes of a day, (begin, end), the end past DAY_MINUTES where it is after midnight."""
    if text in {None, "24/7"}:
        return [(0, DAY_MINUTES)]
    if text in {"off", "closed"}:
        return []
    spans = []
    for part in str(text).split(","):
        begin, end = (int(hour) * 60 + int(rest) for hour, rest in re.findall(r"(\d{1,2}):(\d{2})", part))
        end = end if end > begin else end + DAY_MINUTES
        if begin >= DAY_MINUTES or end > LATEST:
            return None
        spans.append((begin, end))
    return spans


def _put(is_open: NDArray[np.bool_], day: int, spans: list[tuple[int, int]]) -> None:
    """Make a day's hours these; what an earlier day has past midnight stays."""
    start = day * DAY_MINUTES
    is_open[start : start + DAY_MINUTES] = False
    for begin, end in spans:
        is_open[np.arange(start + begin, start + end) % MINUTES] = True
