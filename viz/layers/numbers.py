"""The rows of a result by their numbers, as in the table beside the map; drawn only where a screen has some."""

from __future__ import annotations

import pydeck as pdk
from pydeck.types import Function, String

from viz.layers.names import FONT
from viz.palette import Palette, rgb

ORDER = 80


def layers(palette: Palette) -> list[pdk.Layer]:
    """Draw each number on a plate, over everything."""
    return [
        pdk.Layer(
            "TextLayer",
            id="numbers",
            source=String("numbers"),
            canvas=String("live"),
            get_position=Function("field", key="position"),
            get_text=Function("field", key="text"),
            get_size=15,
            get_color=rgb(palette.accent_ink),
            character_set=String("auto"),
            font_family=String(FONT),
            font_weight=700,
            background=True,
            get_background_color=rgb(palette.accent),
            get_border_color=rgb(palette.marker),
            get_border_width=1.5,
            background_padding=[6, 3],
            background_border_radius=9,
        )
    ]
