"""The operations room's page: what its template and its modules need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twin.places import Place
from twin.terms import MobilityGroup, Service
from viz import pages, texts, words
from viz.palette import THEMES
from viz.scene import scene

SIZES = ("standard", "large")
MINUTES = (5, 10, 15, 20, 30)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a reader wants the page; `choose` makes one from whatever the address says."""

    language: str
    theme: str
    size: str
    service: Service
    group: MobilityGroup
    minutes: int

    @classmethod
    def choose(cls, asked: dict[str, str], accepted_languages: str) -> Wanted:
        """Take from the address what is known and the usual for the rest: a page never fails on a stale link."""
        return cls(
            language=_language(asked.get("lang", ""), accepted_languages),
            theme=_one_of(asked.get("theme", ""), THEMES),
            size=_one_of(asked.get("size", ""), SIZES),
            service=Service(_one_of(asked.get("service", ""), tuple(Service))),
            group=MobilityGroup(_one_of(asked.get("group", ""), (MobilityGroup.AGE_75_84, *MobilityGroup))),
            minutes=int(_one_of(asked.get("minutes", ""), ("10", *map(str, MINUTES)))),
        )


def _one_of(value: str, known: Sequence[str]) -> str:
    return value if value in known else known[0]


def _language(asked: str, accepted: str) -> str:
    """Give the language asked for, else the first that the browser accepts, else Chinese."""
    known = texts.languages()
    for candidate in (asked, *(part.split(";")[0].strip().split("-")[0].lower() for part in accepted.split(","))):
        if candidate in known:
            return candidate
    return "zh"


def page(place: Place, wanted: Wanted, *, static: str, simulated: bool) -> str:
    """Write the page for one reader; `static` is the folder of scripts and styles, relative to the page."""
    language = wanted.language
    spoken = words.spoken(texts.translations(language).gettext)
    title = (place.name_zh if language == "zh" else place.name) or place.name
    other = "en" if language == "zh" else "zh"
    return pages.render(
        "ops.html.j2",
        language,
        html_lang=texts.HTML_LANGUAGES[language],
        other_lang=other,
        other_html_lang=texts.HTML_LANGUAGES[other],
        other_name=texts.OWN_NAMES[other],
        theme=wanted.theme,
        size=wanted.size,
        place_name=title,
        attribution=place.attribution,
        simulated=simulated,
        static=static,
        services=spoken["service"].items(),
        groups=spoken["group"].items(),
        minutes=MINUTES,
        chosen=wanted,
        boot=pages.as_script_data(_boot(place, wanted, title, spoken)),
    )


def _boot(place: Place, wanted: Wanted, title: str, spoken: dict[str, dict[str, str]]) -> dict[str, object]:
    """Give what the page's modules begin with."""
    return {
        "lang": wanted.language,
        "texts": texts.texts(wanted.language),
        "words": spoken,
        "place": {"title": title, "timezone": place.timezone, "bounds": place.bounds},
        "scene": scene(wanted.theme, bounds=place.bounds),
    }
