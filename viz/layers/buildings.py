"""Buildings, lit by coverage where people live in them; the others stay dark. Many of them come as vector tiles."""

from __future__ import annotations

import pydeck as pdk
from pydeck.types import Function, String

from viz.palette import Palette, rgb

ORDER = 40
LIT = 235  # of 255
FIRST_ZOOM, LAST_ZOOM = (
    13,
    16,
)  # of tiles: below the first, grids alone are drawn; beyond the last, its tiles are enlarged


def layers(palette: Palette) -> list[pdk.Layer]:
    """Draw footprints with a hairline; the borders of grids lie on top of them."""
    look = {
        "pickable": True,
        "get_fill_color": Function(
            "covered", of="buildings", ramp=[rgb(c, LIT) for c in palette.ramp], otherwise=rgb(palette.building)
        ),
        "get_line_color": rgb(palette.building_line),
        "line_width_units": String("pixels"),
        "get_line_width": 0.6,
    }
    return [
        pdk.Layer("GeoJsonLayer", id="buildings", source=String("buildings"), **look),
        pdk.Layer(
            "MVTLayer",
            id="tiles",
            source=String("tiles"),
            binary=False,
            min_zoom=FIRST_ZOOM,
            max_zoom=LAST_ZOOM,
            **look,
        ),
        pdk.Layer(
            "GeoJsonLayer",
            id="grid-borders",
            source=String("grids"),
            filled=False,
            get_line_color=rgb(palette.boundary, 150),
            line_width_units=String("pixels"),
            get_line_width=1,
        ),
    ]
