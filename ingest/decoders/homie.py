"""Homie 5 devices, `DOMAIN/5/DEVICE/NODE/PROPERTY`, read by their retained `$description`.

The thing key is the device id, the property `NODE/PROPERTY`. All values are text; the description gives datatype and
unit. `$state` becomes the property `available`: a root holds the connection of its children, so they are unavailable
while it is lost or disconnected. `$alert/ID` becomes `alert/ID`, 1 while the alert stands. Values carry no time.
Source: homieiot.github.io, Homie convention 5.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec

from ingest.payload import BOOLEAN_UNIT, NAN, from_json
from ingest.quarantine import Reason, Unreadable, printable
from ingest.values import available, from_text, utf8
from twin.terms import Reading

DESCRIBES_DEVICES = True
TOPIC = re.compile(r"([^/]+)/5/([^/]+)/(.+)", re.DOTALL)
PROPERTY_LEVELS = 2  # NODE, PROPERTY
# Whether a device in this state is connected; `init` says nothing yet.
CONNECTED = {"ready": True, "sleeping": True, "disconnected": False, "lost": False}
STATES = frozenset(CONNECTED) | {"init"}
WORDED = frozenset({"string", "enum", "color", "datetime", "duration", "json"})  # datatypes whose values are words
WORDS = {"true": 1.0, "false": 0.0}


class Property(msgspec.Struct):
    """What a property's values are."""

    datatype: str
    unit: str | None = None


class Node(msgspec.Struct):
    """A part of a device."""

    properties: dict[str, Property] = {}


class Description(msgspec.Struct):
    """What a device says of itself; `root` is None for a root."""

    homie: str
    nodes: dict[str, Node] = {}
    children: list[str] = []
    root: str | None = None


DESCRIPTION = msgspec.json.Decoder(Description)


@dataclass(slots=True)
class Device:
    """What is known of one device: each of its properties under `NODE/PROPERTY`, None before it described itself."""

    root: str | None = None
    properties: dict[str, Property] | None = None
    state: str = "init"


@dataclass(slots=True)
class Homie:
    """The devices heard of, under (domain, device id)."""

    devices: dict[tuple[str, str], Device] = field(default_factory=dict)

    def __call__(self, topic: str, payload: bytes, received_us: int) -> list[Reading]:
        """Read one message. Raises Unreadable with `undescribed` for a value that comes before the description."""
        parts = TOPIC.fullmatch(topic)
        if parts is None:
            raise Unreadable(Reason.BAD_TOPIC, "not DOMAIN/5/DEVICE/…")
        domain, name, what = parts.groups()
        if name == "$broadcast" or what.startswith("$log/"):
            return []
        if what == "$description":
            return self._describe(domain, name, payload)
        if what == "$state":
            return self._change_state(domain, name, payload, received_us)
        kind, slash, alert = what.partition("/")
        if kind == "$alert" and slash and "/" not in alert:
            # an empty message takes the alert back
            return [Reading(name, f"alert/{alert}", received_us, float(bool(payload)), BOOLEAN_UNIT)]
        levels = what.split("/")
        if len(levels) == PROPERTY_LEVELS + 1 and levels[2] in ("set", "$target"):
            return []  # what is wanted of the property, not what it is
        if len(levels) != PROPERTY_LEVELS or what.startswith("$"):
            raise Unreadable(Reason.BAD_TOPIC, f"no topic of Homie 5: {printable(what)}")
        return self._value(domain, name, what, payload, received_us)

    def _describe(self, domain: str, name: str, payload: bytes) -> list[Reading]:
        if not payload:  # the device was removed
            self.devices.pop((domain, name), None)
            return []
        said = from_json(payload, DESCRIPTION)
        device = self.devices.setdefault((domain, name), Device())
        device.root = said.root
        device.properties = {
            f"{node}/{name}": prop for node, inner in said.nodes.items() for name, prop in inner.properties.items()
        }
        return []

    def _change_state(self, domain: str, name: str, payload: bytes, received_us: int) -> list[Reading]:
        state = utf8(payload)
        if not state:
            return []
        if state not in STATES:
            raise Unreadable(Reason.WRONG_SHAPE, f"no state of Homie 5: {printable(state)}")
        self.devices.setdefault((domain, name), Device()).state = state
        below = [key for key, device in self.devices.items() if key[0] == domain and device.root == name]
        readings = []
        for key in ((domain, name), *below):
            connected = self._is_connected(key)
            if connected is not None:
                readings.append(available(key[1], received_us, is_available=connected))
        return readings

    def _is_connected(self, key: tuple[str, str]) -> bool | None:
        """Tell whether a device is connected; None while it says nothing of it."""
        device = self.devices[key]
        root = self.devices.get((key[0], device.root)) if device.root else None
        if root is not None and CONNECTED.get(root.state) is False:
            return False
        return CONNECTED.get(device.state)

    def _value(self, domain: str, name: str, what: str, payload: bytes, received_us: int) -> list[Reading]:
        device = self.devices.get((domain, name))
        if device is None or device.properties is None:
            raise Unreadable(Reason.UNDESCRIBED, f"the device {printable(name)} has not described itself yet")
        described = device.properties.get(what)
        if described is None:
            raise Unreadable(Reason.UNDESCRIBED, f"{printable(what)} is not in the device's description")
        if not payload:  # the retained value was cleared
            return []
        text = utf8(payload)
        number = _number(described.datatype, text)
        unit = BOOLEAN_UNIT if described.datatype == "boolean" else described.unit
        return [Reading(name, what, received_us, number, unit or None, text if described.datatype in WORDED else None)]


def start() -> Homie:
    """Make a decoder that knows no device yet; the broker's retained descriptions tell it."""
    return Homie()


def _number(datatype: str, text: str) -> float:
    """Give the number of a value by its datatype; NaN for text, enumerations, colours and times."""
    if datatype == "boolean":
        return WORDS.get(text, NAN)
    return from_text(text) if datatype in ("integer", "float") else NAN
