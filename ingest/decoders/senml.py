"""SenML packs in JSON or CBOR (RFC 8428), on any topic; which of the two, the first byte tells.

A resolved name is split at its last ':' or '/': before it the thing key, after it the property.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from io import BytesIO

import cbor2
import msgspec
from msgspec import UNSET, UnsetType

from ingest.decoders import WHOLE
from ingest.payload import BOOLEAN_UNIT, NAN, from_json, to_number
from ingest.quarantine import Reason, Unreadable, printable
from ingest.times import LAST_US, SECOND_US
from twin.terms import Reading

DESCRIBES_DEVICES = True
SPEAKER_LEVELS = WHOLE  # a pack names its devices, on whatever topic
RELATIVE_BELOW_S = 2**28  # RFC 8428 4.5.3: smaller times are relative to now
VERSION = 10  # RFC 8428 4.4: the highest we read
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*")  # RFC 8428 4.5.1
KEPT_CHARACTERS, NAMES_KEPT = 200, 20_000  # of names that are not cut anew: 4 MB at most
CBOR_ARRAY = range(0x80, 0xA0)  # first byte of an array in CBOR; in JSON it would be no text
# RFC 8428 6, table 4: the labels of CBOR.
LABELS = {-1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs"}
LABELS |= dict(enumerate(("n", "u", "v", "vs", "vb", "s", "t", "ut", "vd")))


class Base(msgspec.Struct):
    """The base fields in force; they hold from their record on until changed."""

    name: str = ""
    time_s: float = 0.0
    unit: str | None = None
    value: float = 0.0
    total: float = 0.0


class Record(msgspec.Struct):
    """The fields of one record; None: not there. A value that is there may be null, which measures nothing."""

    bn: str | None = None
    bt: float | None = None
    bu: str | None = None
    bv: float | None = None
    bs: float | None = None
    bver: int | None = None
    n: str = ""
    u: str | None = None
    v: float | UnsetType | None = UNSET
    vs: str | UnsetType | None = UNSET
    vb: bool | UnsetType | None = UNSET
    vd: str | UnsetType | None = UNSET
    s: float | None = None
    t: float = 0.0


PACK = msgspec.json.Decoder(list[Record])
RAW = msgspec.json.Decoder(list[dict[str, object]])
READ = PACK.decode  # hot: what it cannot read is read again, to say why
BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def decode(topic: str, payload: bytes, received_us: int) -> list[Reading]:  # noqa: ARG001 - every decoder has it
    """Resolve a pack into readings; records that state neither a value nor a sum hold none."""
    try:
        records = READ(payload)
    except BROKEN:
        records = _from_cbor(payload) if payload and payload[0] in CBOR_ARRAY else from_json(payload, PACK)
    if b'_"' in payload and payload[0] not in CBOR_ARRAY:
        _refuse_must_understand(from_json(payload, RAW))
    if len(records) == 1:
        alone = _alone(records[0], received_us)
        if alone is not None:
            return [alone]
    base = Base()
    readings: list[Reading] = []
    for record in records:
        _rebase(base, record)
        readings += _resolve(base, record, received_us)
    return readings


def _alone(record: Record, received_us: int) -> Reading | None:
    """Resolve a record that is alone and states one number, and nothing that would change it, as most do; else None."""
    value = record.v
    if not (isinstance(value, float) and record.bv is None is record.bver and record.s is None is record.bs):
        return None
    if record.vs is not UNSET:
        return None
    key, name = _named(record.n if record.bn is None else record.bn + record.n)
    time_us = _time_us(record.t if record.bt is None else record.bt + record.t, received_us)
    return Reading(key, name, time_us, 0.0 + value, record.bu if record.u is None else record.u)


def _from_cbor(payload: bytes) -> list[Record]:
    """Read a pack in CBOR; labels are numbers there, data is bytes, and numbers may be decimal fractions."""
    stream = BytesIO(payload)
    try:
        pack = cbor2.load(stream)
    except cbor2.CBORDecodeError as error:
        raise Unreadable(Reason.WRONG_SHAPE, f"not CBOR: {printable(str(error))}") from None
    if stream.tell() != len(payload):
        raise Unreadable(Reason.WRONG_SHAPE, "more than one pack of CBOR")
    if not isinstance(pack, list) or not all(isinstance(record, dict) for record in pack):
        raise Unreadable(Reason.WRONG_SHAPE, "not a SenML pack: an array of maps")
    named = [{_label(label): _plain(value) for label, value in record.items()} for record in pack]
    _refuse_must_understand(named)
    try:
        return msgspec.convert(named, list[Record])
    except msgspec.ValidationError as error:
        raise Unreadable(Reason.WRONG_SHAPE, f"not the structure of this format: {error}") from None


def _label(label: object) -> str:
    if isinstance(label, str):
        return label
    return LABELS.get(label, "") if isinstance(label, int) else ""  # others are extensions, and ignored


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return ""  # of vd only its presence counts
    return float(value) if isinstance(value, Decimal) else value


def _refuse_must_understand(records: list[dict[str, object]]) -> None:
    """Refuse fields that end in _ : RFC 8428 4.4 forbids to read a pack without understanding them."""
    strange = [name for record in records for name in record if name.endswith("_")]
    if strange:
        raise Unreadable(Reason.WRONG_SHAPE, f"a field that must be understood is not known: {printable(strange[0])}")


def _rebase(base: Base, record: Record) -> None:
    if record.bver is not None and record.bver > VERSION:
        raise Unreadable(Reason.WRONG_SHAPE, f"SenML version {record.bver}; at most {VERSION} is known")
    base.name = base.name if record.bn is None else record.bn
    base.time_s = base.time_s if record.bt is None else record.bt
    base.unit = base.unit if record.bu is None else record.bu
    base.value = base.value if record.bv is None else record.bv
    base.total = base.total if record.bs is None else record.bs


def _resolve(base: Base, record: Record, received_us: int) -> list[Reading]:
    """Give the readings of one record: its value, and its sum [unit × s] as the property's `_sum`."""
    value, unit = _value(base, record)
    if value is None and record.s is None:
        return []
    key, name = _named(base.name + record.n)
    time_us = _time_us(base.time_s + record.t, received_us)
    text = record.vs if isinstance(record.vs, str) else None
    found = [] if value is None else [Reading(key, name, time_us, value, unit, text)]
    if record.s is not None:
        seconds = None if unit is None else f"{unit}.s"
        found.append(Reading(key, f"{name}_sum", time_us, base.total + record.s, seconds))
    return found


