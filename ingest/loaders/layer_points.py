"""The bare coordinates of a user's file, whatever else is in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from ingest.loaders import features, positions, table_rows
from twin.errors import Refused

__all__ = ["Floats", "read"]

Floats = NDArray[np.float64]


def read(path: Path) -> tuple[Floats, Floats]:
    """Give x and y of every vertex of a layer, or of every row of a table with lon and lat, or x and y.

    Features and rows without usable coordinates are left out. Raises Refused where there are none at all.
    """
    at = _layer(path) if path.suffix.lower() in features.SUFFIXES else _table(path)
    if not len(at):
        raise Refused(f"{path}: no coordinates in it")
    return at[:, 0], at[:, 1]


def _layer(path: Path) -> Floats:
    shapes = [feature.shape for feature in features.read(path, "vertices").features if not feature.why]
    return np.asarray(shapely.get_coordinates(shapes), np.float64)


def _table(path: Path) -> Floats:
    found = []
    for _, fields in table_rows.read(path, needed=("lon", "lat"), optional=None).rows:
        try:
            found.append(positions.numbers(fields["lon"], fields["lat"]))
        except Refused:
            continue  # one broken row of many says nothing about the datum
    return np.array(found, np.float64).reshape(-1, 2)
