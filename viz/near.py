"""The residents' page: large, plain, without a script; everything in words, the way also as a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from twin.addresses import Address
from twin.places import Place
from twin.terms import EdgeKind, MobilityGroup, State
from viz import pages, texts, words
from viz.screens import Wanted
from viz.words import N_

__all__ = ["Near"]

WALKERS = (
    MobilityGroup.ADULT,
    MobilityGroup.AGE_75_84,
    MobilityGroup.WHEELCHAIR,
    MobilityGroup.PUSHCHAIR,
    MobilityGroup.BLIND,
)
SIDE = 320.0  # of the drawing, in its own units
RIM = 20.0
ALONG: dict[EdgeKind, str] = {
    EdgeKind.PATH: N_("Walk %(metres)s m along the path"),
    EdgeKind.STREET: N_("Walk %(metres)s m along the street"),
    EdgeKind.CROSSING: N_("Cross the street"),
    EdgeKind.STEPS: N_("Take the steps, %(metres)s m"),
    EdgeKind.ESCALATOR: N_("Take the escalator"),
    EdgeKind.LIFT: N_("Take the lift"),
}
NAMED = N_("Walk %(metres)s m along %(name)s")
TURNS = {"left": N_("turn left"), "right": N_("turn right"), "back": N_("turn round")}


@dataclass(frozen=True, slots=True)
class Near:
    """The page for one reader."""

    place: Place
    wanted: Wanted
    static: str

    def searched(self, text: str, found: Sequence[Address]) -> str:
        """Show the form to find one's building, and what was found."""
        rows = [(one.label, self._address(building=one.building_id)) for one in found]
        return self._page("search", None, text=text, found=rows)

    def services(self, answer: Mapping[str, Any]) -> str:
        """Show the nearest place of every service."""
        key = answer["building"]["id"]
        rows = [row | {"href": self._address(building=key, service=row["service"])} for row in answer["services"]]
        return self._page("services", answer, rows=[self._row(row) for row in rows])

    def way(self, answer: Mapping[str, Any]) -> str:
        """Show the ways to the nearest places of one service."""
        ways = [
            self._ended(one) | {"steps": self._steps(one["steps"]), "drawing": drawing(one["line"])}
            for one in answer["ways"]
        ]
        return self._page(
            "way", answer, row=self._row(answer), ways=ways, back=self._address(building=answer["building"]["id"])
        )

    def _page(self, part: str, answer: Mapping[str, Any] | None, **values: Any) -> str:
        language = self.wanted.language
        other = "en" if language == "zh" else "zh"
        spoken = words.spoken(self._)
        keep = (
            {}
            if answer is None
            else {"building": answer["building"]["id"]}
            | ({"service": answer["service"]} if "service" in answer else {})
        )
        told = urlencode(keep | {"group": self.wanted.group, "lang": language})
        groups = [(spoken["group"][one], self._address(**keep, group=one), one == self.wanted.group) for one in WALKERS]
        return pages.render(
            f"near_{part}.html.j2",
            language,
            html_lang=texts.HTML_LANGUAGES[language],
            other_html_lang=texts.HTML_LANGUAGES[other],
            other_name=texts.OWN_NAMES[other],
            other=self._address(**keep, lang=other),
            larger=self._address(**keep, size="large" if self.wanted.size == "standard" else "standard"),
            wanted=self.wanted,
            static=self.static,
            place_name=(self.place.name_zh if language == "zh" else self.place.name) or self.place.name,
            attribution=self.place.attribution,
            groups=groups if answer else [],
            label=answer["building"]["label"] if answer else "",
            at=datetime.fromisoformat(answer["at"]).strftime("%H:%M") if answer else "",
            lift=answer["lift"] if answer else None,
            State=State,
            notices=[self._notice(one) for one in answer["notices"]] if answer else [],
            search=self._address(),
            sound=f"api/spoken/near/wav?{told}" if answer else "",
            **values,
        )

    def _(self, text: str) -> str:
        found: str = texts.translations(self.wanted.language).gettext(text)
        return found

    def _notice(self, one: Mapping[str, Any]) -> dict[str, str]:
        """Give a notice in the reader's language, else in the other, marked as such."""
        mine, other = ("text_zh", "text") if self.wanted.language == "zh" else ("text", "text_zh")
        if one[mine]:
            return {"text": one[mine], "lang": ""}
        return {"text": one[other], "lang": texts.HTML_LANGUAGES["zh" if other == "text_zh" else "en"]}

    def _address(self, **changed: Any) -> str:
        kept = {"lang": self.wanted.language, "group": self.wanted.group, "size": self.wanted.size}
        return f"?{urlencode(kept | changed)}"

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        spoken = words.spoken(self._)["service"]
        return {
            "title": spoken[row["service"]],
            "href": row.get("href"),
            "nearest": self._ended(row["nearest"]) if row["nearest"] else None,
            "usual": self._ended(row["usual"]) if row["usual"] else None,
            "hindrances": [{**one, "name": self._name(one)} for one in row["hindrances"]],
        }

    def _ended(self, end: Mapping[str, Any]) -> dict[str, Any]:
        return {**end, "name": self._name(end), "minutes": max(1, round(end["seconds"] / 60))}

    def _name(self, named: Mapping[str, Any]) -> str:
        return str((named["name_zh"] if self.wanted.language == "zh" else None) or named["name"])

    def _steps(self, steps: Sequence[Mapping[str, Any]]) -> list[str]:
        """Say each step in a sentence; the first begins at the door."""
        said = []
        for step in steps:
            is_named = step["kind"] in (EdgeKind.PATH, EdgeKind.STREET) and step["name"]
            sentence = NAMED if is_named else ALONG[EdgeKind(step["kind"])]
            walked = self._(sentence) % {"metres": step["metres"], "name": step["name"]}
            turn = TURNS.get(step["turn"])
            joined = self._("%(turn)s: %(walked)s") % {"turn": self._(turn), "walked": walked} if turn else walked
            said.append(joined[:1].upper() + joined[1:])
        return said


def drawing(line: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Draw a line of degrees into a square, north up: SVG's path, and where it starts and ends."""
    if not line:
        return {"path": "", "start": (SIDE / 2, SIDE / 2), "end": (SIDE / 2, SIDE / 2), "side": SIDE}
    wide = 0.72  # a degree of longitude against one of latitude, near enough for a sketch of some hundred metres
    xs, ys = [one[0] * wide for one in line], [one[1] for one in line]
    span = max(max(xs) - min(xs), max(ys) - min(ys)) or 1.0
    scale = (SIDE - 2 * RIM) / span
    left, low = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    points = [(SIDE / 2 + (x - left) * scale, SIDE / 2 - (y - low) * scale) for x, y in zip(xs, ys, strict=True)]
    path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return {"path": path, "start": points[0], "end": points[-1], "side": SIDE}