def _value(base: Base, record: Record) -> tuple[float | None, str | None]:
    """Give value and unit; text, data and null are no numbers, and None means that the record states no value."""
    unit = base.unit if record.u is None else record.u
    if isinstance(record.v, float | int):
        return base.value + to_number(record.v), unit
    if isinstance(record.vb, bool):
        return float(record.vb), BOOLEAN_UNIT
    if record.v is record.vs is record.vb is record.vd is UNSET:
        return None, unit
    return NAN, unit


def _named(name: str) -> tuple[str, str]:
    """Give the thing key and the property of a name; the same names come again and again."""
    return _cut_again(name) if len(name) <= KEPT_CHARACTERS else _cut(name)


def _cut(name: str) -> tuple[str, str]:
    if not NAME.fullmatch(name):
        raise Unreadable(Reason.NO_DEVICE, f"not a SenML name: {printable(name)!r}")
    cut = max(name.rfind(":"), name.rfind("/"))
    if cut <= 0 or cut == len(name) - 1:
        raise Unreadable(Reason.NO_DEVICE, f"no device and property in the name: {printable(name)!r}")
    return name[:cut], name[cut + 1 :]


_cut_again = lru_cache(NAMES_KEPT)(_cut)


def _time_us(time_s: float, received_us: int) -> int:
    absolute_us = received_us + time_s * SECOND_US if time_s < RELATIVE_BELOW_S else time_s * SECOND_US
    if not -LAST_US < absolute_us < LAST_US:
        raise Unreadable(Reason.BAD_TIME, f"no calendar has this time: {time_s} s")
    return round(absolute_us)
