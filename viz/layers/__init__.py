"""The map's layers, one file each: ORDER says where it lies, `layers` what pydeck draws. Adding one touches no other file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Protocol, cast

import pydeck as pdk

from viz.palette import Palette


class LayerFile(Protocol):
    """What each file of this folder holds."""

    ORDER: int
    layers: Callable[[Palette], list[pdk.Layer]]


def found() -> list[LayerFile]:
    """Give the files of this folder from the lowest layer to the topmost."""
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    return sorted((cast("LayerFile", module) for module in modules), key=lambda module: module.ORDER)
