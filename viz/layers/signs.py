"""Facilities and devices as signs: the shape says the state, the glyph the kind; colour only repeats it."""

from __future__ import annotations

import pydeck as pdk
from pydeck.types import Function, String

from viz.palette import Palette

ORDER = 70


def layers(palette: Palette) -> list[pdk.Layer]:
    """Draw facilities below devices; the page paints the atlas from the same outlines as the lists' glyphs."""
    del palette  # the atlas is painted with the page's own custom properties
    return [
        pdk.Layer(
            "IconLayer",
            id=name,
            source=String(name),
            canvas=String("live"),
            pickable=True,
            get_position=Function("field", key="position"),
            get_icon=Function("field", key="icon"),
            get_size=Function("field", key="size"),
            size_units=String("pixels"),
        )
        for name in ("facilities", "things")
    ]
