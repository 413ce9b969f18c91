"""The payload formats: one module each, found by its name in this folder.

A decoder module has `decode(topic, payload, received_us) -> list[Reading]`, which raises `Unreadable`; or, where it
works by a mapping file, `load(mapping) -> Decode`. A reading whose value is NaN stands for something that is no number.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

from twin.errors import Refused
from twin.terms import Reading

Decode = Callable[[str, bytes, int], list[Reading]]


def names() -> list[str]:
    """Name the formats there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(name: str, mapping: Path | None = None) -> Decode:
    """Give the decoder of a format. Raises Refused for a format that is not there, and for a bad mapping."""
    if name not in names():
        raise Refused(f"no decoder {name!r}; there are: {', '.join(names())}")
    module = importlib.import_module(f"{__name__}.{name}")
    load: Callable[[Path], Decode] | None = getattr(module, "load", None)
    if load is None:
        if mapping is not None:
            raise Refused(f"decoder {name!r} takes no mapping")
        decode: Decode = module.decode
        return decode
    if mapping is None:
        raise Refused(f"decoder {name!r} needs a mapping file")
    return load(mapping)
