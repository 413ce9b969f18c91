"""Sparkplug B, `spBv1.0/GROUP/TYPE/EDGE_NODE[/DEVICE]`, read by the births of edge nodes and devices.

The thing key is `GROUP/EDGE_NODE` or `GROUP/EDGE_NODE/DEVICE`, the property the metric's name; births and deaths become
the property `available`. Data messages may name a metric by its alias alone and leave out its datatype: both are as the
birth said. Births are not retained, so after a start, and after a gap in the sequence numbers, the edge node is asked
for a rebirth; data that cannot be read until then is `undescribed`, and can be read again after it.
Source: sparkplug.eclipse.org, specification 3.0.0, chapters 5, 6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from ingest.commands import Command
from ingest.payload import BOOLEAN_UNIT, NAN
from ingest.quarantine import Reason, Unreadable, printable
from ingest.times import from_epoch
from ingest.values import available
from twin.terms import Reading

DESCRIBES_DEVICES = True
SEQUENCE = 256  # seq runs 0..255
REBIRTH_EVERY_US = 60_000_000  # an edge node is not asked again before that
TYPES = frozenset({"NBIRTH", "NDEATH", "DBIRTH", "DDEATH", "NDATA", "DDATA", "NCMD", "DCMD"})
CONTROL = ("Node Control/", "Device Control/", "bdSeq")  # metrics that are about the session
UNIT_KEY = "engUnit"  # the property of a metric that Ignition and others put the unit in
QUALITY_KEY, QUALITY_GOOD = "Quality", 192  # 6.4.13; 0 is bad, 500 stale
INT_BITS = {1: 8, 2: 16, 3: 32, 4: 64}  # datatypes Int8..Int64: two's complement in an unsigned field
UNSIGNED = frozenset({5, 6, 7, 8})
FLOATS = frozenset({9, 10})
BOOLEAN = 11
WORDED = frozenset({12, 14, 15})  # String, Text, UUID

# The part of the payload definition that readings need (6.4): message -> (field, number, type, repeated).
# Text is declared as bytes, which is the same on the wire, so that what is no UTF-8 is ours to refuse.
FIELDS: dict[str, tuple[tuple[str, int, str, bool], ...]] = {
    "Payload": (
        *(("timestamp", 1, "uint64", False), ("metrics", 2, "Metric", True), ("seq", 3, "uint64", False)),
        ("uuid", 4, "bytes", False),
    ),
    "Metric": (
        *(("name", 1, "bytes", False), ("alias", 2, "uint64", False), ("timestamp", 3, "uint64", False)),
        *(("datatype", 4, "uint32", False), ("is_null", 7, "bool", False), ("properties", 9, "PropertySet", False)),
        *(("int_value", 10, "uint32", False), ("long_value", 11, "uint64", False)),
        *(("float_value", 12, "float", False), ("double_value", 13, "double", False)),
        *(("boolean_value", 14, "bool", False), ("string_value", 15, "bytes", False)),
    ),
    "PropertySet": (("keys", 1, "bytes", True), ("values", 2, "PropertyValue", True)),
    "PropertyValue": (("int_value", 3, "uint32", False), ("string_value", 8, "bytes", False)),
}


@dataclass(frozen=True, slots=True)
class Definition:
    """What a birth says of a metric."""

    name: str
    datatype: int
    unit: str | None


@dataclass(slots=True)
class Born:
    """The metrics of an edge node itself, or of one of its devices, as born."""

    by_name: dict[str, Definition] = field(default_factory=dict)
    by_alias: dict[int, Definition] = field(default_factory=dict)


@dataclass(slots=True)
class EdgeNode:
    """The session of an edge node: what was born in it ("" is the node itself), the last seq, and its bdSeq.

    `asked_us` is when it was last asked for a rebirth.
    """

    born: dict[str, Born] = field(default_factory=dict)
    seq: int | None = None
    bd_seq: int | None = None
    asked_us: int | None = None


@dataclass(slots=True)
class Sparkplug:
    """The edge nodes heard of, under (group, edge node), and the commands not yet taken."""

    nodes: dict[tuple[str, str], EdgeNode] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)

    def __call__(self, topic: str, payload: bytes, received_us: int) -> list[Reading]:
        """Read one message. Raises Unreadable with `undescribed` for data without a birth."""
        levels = topic.split("/")
        if levels[0] != "spBv1.0" or len(levels) not in (3, 4, 5):
            raise Unreadable(Reason.BAD_TOPIC, "not spBv1.0/GROUP/TYPE/EDGE_NODE[/DEVICE]")
        if levels[1] == "STATE" or levels[2].endswith("CMD"):
            return []  # of host applications
        of_device = levels[2].startswith("D")
        if levels[2] not in TYPES or len(levels) != (5 if of_device else 4) or not all(levels[1:]):
            raise Unreadable(Reason.BAD_TOPIC, f"no message of Sparkplug B: {printable('/'.join(levels[2:]))}")
        message = _parsed(payload)
        where, device = (levels[1], levels[3]), levels[4] if of_device else ""
        key = "/".join((*where, device)) if device else "/".join(where)
        if levels[2] == "NDEATH":
            return self._bury(where, message, received_us)
        node = self.nodes.setdefault(where, EdgeNode())
        self._follow(where, node, message, received_us, starts=levels[2] == "NBIRTH")
        if levels[2] == "DDEATH":
            node.born.pop(device, None)
            return [available(key, _time_us(message, received_us), is_available=False)]
        if levels[2] in ("NBIRTH", "DBIRTH"):
            return self._bear(where, device, message, received_us)
        return self._data(where, device, message, received_us)

    def take_commands(self) -> list[Command]:
        """Give the rebirth requests since the last call."""
        taken, self.commands = self.commands, []
        return taken

    def _follow(self, where: tuple[str, str], node: EdgeNode, message: Any, received_us: int, *, starts: bool) -> None:
        """Check the seq: the next after the last, or the last again where the broker delivered twice."""
        seq = int(message.seq) if message.HasField("seq") else None
        if seq is not None and seq >= SEQUENCE:
            raise Unreadable(Reason.WRONG_SHAPE, f"seq runs 0..255, not {seq}")
        expected = None if node.seq is None else (node.seq + 1) % SEQUENCE
        if not starts and seq is not None and expected is not None and seq not in (expected, node.seq):
            self._ask(where, node, received_us)
        node.seq = node.seq if seq is None else seq

    def _bear(self, where: tuple[str, str], device: str, message: Any, received_us: int) -> list[Reading]:
        node, born = self.nodes[where], _born(message)
        if not device:
            node.born.clear()  # a birth of the node ends those of its devices
            node.asked_us = None
            node.bd_seq = _bd_seq(message)
        elif "" not in node.born:
            self._ask(where, node, received_us)  # its devices are read, but the node's own metrics are not known
        node.born[device] = born
        key = "/".join((*where, device)) if device else "/".join(where)
        connected = available(key, _time_us(message, received_us), is_available=True)
        return [connected, *_readings(key, born, message, received_us)]

    def _data(self, where: tuple[str, str], device: str, message: Any, received_us: int) -> list[Reading]:
        node = self.nodes[where]
        key = "/".join((*where, device)) if device else "/".join(where)
        born = node.born.get(device)
        try:
            if born is None:
                raise Unreadable(Reason.UNDESCRIBED, f"no birth of {printable(key)} heard yet; a rebirth is asked for")
            return _readings(key, born, message, received_us)
        except Unreadable as unreadable:
            if unreadable.code is Reason.UNDESCRIBED:
                self._ask(where, node, received_us)
            raise

    def _bury(self, where: tuple[str, str], message: Any, received_us: int) -> list[Reading]:
        """End a session: the node and its devices are gone. A death of an earlier session (its bdSeq) says nothing."""
        node = self.nodes.get(where)
        if node is None:
            return [available("/".join(where), received_us, is_available=False)]
        if node.bd_seq is not None and _bd_seq(message) not in (None, node.bd_seq):
            return []
        del self.nodes[where]
        things = ["/".join(where), *("/".join((*where, device)) for device in node.born if device)]
        # the broker sends the will that was made at the connection: its timestamp is that of the connection
        return [available(thing, received_us, is_available=False) for thing in things]

    def _ask(self, where: tuple[str, str], node: EdgeNode, received_us: int) -> None:
        """Ask an edge node for its births again, at most once a minute until they come."""
        if node.asked_us is not None and received_us - node.asked_us < REBIRTH_EVERY_US:
            return
        node.asked_us = received_us
        self.commands.append(Command(f"spBv1.0/{where[0]}/NCMD/{where[1]}", _rebirth(received_us)))


def start() -> Sparkplug:
    """Make a decoder that has heard no birth yet."""
    return Sparkplug()


def _payload_class() -> Any:
    """Build the class of the payload from FIELDS; what it does not name is skipped in parsing."""
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug_b.proto", package="sparkplug", syntax="proto2")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for field_name, number, kind, is_repeated in fields:
            label = kinds.LABEL_REPEATED if is_repeated else kinds.LABEL_OPTIONAL
            made = message.field.add(name=field_name, number=number, label=label)
            if kind in FIELDS:
                made.type, made.type_name = kinds.TYPE_MESSAGE, f".sparkplug.{kind}"
            else:
                made.type = kinds.Type.Value(f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("sparkplug.Payload"))


Payload = _payload_class()


def _parsed(payload: bytes) -> Any:
    message: Any = Payload()
    try:
        message.ParseFromString(payload)
    except DecodeError:
        raise Unreadable(Reason.WRONG_SHAPE, "not a Sparkplug B payload (protobuf)") from None
    if message.uuid == b"SPBV1.0_COMPRESSED":
        raise Unreadable(Reason.WRONG_SHAPE, "compressed payloads are not read; switch compression off")
    return message


def _born(message: Any) -> Born:
    born = Born()
    for metric in message.metrics:
        definition = Definition(_text(metric.name), metric.datatype, _unit(metric))
        born.by_name[definition.name] = definition
        if metric.HasField("alias"):
            born.by_alias[metric.alias] = definition
    return born


def _readings(key: str, born: Born, message: Any, received_us: int) -> list[Reading]:
    """Read the metrics, each with its own time; is_historical needs no care, for the measured time decides."""
    sent_us = _time_us(message, received_us)
    found = []
    for metric in message.metrics:
        definition = _definition(born, metric)
        if definition.name.startswith(CONTROL):
            continue
        time_us = from_epoch(metric.timestamp, "epoch_ms") if metric.HasField("timestamp") else sent_us
        unit = BOOLEAN_UNIT if definition.datatype == BOOLEAN else _unit(metric) or definition.unit
        number, text = _number(definition.datatype, metric), _words(definition.datatype, metric)
        found.append(Reading(key, definition.name, time_us, number, unit, text))
    return found


def _definition(born: Born, metric: Any) -> Definition:
    definition = born.by_name.get(_text(metric.name)) if metric.name else born.by_alias.get(metric.alias)
    if definition is None:
        named = printable(_text(metric.name)) if metric.name else f"alias {metric.alias}"
        raise Unreadable(Reason.UNDESCRIBED, f"the metric {named} is not in the birth; a rebirth is asked for")
    return definition


def _number(datatype: int, metric: Any) -> float:
    """Give the number of a metric; NaN for null, bad or stale quality, text, structures, and a field left out."""
    if metric.is_null or _quality(metric) != QUALITY_GOOD:
        return NAN
    if datatype == BOOLEAN:
        return float(metric.boolean_value) if metric.HasField("boolean_value") else NAN
    if datatype in FLOATS:
        for name in ("float_value", "double_value"):
            if metric.HasField(name):
                stated = float(getattr(metric, name))
                return stated if math.isfinite(stated) else NAN
    if datatype in UNSIGNED or datatype in INT_BITS:
        for name in ("int_value", "long_value"):
            if metric.HasField(name):
                return float(_signed(getattr(metric, name), INT_BITS.get(datatype)))
    return NAN


def _words(datatype: int, metric: Any) -> str | None:
    """Give the text of a metric; None for null, bad or stale quality, and what is no text."""
    if (
        datatype not in WORDED
        or metric.is_null
        or _quality(metric) != QUALITY_GOOD
        or not metric.HasField("string_value")
    ):
        return None
    return _text(metric.string_value)


def _signed(stated: int, bits: int | None) -> int:
    """Undo the two's complement; some encoders fill only the type's own bits, others all of the field."""
    if bits is None:
        return stated
    low = stated & ((1 << bits) - 1)
    return low - (1 << bits) if low >> (bits - 1) else low


def _quality(metric: Any) -> int:
    return next((value.int_value for key, value in _properties(metric) if key == QUALITY_KEY.encode()), QUALITY_GOOD)


def _unit(metric: Any) -> str | None:
    stated = (value.string_value for key, value in _properties(metric) if key == UNIT_KEY.encode())
    return _text(next(stated, b"")) or None


def _properties(metric: Any) -> list[tuple[bytes, Any]]:
    properties = metric.properties
    return list(zip(properties.keys, properties.values, strict=False))


def _bd_seq(message: Any) -> int | None:
    """Give the number of the session that a birth or death of an edge node belongs to; None where it states none."""
    for metric in message.metrics:
        if metric.name == b"bdSeq":
            return int(metric.long_value if metric.HasField("long_value") else metric.int_value)
    return None


def _text(stated: bytes) -> str:
    try:
        return stated.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable(Reason.NOT_UTF8, "a name that is not UTF-8 text") from None


def _time_us(message: Any, received_us: int) -> int:
    return from_epoch(message.timestamp, "epoch_ms") if message.HasField("timestamp") else received_us


def _rebirth(now_us: int) -> bytes:
    """Write the command `Node Control/Rebirth` (6.4.18)."""
    now_ms = now_us // 1000
    message = Payload(timestamp=now_ms)
    message.metrics.add(name=b"Node Control/Rebirth", timestamp=now_ms, datatype=BOOLEAN, boolean_value=True)
    written: bytes = message.SerializeToString()
    return written
