"""Try again what was set aside, after a device was enrolled or a mapping mended: as if it came now, with its own time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from ingest import kept_mappings
from ingest.account import UNKNOWN
from ingest.health import brought
from ingest.mqtt import Message
from ingest.routing import Decoded, Routes, decode
from ingest.settings import IngestSettings
from ingest.settling import batch, said
from ingest.sifting import EPOCH, Register, Sifted, sift
from twin import account, health, observations, quarantine, texts
from twin.account import Tally
from twin.db import Connection
from twin.devices import register
from twin.errors import Refused
from twin.quarantine import Kept
from twin.reasons import Reason, printable
from twin.terms import Reading

__all__ = ["Retried", "retry"]

# One such refusal is of one reading; others of a device or property are of all its readings in the message.
BY_TIME = frozenset({Reason.OUT_OF_RANGE, Reason.TIME_FUTURE, Reason.TIME_PAST})


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of one row: readings by what they are now, and the repeats that cannot be tried again."""

    id: int
    stored: int
    duplicate: int
    refused: int
    left: int  # repeats without a time of their own: only the first one's payload and time of arrival are kept
    reason: str = ""  # why it is refused still


def retry(connection: Connection, settings: IngestSettings, row_id: int) -> Retried:
    """Put the kept payload of a row through the decoders, the gate and the tables, received when it first came.

    What is refused as a whole stays as it is. Repeats of a payload that states its time are duplicates; of one that
    does not, they stay counted. The account is moved, not added to: a retried message is no new one.

    Raises NotFound where there is no such row, and Refused where what it kept cannot be tried again.
    """
    row = quarantine.find(connection, row_id)
    _refuse_lost(row)
    routes = Routes(settings.subscriptions, kept_mappings.read(connection))
    (decoded,) = decode([_message(row)], routes)
    if decoded.trouble is not None:
        return Retried(row_id, 0, 0, row.count, 0, decoded.trouble.reason)
    mine = _of(row, decoded.readings)
    if not mine and not row.is_whole_message:
        raise Refused(f"{row_id}: the message no longer says {row.name} of {row.thing_key}")
    sifted = sift([replace(decoded, readings=mine)], Register(register(connection)), settings)
    if sifted.refusals and not sifted.values and not sifted.texts:
        return Retried(row_id, 0, 0, row.count, 0, sifted.refusals[0].reason)
    (later,) = decode([_message(row, later_us=1)], routes)
    return _settle(connection, row, sifted, len(mine), is_timed=_times(later) == _times(decoded))


def _refuse_lost(row: Kept) -> None:
    if row.retried_at is not None:
        raise Refused(f"{row.id}: what it kept was taken already; the times of the {row.count} repeats are not known")
    if row.payload_bytes > len(row.payload):
        raise Refused(f"{row.id}: only the first {len(row.payload)} of {row.payload_bytes} bytes are kept")
    if row.reason_code == Reason.BAD_TOPIC and not row.topic.isascii():
        raise Refused(f"{row.id}: its topic is kept as it can be shown, not as it was")


def _message(row: Kept, later_us: int = 0) -> Message:
    received_us = (row.first_seen - EPOCH) // timedelta(microseconds=1)
    return Message(row.topic, row.payload, 1, 0, False, received_us + later_us, 0)


def _times(decoded: Decoded) -> list[int]:
    return [reading.time_us for reading in decoded.readings]


def _of(row: Kept, readings: Sequence[Reading]) -> list[Reading]:
    """Give the readings of a message that a row is about."""
    if row.is_whole_message:
        return list(readings)
    return [
        one
        for one in readings
        if printable(one.thing_key) == row.thing_key
        and (row.reason_code == Reason.UNKNOWN_DEVICE or printable(one.property) == row.name)
        and (row.reason_code not in BY_TIME or EPOCH + timedelta(microseconds=one.time_us) == row.measured_at)
    ]


def _settle(connection: Connection, row: Kept, sifted: Sifted, readings: int, *, is_timed: bool) -> Retried:
    """Store what passes, set the rest aside anew, and move the account."""
    handled = min(1 if row.is_whole_message else readings, row.count)  # how many readings one message was counted as
    outcome = observations.record(connection, batch(sifted, row.first_seen))
    worded = texts.record(connection, said(sifted, row.first_seen))
    stored, duplicate = outcome.stored + worded.stored, outcome.duplicate + worded.duplicate
    refused, conflict = len(sifted.refusals), int(outcome.is_conflict.sum() + worded.is_conflict.sum())
    left = row.count - handled
    if is_timed and not refused:
        duplicate += left // handled * (len(sifted.values) + len(sifted.texts))
        left %= handled
    source, minute = row.format or UNKNOWN, row.first_seen.astimezone(UTC).replace(second=0, microsecond=0)
    account.withdraw(connection, source, row.count - left, first=row.first_seen, last=row.last_seen)
    if row.thing_key is not None and row.reason_code != Reason.UNKNOWN_DEVICE:  # that was nobody's
        health.withdraw(connection, row.thing_key, row.count - left, row.last_seen)
    health.add(connection, brought(sifted, outcome, worded))
    quarantine.release(connection, row.id, left=left, at=datetime.now(UTC))
    quarantine.fold(connection, sifted.refusals)
    account.add(connection, {(minute, source): Tally(0, stored, duplicate, refused, conflict)})
    return Retried(row.id, stored, duplicate, refused, left, sifted.refusals[0].reason if refused else "")
