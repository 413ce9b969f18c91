"""Buildings whose residents are cut off now, and those a what-if would cut off, over everything but the signs."""

from __future__ import annotations

import pydeck as pdk
from pydeck.types import Function, String

from viz.palette import Palette, rgb

ORDER = 60


def layers(palette: Palette) -> list[pdk.Layer]:
    """Draw strong outlines: certain, possible and what-if differ by colour and by the mark the page sets on each."""
    colours = {"certain": rgb(palette.cut_off), "possible": rgb(palette.cut_off_possible), "what_if": rgb(palette.affected)}
    return [
        pdk.Layer(
            "GeoJsonLayer",
            id="highlights",
            source=String("highlights"),
            canvas=String("live"),
            pickable=True,
            get_fill_color=Function("highlight", colours=colours, alpha=120),
            get_line_color=Function("highlight", colours=colours, alpha=255),
            line_width_units=String("pixels"),
            get_line_width=2.5,
        )
    ]
