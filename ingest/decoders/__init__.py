"""The payload formats: one module each, found by its name in this folder.

A decoder module has one of these:

- `decode(topic, payload, received_us) -> list[Reading]`, for a format whose messages each stand alone;
- `load(mapping) -> Decode`, where a mapping file says how to read;
- `local(zone) -> Decode`, where devices state times without their zone;
- `start() -> Decode`, where messages are read by what the device said of itself before (births, descriptions,
  discovery): the decoder remembers, so one and the same must see all messages of its devices.

Most formats have the device in the topic. Where the payload names it, `SPEAKER_LEVELS` says how many levels of the topic
tell who speaks (WHOLE: all of it), so that a device is believed only from where it is registered.

A format whose messages say which devices there are, what they measure and in which unit has `DESCRIBES_DEVICES`: those
that are not enrolled are offered.

A decoder raises `Unreadable` and nothing else. A reading whose value is NaN stands for something that is no number.
A decoder that wants something published, such as a device's birth again, is `Asking`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from ingest.commands import Command
from twin.errors import Refused
from twin.terms import Reading

Decode = Callable[[str, bytes, int], list[Reading]]
WHOLE = -1  # levels of a topic: all that there are


@runtime_checkable
class Asking(Protocol):
    """A decoder that asks devices for something."""

    def take_commands(self) -> list[Command]:
        """Give what is to be published since the last call."""
        ...


def names() -> list[str]:
    """Name the formats there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def remembers(name: str) -> bool:
    """Tell whether a format is read by what its devices said before."""
    return hasattr(importlib.import_module(f"{__name__}.{name}"), "start")


@cache
def describes_devices(name: str) -> bool:
    """Tell whether the devices of a format describe themselves; of no format ("unknown"), they do not."""
    return name in names() and hasattr(importlib.import_module(f"{__name__}.{name}"), "DESCRIBES_DEVICES")


def speaker_levels(name: str, mapping: Path | None) -> int:
    """Say how many levels of a topic tell who speaks; 0 where the device is named by the topic and nothing else."""
    module = importlib.import_module(f"{__name__}.{name}")
    if mapping is not None:
        return WHOLE if module.is_named_in_payload(mapping) else 0
    return int(getattr(module, "SPEAKER_LEVELS", 0))


def find(name: str, mapping: Path | None = None, zone: str | None = None) -> Decode:
    """Give the decoder of a format. Raises Refused for a format that is not there, and for a bad mapping."""
    if name not in names():
        raise Refused(f"no decoder {name!r}; there are: {', '.join(names())}")
    module = importlib.import_module(f"{__name__}.{name}")
    load: Callable[[Path], Decode] | None = getattr(module, "load", None)
    local: Callable[[ZoneInfo | None], Decode] | None = getattr(module, "local", None)
    start: Callable[[], Decode] | None = getattr(module, "start", None)
    if mapping is not None and load is None:
        raise Refused(f"decoder {name!r} takes no mapping")
    if zone is not None and local is None:
        raise Refused(f"decoder {name!r} takes no zone")
    if load is not None:
        if mapping is None:
            raise Refused(f"decoder {name!r} needs a mapping file")
        return load(mapping)
    if local is not None:
        return local(None if zone is None else ZoneInfo(zone))
    decode: Decode = module.decode if start is None else start()
    return decode


def find_all(wanted: Iterable[tuple[str, Path | None, str | None]]) -> list[Decode]:
    """Give the decoder for each (name, mapping, zone); the same three share one, and with it what it remembers."""
    found: dict[tuple[str, Path | None, str | None], Decode] = {}
    return [found[three] if three in found else found.setdefault(three, find(*three)) for three in wanted]


def renamed(decode: Decode, names: Mapping[str, str]) -> Decode:
    """Give a decoder whose properties have the names of the register, where it calls them otherwise."""
    if not names:
        return decode

    def decode_and_rename(topic: str, payload: bytes, received_us: int) -> list[Reading]:
        readings = decode(topic, payload, received_us)
        return [replace(one, property=names.get(one.property, one.property)) for one in readings]

    return decode_and_rename
