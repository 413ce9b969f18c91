"""What is read aloud: the summary of a screen in sentences, composed here of figures and names, never of anybody's text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twin.places import Place
from viz import texts, words

__all__ = ["near", "now"]


def now(place: Place, board: Mapping[str, Mapping[str, Any]], language: str) -> list[str]:
    """Say who is cut off now, the lifts, and the alarms; board: the sections losses, figures and alarms."""
    t = _sayer(language)
    total, figures = board["losses"]["total"], board["figures"]["all"]
    title = (place.name_zh if language == "zh" else place.name) or place.name
    said = [t("%(place)s now.", place=title)]
    if total["certain"] is None:
        said.append(t("Nobody has counted yet who is cut off."))
    else:
        said.append(_cut_off(t, total))
    lifts = figures["lifts"]
    said.append(
        t(
            "%(open)s of %(all)s lifts are in service, %(closed)s are out of service, of %(unknown)s nobody knows.",
            open=lifts["open"],
            all=lifts["total"],
            closed=lifts["closed"],
            unknown=lifts["unknown"],
        )
    )
    alarms = board["alarms"]["total"]
    standing = sum(alarms[name] for name in ("critical", "major", "notice"))
    said.append(t("%(n)s alarms stand, %(critical)s of them critical.", n=standing, critical=alarms["critical"]))
    return said


def near(answer: Mapping[str, Any], language: str) -> list[str]:
    """Say for one building what can be reached, by service."""
    t, spoken = _sayer(language), words.spoken(texts.translations(language).gettext)["service"]
    said = [t("From %(building)s.", building=answer["building"]["label"])]
    for row in answer.get("services", [answer]):
        service, end = spoken[row["service"]], row["nearest"]
        if end is None:
            said.append(t("%(service)s: none can surely be reached now.", service=service))
            continue
        name = (end["name_zh"] if language == "zh" else None) or end["name"]
        minutes = max(1, round(end["seconds"] / 60))
        said.append(t("%(service)s: %(name)s, %(n)s minutes.", service=service, name=name, n=minutes))
    return said


def _sayer(language: str) -> Any:
    def t(text: str, **values: object) -> str:
        return str(texts.translations(language).gettext(text)) % values

    return t


def _cut_off(t: Any, total: Mapping[str, Any]) -> str:
    certain, possible = (_people(total[name]) for name in ("certain", "possible"))
    if certain == possible:
        return str(t("%(n)s people have lost a service that they usually reach.", n=certain))
    return str(
        t(
            "%(n)s people have lost a service that they usually reach, up to %(most)s if what is silent is out as well.",
            n=certain,
            most=possible,
        )
    )


def _people(count: Mapping[str, Any]) -> str:
    """Give a count as it may be shown; fewer than so many where it is too small."""
    return f"<{count['below']}" if count["value"] is None else str(count["value"])
