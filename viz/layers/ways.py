"""Ways of the walking network to choose from; drawn only where a screen has put them in: the planner, to close one."""

from __future__ import annotations

import pydeck as pdk
from pydeck.types import Function, String

from viz.palette import Palette, rgb

ORDER = 45
WIDTHS_M = {"lift": 9, "escalator": 6, "steps": 4}


def layers(palette: Palette) -> list[pdk.Layer]:
    """Draw lines wide enough to hit, lifts widest."""
    return [
        pdk.Layer(
            "GeoJsonLayer",
            id="ways",
            source=String("ways"),
            pickable=True,
            get_line_color=Function(
                "colourByClass",
                colours={"lift": rgb(palette.accent), "steps": rgb(palette.unknown), "escalator": rgb(palette.accent)},
                otherwise=rgb(palette.control_line),
            ),
            get_line_width=Function("widthByClass", widths=WIDTHS_M, otherwise=2.5, more=0),
            line_width_units=String("meters"),
            line_width_min_pixels=2,
        )
    ]
