"""Devices that announce themselves by Home Assistant's MQTT discovery, read by their retained configurations.

A configuration stands at `homeassistant/COMPONENT/[NODE/]OBJECT/config`, or `homeassistant/device/OBJECT/config` for
all components of a device; its state topics may be anywhere, and must be subscribed to with this decoder. The thing key
is NODE and the property OBJECT; without a NODE the thing key is OBJECT and the property the device class, or `state`;
of a device configuration the thing key is OBJECT and the property the component's id. Templates are not run: the value
is all of the message (`{{ value }}`), or what stands at a path in its JSON (`{{ value_json.a.b }}`). States have no time.
Source: home-assistant.io, MQTT integration.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ingest.payload import ANYTHING, BOOLEAN_UNIT, MISSING, NAN, follow, from_json, to_number
from ingest.quarantine import Reason, Unreadable, printable
from ingest.values import available, from_text, utf8
from twin.terms import Reading

DESCRIBES_DEVICES = True
CONFIG = re.compile(r"([^/]+)/([^/]+)/(?:([^/]+)/)?([^/]+)/config")
TEMPLATE = re.compile(r"\{\{\s*(value|value_json((?:\.[A-Za-z_]\w*|\[(?:'[^'\]]*'|\"[^\"\]]*\"|\d+)\])*))\s*\}\}")
STEP = re.compile(r"\.(\w+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]")
TABLES = Path(__file__).with_suffix(".toml")

OBJECT = msgspec.json.Decoder(dict[str, object])

Config = dict[str, object]
Steps = tuple[str | int, ...]


class Word(msgspec.Struct):
    """A word that a component's state may be, and the value it stands for; without keys the state is a number."""

    keys: tuple[str, ...] = ()
    default: str = ""
    value: float = 0.0


