"""The step-free audit's page: its template, what its modules begin with, its map, and its summary in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pydeck as pdk
from pydeck.types import Function, String

from twin.measurements import KINDS
from twin.places import Place
from twin.terms import Service
from viz import audit_words, screens, texts, words
from viz.palette import PALETTES, THEMES, rgb
from viz.scene import scene

__all__ = ["map_scene", "page", "summary"]

WIDTHS_M = {"break": 8, "mend": 13, "chosen": 17}
OVER = "names"  # the layer that the breaks lie under
LISTED = 3  # services that a summary names


def page(place: Place, reader: screens.Reader) -> str:
    """Write the page for one reader."""
    translate = texts.translations(reader.wanted.language).gettext
    scenes = {theme: map_scene(theme, place) for theme in THEMES}
    boot = {
        "scene": scenes[reader.wanted.theme],
        "scenes": scenes,
        "audit_words": audit_words.spoken(translate),
        "measurements": {
            name: {
                "element": kind.element,
                "units": kind.units,
                "words": kind.words,
                "edges": kind.edges,
                "unit": kind.unit,
            }
            for name, kind in KINDS.items()
        },
    }
    return screens.render(
        "audit.html.j2", place, reader, "/audit", boot, languages=sorted(texts.OWN_NAMES.items(), reverse=True)
    )


def map_scene(theme: str, place: Place) -> dict[str, Any]:
    """Give the map's spec with the breaks in it, under the names."""
    found = scene(theme, bounds=place.bounds)
    palette = PALETTES[theme]
    colours = {"break": rgb(palette.cut_off), "mend": rgb(palette.affected), "chosen": rgb(palette.accent)}
    layer = pdk.Layer(
        "GeoJsonLayer",
        id="breaks",
        source=String("breaks"),
        pickable=True,
        get_line_color=Function("colourByClass", colours=colours, otherwise=[0, 0, 0, 0]),
        get_line_width=Function("widthByClass", widths=WIDTHS_M, otherwise=0, more=0),
        line_width_units=String("meters"),
        line_width_min_pixels=4,
        line_width_max_pixels=16,
        line_cap_rounded=True,
    )
    spec = json.loads(pdk.Deck([layer], map_provider=None, map_style=None).to_json())["layers"][0]
    at = next((i for i, one in enumerate(found["layers"]) if one["id"] == OVER), len(found["layers"]))
    found["layers"].insert(at, spec)
    return found


def summary(place: Place, answer: Mapping[str, Any], language: str, services: tuple[Service, ...] = ()) -> list[str]:
    """Say the audit's answer in sentences: on the page, in the report, and read aloud; services: those asked for, else all."""

    def t(text: str, **values: object) -> str:
        return str(texts.translations(language).gettext(text)) % values

    spoken = words.spoken(texts.translations(language).gettext)["service"]
    told = [one for one in answer["services"] if not services or Service(one["service"]) in services]
    title = (place.name_zh if language == "zh" else place.name) or place.name
    said = [t("Step-free audit of %(place)s.", place=title)]
    said += [
        t(
            "%(service)s: %(free)s of %(all)s residents have a way without a break, %(within)s of them within %(minutes)s minutes.",
            service=spoken[one["service"]],
            free=_number(one["step_free"]),
            all=_number(one["residents"]),
            within=_number(one["step_free_within"]),
            minutes=round(one["limit_s"] / 60),
        )
        for one in sorted(told, key=lambda row: row["step_free"])[:LISTED]
    ]
    said.append(t("The ways break at %(n)s places.", n=_number(answer["broken"])))
    mends = answer["mends"]
    if mends["chosen"]:
        said.append(
            t(
                "Mending %(n)s of them gives %(people)s residents a service again, counted once for each service.",
                n=len(mends["chosen"]),
                people=_number(mends["people_services"]),
            )
        )
    missing = sum(one["not_measured"] for one in answer["elements"])
    said.append(
        t(
            "%(n)s elements on the ways are not measured: they are counted as passable, and kept apart.",
            n=_number(missing),
        )
    )
    return said


def _number(n: int) -> str:
    return f"{n:,}"
