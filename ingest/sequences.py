"""Follow the numbers that senders give their messages, to know what never came.

LoRaWAN counts a device's uplinks (fCnt, 32 bits; anew after each join), Sparkplug B the messages of an edge node (seq,
0..255; anew with each birth). A network may lose an uplink on the air, a broker that is killed one it had acknowledged:
either way the number is missing, and that is all that tells. Sources: LoRaWAN 1.0.3, 4.3.1.5; Sparkplug 3.0.0, 6.4.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime

from ingest.mqtt import Message
from ingest.routing import Decoded
from twin import gaps
from twin.db import Connection
from twin.gaps import Step

__all__ = ["Sequences"]

LONGEST_GAP = 16_384  # LoRaWAN 1.0.2, MAX_FCNT_GAP: a device further ahead has begun anew
SPAN = 256  # seq runs 0..255
FRAMES = re.compile(rb'"f(?:Cnt|_cnt)"\s*:\s*(\d{1,10})')
EUI = re.compile(rb'"dev_eui"\s*:\s*"([0-9A-Fa-f]{16})"')
SEQ_FIELD, VARINT, FIXED64, COUNTED, FIXED32 = 3, 0, 1, 2, 5  # protobuf: our field, and the wire types
MORE = 0x80  # the bit that says that a varint goes on
SENDERS_KEPT = 1_000_000

# sender, number, and whether the count begins anew with it; None: no number
Numbered = tuple[str, int, bool] | None


class Sequences:
    """Where each sender has come to, by what is committed."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] | None = None

    def add(self, connection: Connection, decoded: Iterable[Decoded], at: datetime) -> dict[tuple[str, str], Step]:
        """Write down how far the senders of a batch have come, in the transaction that stores it, and give it."""
        numbered = [one for one in decoded if one.source in NUMBER_OF and not one.message.is_again]
        if not numbered:
            return {}
        if self._last is None:
            self._last = gaps.lasts(connection)
        steps: dict[tuple[str, str], Step] = {}
        for one in numbered:
            found = NUMBER_OF[one.source](one.message)
            if found is not None:
                sender = (one.source, found[0])
                _follow(steps, sender, self._last.get(sender), found[1], is_new=found[2])
        gaps.add(connection, steps, at)
        return steps

    def committed(self, steps: dict[tuple[str, str], Step]) -> None:
        """Go on from what is in the database now."""
        if self._last is not None and len(self._last) < SENDERS_KEPT:
            self._last |= {sender: step.last for sender, step in steps.items()}


def _follow(
    steps: dict[tuple[str, str], Step], sender: tuple[str, str], last: int | None, number: int, *, is_new: bool
) -> None:
    step = steps.get(sender)
    last = last if step is None else step.last
    if step is None:
        step = steps[sender] = Step(number if last is None else last)
    if last is None or is_new:
        step.last = number
        return
    ahead = (number - last) % SPAN if sender[0] == "sparkplug" else number - last
    if sender[0] == "sparkplug" and ahead > SPAN // 2:
        return  # an old one, that comes late
    if 0 < ahead <= LONGEST_GAP:
        step.lost += ahead - 1
        step.gaps += ahead > 1
    if ahead > 0 or number == 0:
        step.last = number


def _chirpstack(message: Message) -> Numbered:
    levels = message.topic.split("/")
    if len(levels) != len(("application", "ID", "device", "EUI", "event", "up")):
        return None
    if levels[-1] == "join":
        return levels[3].lower(), -1, True  # the next is 0
    return (levels[3].lower(), _frames(message), False) if levels[-1] == "up" else None


def _thethingsstack(message: Message) -> Numbered:
    eui = EUI.search(message.payload)
    if eui is None or not message.topic.endswith(("/up", "/join")):
        return None
    key = eui[1].decode().lower()
    return (key, -1, True) if message.topic.endswith("/join") else (key, _frames(message), False)


def _frames(message: Message) -> int:
    """Give the frame counter; both networks leave out a zero."""
    found = FRAMES.search(message.payload)
    return 0 if found is None else int(found[1])


def _sparkplug(message: Message) -> Numbered:
    levels = message.topic.split("/")
    if len(levels) not in (4, 5) or levels[2] not in ("NBIRTH", "DBIRTH", "DDEATH", "NDATA", "DDATA"):
        return None
    seq = _seq(message.payload)
    return None if seq is None else (f"{levels[1]}/{levels[3]}", seq, levels[2] == "NBIRTH")


def _seq(payload: bytes) -> int | None:
    """Find the seq among the outermost fields of a payload; None where there is none, or the bytes make no sense."""
    at = 0
    try:
        while at < len(payload):
            tag, at = _varint(payload, at)
            if tag & 7 == VARINT:
                number, at = _varint(payload, at)
                if tag >> 3 == SEQ_FIELD:
                    return number if number < SPAN else None
            elif tag & 7 == COUNTED:
                length, at = _varint(payload, at)
                at += length
            else:
                at += {FIXED64: 8, FIXED32: 4}[tag & 7]
    except LookupError:
        pass  # cut off, or no such message: what has no number is not missed
    return None


def _varint(payload: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = payload[at]
        number |= (byte & ~MORE) << shift
        at, shift = at + 1, shift + 7
        if not byte & MORE:
            return number, at


NUMBER_OF: dict[str, Callable[[Message], Numbered]] = {
    "chirpstack": _chirpstack,
    "thethingsstack": _thethingsstack,
    "sparkplug": _sparkplug,
}