class Tables(msgspec.Struct):
    """The data beside this file."""

    abbreviations: dict[str, str]
    components: dict[str, tuple[Word, ...]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value stands in the messages of a topic; `steps` is None where it is all of the message."""

    topic: str
    steps: Steps | None


@dataclass(frozen=True, slots=True)
class Entity:
    """One value that a configuration announces; `words` is None where the state is a number."""

    thing_key: str
    property: str
    source: Source
    unit: str | None
    words: Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class Way:
    """One message that says whether a thing is connected, by one of two words."""

    source: Source
    gone: str
    there: str


@dataclass(frozen=True, slots=True)
class Availability:
    """All that says whether a thing is connected; `mode` is how several are taken together: all, any, latest."""

    thing_key: str
    ways: tuple[Way, ...]
    mode: str


@dataclass(slots=True)
class Discovery:
    """What the configurations make known.

    `known` is topic of a message -> topic of a configuration -> what to read there; `topics` leads back;
    `connected` is what each way said last.
    """

    tables: Tables
    known: dict[str, dict[str, list[Entity | Availability]]] = field(default_factory=dict)
    topics: dict[str, set[str]] = field(default_factory=dict)
    connected: dict[Way, bool] = field(default_factory=dict)

    def __call__(self, topic: str, payload: bytes, received_us: int) -> list[Reading]:
        """Read one message. Raises Unreadable with `undescribed` for a topic that no configuration speaks of."""
        parts = CONFIG.fullmatch(topic)
        if parts is not None:
            self._forget(topic)  # first, so that a configuration not understood is not read by its old one
            if payload:
                self._learn(topic, parts, payload)
            return []
        if topic.count("/") == 1 and topic.endswith("/status"):
            return []  # Home Assistant's own birth and will
        known = self.known.get(topic)
        if known is None:
            raise Unreadable(Reason.UNDESCRIBED, "no discovery configuration speaks of this topic")
        if not payload:
            return []
        found: dict[tuple[str, str], Reading] = {}
        for item in (item for items in known.values() for item in items):
            reading = _entity(item, payload, received_us) if isinstance(item, Entity) else None
            if isinstance(item, Availability):
                reading = self._availability(item, topic, payload, received_us)
            if reading is not None:  # configurations of one thing tell its availability each: once is enough
                found[reading.thing_key, reading.property] = reading
        return list(found.values())

    def _forget(self, config_topic: str) -> None:
        for topic in self.topics.pop(config_topic, ()):
            del self.known[topic][config_topic]
            if not self.known[topic]:
                del self.known[topic]

    def _learn(self, config_topic: str, parts: re.Match[str], payload: bytes) -> None:
        config = self._expanded(from_json(payload, OBJECT), base="")
        topics = set(_topics(config))
        key, entities = parts[3] or parts[4], []
        if parts[2] == "device":
            key = parts[4]
            for name, inner in _objects(config.pop("components", None)):
                whole = config | self._expanded(inner, base=_base(config))
                topics |= set(_topics(whole))
                entities += self._entities(key, name, str(whole.get("platform")), whole)
        else:
            name = parts[4] if parts[3] else str(config.get("device_class") or "state")
            entities += self._entities(key, name, parts[2], config)
        availability = _availability_of(key, config)
        self.topics[config_topic] = topics
        for topic in topics:
            here: list[Entity | Availability] = [entity for entity in entities if entity.source.topic == topic]
            if any(way.source.topic == topic for way in availability.ways):
                here.append(availability)
            self.known.setdefault(topic, {})[config_topic] = here

    def _expanded(self, config: Config, base: str) -> Config:
        """Write out the abbreviated keys, and `~`, the base topic, in all topics."""
        whole = {self.tables.abbreviations.get(key, key): value for key, value in config.items()}
        base = _base(whole) or base
        for key, value in whole.items():
            if key.endswith("topic"):
                whole[key] = _based(value, base)
        if isinstance(whole.get("availability"), list):
            whole["availability"] = [self._expanded(one, base) for _, one in _objects(whole["availability"])]
        return whole

    def _entities(self, key: str, name: str, component: str, config: Config) -> list[Entity]:
        """Give the value of a component; none where its kind is not read, or it has no state (or was removed)."""
        words = self.tables.components.get(component)
        topic = config.get("state_topic")
        if words is None or not isinstance(topic, str):
            return []
        meant = {_chosen(word, config): word.value for word in words if word.keys}
        unit = config.get("unit_of_measurement")
        stated = BOOLEAN_UNIT if meant else unit if isinstance(unit, str) else None
        return [Entity(key, name, _source(topic, config.get("value_template")), stated, meant or None)]

    def _availability(self, item: Availability, topic: str, payload: bytes, received_us: int) -> Reading | None:
        """Take the ways of a thing together by its mode; None while what was heard does not decide."""
        latest = None
        for way in item.ways:
            said = _word(_at(way.source, payload)) if way.source.topic == topic else ""
            if said in (way.gone, way.there):
                latest = self.connected[way] = said == way.there
        heard = [self.connected.get(way) for way in item.ways]
        if item.mode != "latest":
            decides = item.mode == "any"  # one that is there decides "any", one that is gone "all"
            latest = decides if decides in heard else None if None in heard else not decides
        return None if latest is None else available(item.thing_key, received_us, is_available=latest)


def start() -> Discovery:
    """Make a decoder that has heard no configuration yet; the broker's retained ones tell it."""
    return Discovery(msgspec.convert(tomllib.loads(TABLES.read_text(encoding="utf-8")), Tables))


def _entity(entity: Entity, payload: bytes, received_us: int) -> Reading | None:
    """Read a state; None where it is not in the message, for states may be partial."""
    value = _at(entity.source, payload)
    if value is MISSING:
        return None
    if entity.words is not None:
        number = entity.words.get(_word(value), NAN)
    else:
        number = from_text(value) if isinstance(value, str) else NAN if isinstance(value, bool) else to_number(value)
    text = value if isinstance(value, str) and entity.words is None else None
    return Reading(entity.thing_key, entity.property, received_us, number, entity.unit, text)


def _availability_of(key: str, config: Config) -> Availability:
    """Give the ways of a configuration: a list, or a topic with keys of its own."""
    listed = [one for _, one in _objects(config.get("availability"))]
    if "availability_topic" in config:
        alone = {"topic": config["availability_topic"], "value_template": config.get("availability_template")}
        listed.append(config | alone)
    ways = []
    for one in listed:
        topic = one.get("topic")
        if isinstance(topic, str):
            source = _source(topic, one.get("value_template"))
            gone, there = one.get("payload_not_available", "offline"), one.get("payload_available", "online")
            ways.append(Way(source, _word(gone), _word(there)))
    return Availability(key, tuple(ways), str(config.get("availability_mode") or "latest"))


def _source(topic: str, template: object) -> Source:
    """Read a template. Raises Unreadable for one that is more than a path: it is not run, and not guessed at."""
    if template is None:
        return Source(topic, None)
    parts = TEMPLATE.fullmatch(template.strip()) if isinstance(template, str) else None
    if parts is None:
        raise Unreadable(Reason.WRONG_SHAPE, f"a template that is no plain path: {printable(str(template))}")
    if parts[1] == "value":
        return Source(topic, None)
    steps = (
        int(index) if index else plain or single or double for plain, single, double, index in STEP.findall(parts[2])
    )
    return Source(topic, tuple(steps))


def _at(source: Source, payload: bytes) -> object:
    """Give what stands at the source's place in a message; MISSING where nothing does."""
    if source.steps is None:
        return utf8(payload)
    return follow(from_json(payload, ANYTHING), source.steps)


def _word(value: object) -> str:
    """Write a value as a template writes it, which is Python's way: True, 1, 21.5."""
    return value if isinstance(value, str) else str(value) if isinstance(value, bool | int | float) else ""


def _chosen(word: Word, config: Config) -> str:
    return next((_word(config[key]) for key in word.keys if key in config), word.default)


def _base(config: Config) -> str:
    base = config.get("~")
    return base if isinstance(base, str) else ""


def _based(topic: object, base: str) -> object:
    """Put the base topic in place of a `~` at the start or the end of a topic."""
    if not isinstance(topic, str) or not base:
        return topic
    if topic.startswith("~"):
        return base + topic[1:]
    return topic[:-1] + base if topic.endswith("~") else topic


def _topics(config: Config) -> Iterator[str]:
    """Name all topics of a configuration, those of commands too: what it speaks of is not unknown."""
    for key, value in config.items():
        if key.endswith("topic") and isinstance(value, str):
            yield value
    for _, way in _objects(config.get("availability")):
        if isinstance(way.get("topic"), str):
            yield str(way["topic"])


def _objects(value: object) -> list[tuple[str, Config]]:
    """Give the objects in an object under their names, or in an array; nothing of anything else."""
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(str(name), one) for name, one in named if isinstance(one, dict)]
