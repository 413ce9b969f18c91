"""Buildings whose residents are cut off now, and those a what-if would cut off, over everything but the signs."""

from __future__ import annotations

import pydeck as pdk
from pydeck.types import Function, String

from viz.palette import Palette, rgb

ORDER = 60


def layers(palette: Palette) -> list[pdk.Layer]:
    """Draw strong outlines: what is certain solid and filled, what is possible dashed and open, a what-if in dots."""
    colours = {
        "certain": rgb(palette.cut_off),
        "possible": rgb(palette.cut_off_possible),
        "what_if": rgb(palette.affected),
    }
    return [
        pdk.Layer(
            "GeoJsonLayer",
            id="highlights",
            source=String("highlights"),
            canvas=String("live"),
            pickable=True,
            get_fill_color=Function("highlight", colours=colours, alpha=120),
            get_line_color=Function("highlight", colours=colours, alpha=255),
            line_width_units=String("meters"),
            get_line_width=3,
            line_width_min_pixels=1,
            line_width_max_pixels=3,
            extensions=[{"@@type": "PathStyleExtension", "dash": True}],
            get_dash_array=Function("highlightDash", dashes={"certain": [0, 0], "possible": [3, 2], "what_if": [1, 1]}),
            dash_justified=True,
        )
    ]
