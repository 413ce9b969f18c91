"""Land and green, under everything."""

from __future__ import annotations

import pydeck as pdk
from pydeck.types import String

from viz.palette import Palette, rgb

ORDER = 10


def layers(palette: Palette) -> list[pdk.Layer]:
    """Draw land, then green."""
    fills = (("land", palette.land), ("green", palette.green))
    return [
        pdk.Layer("GeoJsonLayer", id=name, source=String(name), stroked=False, get_fill_color=rgb(colour))
        for name, colour in fills
    ]
