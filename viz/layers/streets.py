"""Streets and rails: quiet, the main ones a little lighter."""

from __future__ import annotations

import pydeck as pdk
from pydeck.types import Function, String

from viz.palette import Palette, rgb

ORDER = 30

# Drawn width [m] by OpenStreetMap highway value: broad enough to read as a street, not surveyed.
WIDTHS_M = {
    "motorway": 14,
    "trunk": 13,
    "primary": 12,
    "secondary": 11,
    "tertiary": 9,
    "residential": 7,
    "unclassified": 7,
    "living_street": 6,
    "pedestrian": 6,
    "service": 4,
}
PATH_M = 1.6
MAIN = ("motorway", "trunk", "primary", "secondary")
CASING_M = 2.0


def layers(palette: Palette) -> list[pdk.Layer]:
    """Draw rails, then casings, then streets by class."""
    line = {"line_width_units": String("meters"), "line_cap_rounded": True, "line_joint_rounded": True}
    main = {name: rgb(palette.street_main) for name in MAIN}
    colours = {name: rgb(palette.street) for name in WIDTHS_M} | main
    return [
        pdk.Layer(
            "GeoJsonLayer",
            id="rail",
            source=String("rail"),
            get_line_color=rgb(palette.rail),
            get_line_width=1.5,
            **line,
        ),
        pdk.Layer(
            "GeoJsonLayer",
            id="street-casing",
            source=String("street"),
            get_line_color=rgb(palette.street_casing),
            get_line_width=Function("widthByClass", widths=WIDTHS_M, otherwise=0, more=CASING_M),
            **line,
        ),
        pdk.Layer(
            "GeoJsonLayer",
            id="street",
            source=String("street"),
            get_line_color=Function("colourByClass", colours=colours, otherwise=rgb(palette.path)),
            get_line_width=Function("widthByClass", widths=WIDTHS_M, otherwise=PATH_M, more=0),
            line_width_min_pixels=0.6,
            **line,
        ),
    ]
