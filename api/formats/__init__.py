"""What a table is written as, one file a format. Adding one touches no other file.

Each module names its SUFFIX and MEDIA_TYPE and has `write(table) -> bytes`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from twin.errors import Refused

__all__ = ["named", "suffixes"]


@cache
def _formats() -> dict[str, ModuleType]:
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    return {module.SUFFIX: module for module in modules if hasattr(module, "SUFFIX")}


def suffixes() -> tuple[str, ...]:
    """Give the suffixes of all formats."""
    return tuple(sorted(_formats()))


def named(suffix: str) -> ModuleType:
    """Give the format of a suffix. Raises Refused."""
    if suffix not in _formats():
        raise Refused(f"no such format; there are {', '.join(suffixes())}")
    return _formats()[suffix]
