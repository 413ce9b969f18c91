"""Grids tinted by the share of residents covered; their borders are drawn over the streets."""

from __future__ import annotations

import pydeck as pdk
from pydeck.types import Function, String

from viz.palette import Palette, rgb

ORDER = 20
TINT = 92  # of 255: the streets must show through


def layers(palette: Palette) -> list[pdk.Layer]:
    """Draw the tint only."""
    return [
        pdk.Layer(
            "GeoJsonLayer",
            id="grids",
            source=String("grids"),
            stroked=False,
            pickable=True,
            get_fill_color=Function(
                "covered", of="grids", ramp=[rgb(c, TINT) for c in palette.ramp], otherwise=rgb(palette.land, 0)
            ),
        )
    ]
