"""What all screens share: how a reader wants them, which there are, and the values that their frame is filled with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twin.places import Place
from twin.terms import MobilityGroup, Service
from viz import pages, texts, words
from viz.palette import THEMES
from viz.words import N_

SIZES = ("standard", "large")
MINUTES = (5, 10, 15, 20, 30)

# Every screen by its address, in the order of the bar; an address has one part, so that all others are relative to it.
SCREENS: Mapping[str, str] = {
    "/": N_("Operations room"),
    "/grid": N_("My grids"),
    "/plan": N_("Planning"),
    "/audit": N_("Step-free audit"),
    "/devices": N_("Devices and data"),
    "/notices": N_("Notices"),
    "/near": N_("Where can I go?"),
}


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


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a screen, and how."""

    wanted: Wanted
    static: str  # the folder of scripts and styles, relative to the page
    account: str | None = None  # the name signed in with; None where nobody need sign in
    screens: Collection[str] = field(default=("/",))  # the addresses in SCREENS that this reader may open


def render(template: str, place: Place, reader: Reader, screen: str, boot: Mapping[str, Any], **values: Any) -> str:
    """Fill a template that extends screen_frame.html.j2; boot: what the screen's modules begin with, beside words."""
    wanted = reader.wanted
    language = wanted.language
    title = (place.name_zh if language == "zh" else place.name) or place.name
    other = "en" if language == "zh" else "zh"
    return pages.render(
        template,
        language,
        html_lang=texts.HTML_LANGUAGES[language],
        other_lang=other,
        other_html_lang=texts.HTML_LANGUAGES[other],
        other_name=texts.OWN_NAMES[other],
        theme=wanted.theme,
        size=wanted.size,
        chosen=wanted,
        static=reader.static,
        account=reader.account,
        place_name=title,
        attribution=place.attribution,
        screens=[_entry(address, reader, screen) for address in SCREENS if address in reader.screens],
        screen_title=texts.translations(language).gettext(SCREENS[screen]),
        spoken=(spoken := words.spoken(texts.translations(language).gettext)),
        boot=pages.as_script_data(
            {
                "lang": language,
                "texts": texts.texts(language),
                "words": spoken,
                "place": {"title": title, "timezone": place.timezone, "bounds": place.bounds},
                **boot,
            }
        ),
        **values,
    )


def _entry(address: str, reader: Reader, screen: str) -> dict[str, Any]:
    """Give one entry of the bar: its address relative to the page, which keeps language, look and size."""
    wanted = reader.wanted
    query = f"?lang={wanted.language}&theme={wanted.theme}&size={wanted.size}"
    title = texts.translations(wanted.language).gettext(SCREENS[address])
    return {"href": f"{address[1:] or './'}{query}", "title": title, "is_current": address == screen}
