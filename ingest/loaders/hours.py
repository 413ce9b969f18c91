"""Opening hours as a planner writes them, in OpenStreetMap's syntax: 周一至周五 8:00—17:00 is Mo-Fr 08:00-17:00."""

from __future__ import annotations

import re

from twin.errors import Refused

__all__ = ["as_openstreetmap"]

DAYS = dict(zip("一二三四五六日天", ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "Su"), strict=True))
WORDS = {
    "24小时": "24/7",
    "全天": "24/7",
    "每天": "",
    "每日": "",
    "工作日": "Mo-Fr",
    "周末": "Sa-Su",
    "法定节假日": "PH",
    "节假日": "PH",
    "休息": "off",
    "关闭": "off",
}
SIGNS = str.maketrans("：；，～—–－至到~", ":;,-------")
CLOCK_ZH = re.compile(r"(\d{1,2})(?:点|时)(?:(\d{2})分?|(半))?")
CLOCK = re.compile(r"(?<![\d:])(\d{1,2}):(\d{2})(?::00)?(?![\d:])")
LATEST_HOUR = 48  # OpenStreetMap writes what ends after midnight as 26:00
TIME = r"\d{2}:\d{2}"
SPAN = rf"(?:{TIME}-{TIME}\+?|{TIME}\+|(?:sunrise|dawn)-(?:sunset|dusk)|{TIME}-(?:sunset|dusk)|(?:sunrise|dawn)-{TIME})"
DAY = r"(?:(?:Mo|Tu|We|Th|Fr|Sa|Su)(?:\[-?[1-5](?:,-?[1-5])*\])?|PH|SH)"
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?: \d{1,2})?"
SEASON = rf"(?:\d{{4}} )?{MONTH}(?:-(?:{MONTH}|\d{{1,2}}))?(?:,{MONTH}(?:-{MONTH})?)*:?"
RULE = re.compile(
    rf"(?:{SEASON} ?)?(?:{DAY}(?:-{DAY})?(?:,{DAY}(?:-{DAY})?)*:? ?)?"
    rf"(?:24/7|(?:{SPAN})(?:,{SPAN})*)? ?(?:off|closed|open|unknown)?(?: ?\"[^\"]*\")?"
)


def as_openstreetmap(said: str) -> str:
    """Give hours in OpenStreetMap's opening_hours syntax; raises Refused where they are neither that nor plain hours."""
    text = said.translate(SIGNS)
    for word, meaning in WORDS.items():
        text = text.replace(word, f" {meaning} ")
    text = re.sub(r"(?:周|星期|礼拜)([一二三四五六日天])", lambda found: DAYS[found[1]], text)
    text = re.sub(r"(?<=[a-z])-([一二三四五六日天])", lambda found: f"-{DAYS[found[1]]}", text)
    text = CLOCK_ZH.sub(lambda found: f"{found[1]}:{found[2] or ('30' if found[3] else '00')}", text)
    text = re.sub(r"\s*([-,])\s*", r"\1", text.replace("、", ","))
    text = re.sub(r"(?<=[a-z])(?=\d)", " ", CLOCK.sub(_clock, text))
    rules = [" ".join(rule.split()) for rule in re.split(r";|\|\|", text)]
    if not any(rules) or any(rule and RULE.fullmatch(rule) is None for rule in rules):
        raise Refused(f"opening_hours {said[:60]!r} are neither hours such as 08:00-17:00 nor OpenStreetMap's syntax")
    return "; ".join(rule for rule in rules if rule)


def _clock(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), int(found[2])
    if hour > LATEST_HOUR or minute > 59:  # noqa: PLR2004 minutes of an hour
        raise Refused(f"opening_hours: {found[0]} is no time of day")
    return f"{hour:02d}:{minute:02d}"
