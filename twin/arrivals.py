"""Observations that a client posts: through the same gate and into the same tables as a device's messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from twin import account, gate, observations, quarantine, texts
from twin.account import Tally
from twin.devices import WELFARE, Slot
from twin.errors import Refused
from twin.observations import Batch
from twin.quarantine import Refusal
from twin.tables import ObservationDetail
from twin.terms import Reading
from twin.texts import Texts

__all__ = ["Arrival", "Became", "Detail", "Verdict", "arrive"]

SOURCE = "sensorthings"  # in the account and in the quarantine, as a decoder's name is
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Detail:
    """What a client says of an observation beyond time and value; None: nothing."""

    phenomenon_start: datetime | None = None
    result_time: datetime | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    quality: Any = None
    parameters: Any = None
    feature_id: int | None = None


NOTHING = Detail()


@dataclass(frozen=True, slots=True)
class Arrival:
    """One posted observation; `value` is NaN where the result is no number, `payload` is kept where it is refused.

    `text` is a result that is text: what a category or a text takes.
    """

    datastream_id: int
    time_us: int
    value: float
    payload: bytes
    detail: Detail = NOTHING
    text: str | None = None


class Became(StrEnum):
    """What became of an observation."""

    STORED = "stored"
    DUPLICATE = "duplicate"  # one of this datastream and time is there, with this value
    CONFLICT = "conflict"  # one is there with another value, which stays
    REFUSED = "refused"  # set aside in the quarantine


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an observation, and why it was refused."""

    became: Became
    reason: str = ""


def arrive(connection: Connection, arrivals: Sequence[Arrival], received_at: datetime) -> list[Verdict]:
    """Store what passes the gate, set aside the rest, and count both; one verdict for each, in their order.

    Raises Refused where a datastream is not there: then nothing is stored.
    """
    slots = _slots(connection, {one.datastream_id for one in arrivals})
    received_us = (received_at - EPOCH) // timedelta(microseconds=1)
    readings = [Reading(*slots[one.datastream_id][:2], one.time_us, one.value, text=one.text) for one in arrivals]
    fits = [
        _fit(reading, slots[one.datastream_id][2], received_us) for one, reading in zip(arrivals, readings, strict=True)
    ]
    numbers = {position: fit for position, fit in enumerate(fits) if isinstance(fit, float)}
    verdicts = _record(connection, arrivals, numbers, received_at)
    verdicts |= _record_texts(
        connection, arrivals, {at: fit for at, fit in enumerate(fits) if isinstance(fit, str)}, received_at
    )
    refusals = []
    for position in sorted(set(range(len(arrivals))) - verdicts.keys()):
        one = arrivals[position]
        slot = slots[one.datastream_id][2]
        code, reason = (gate.why if slot.codes is None else gate.why_not_word)(readings[position], slot, received_us)
        verdicts[position] = Verdict(Became.REFUSED, reason)
        refusals.append(_refusal(one, code.value, reason, received_at))
    quarantine.fold(connection, refusals)
    _count(connection, list(verdicts.values()), received_at)
    return [verdicts[position] for position in range(len(arrivals))]


def _fit(reading: Reading, slot: Slot, received_us: int) -> float | str | None:
    """Give the number, code or text that may be stored; None where none may."""
    if slot.codes is None:
        return gate.fit(reading, slot, received_us)
    found = gate.worded(reading, slot, received_us)
    return float(found) if isinstance(found, int) else found


def _slots(connection: Connection, datastream_ids: set[int]) -> dict[int, tuple[str, str, Slot]]:
    rows = connection.execute(
        sa.text("""
        SELECT t.key, d.property, d.id, d.lowest, d.highest, d.unit,
               CASE d.result WHEN 'text' THEN '{}'
                    WHEN 'category' THEN (SELECT jsonb_object_agg(word, code) FROM category WHERE datastream_id = d.id) END
          FROM datastream d JOIN thing t ON t.id = d.thing_id
         WHERE d.id = ANY(CAST(:ids AS integer[])) AND NOT t.kind = ANY(:hidden)
        """),
        {"ids": list(datastream_ids), "hidden": sorted(WELFARE)},
    )
    slots = {slot[0]: (key, name, Slot(*slot)._replace(codes=codes)) for key, name, *slot, codes in rows}
    missing = datastream_ids - slots.keys()
    if missing:
        raise Refused(f"nothing in Datastreams has the id {min(missing)}")
    return slots


def _record(
    connection: Connection, arrivals: Sequence[Arrival], numbers: dict[int, float], received_at: datetime
) -> dict[int, Verdict]:
    """Store these numbers by the positions of their arrivals, and say of those that were there whether they said the same."""
    passed = list(numbers)
    batch = Batch(
        np.array([arrivals[position].datastream_id for position in passed], dtype=np.int32),
        np.array([arrivals[position].time_us for position in passed], dtype=np.int64),
        np.array(list(numbers.values()), dtype=np.float64),
        received_at,
    )
    is_stored = observations.record(connection, batch).is_stored
    stored = [position for position, new in zip(passed, is_stored, strict=True) if new]
    _keep_details(connection, [arrivals[position] for position in stored])
    verdicts = {position: Verdict(Became.STORED) for position in stored}
    others = [position for position in passed if position not in verdicts]
    known = _values(connection, [arrivals[position] for position in others])
    for position in others:
        one = arrivals[position]
        is_same = known.get((one.datastream_id, one.time_us)) == numbers[position]
        verdicts[position] = Verdict(Became.DUPLICATE if is_same else Became.CONFLICT)
    return verdicts


def _record_texts(
    connection: Connection, arrivals: Sequence[Arrival], said: dict[int, str], received_at: datetime
) -> dict[int, Verdict]:
    """Store these texts by the positions of their arrivals."""
    ids, times = [arrivals[position].datastream_id for position in said], [arrivals[at].time_us for at in said]
    outcome = texts.record(connection, Texts(ids, times, list(said.values()), received_at))
    became = [
        Became.STORED if stored else Became.CONFLICT if conflict else Became.DUPLICATE
        for stored, conflict in zip(outcome.is_stored.tolist(), outcome.is_conflict.tolist(), strict=True)
    ]
    _keep_details(connection, [arrivals[at] for at, one in zip(said, became, strict=True) if one is Became.STORED])
    return {position: Verdict(one) for position, one in zip(said, became, strict=True)}


def _values(connection: Connection, arrivals: Sequence[Arrival]) -> dict[tuple[int, int], float]:
    if not arrivals:
        return {}
    rows = connection.execute(
        sa.text("""
        SELECT o.datastream_id, us, o.value
          FROM unnest(CAST(:ids AS integer[]), CAST(:times AS bigint[])) AS n(id, us)
          JOIN observation o ON o.datastream_id = id AND o.time = timestamptz 'epoch' + us * interval '1 microsecond'
        """),
        {"ids": [one.datastream_id for one in arrivals], "times": [one.time_us for one in arrivals]},
    )
    return {(datastream_id, us): value for datastream_id, us, value in rows}


def _keep_details(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    rows = [
        {
            "datastream_id": one.datastream_id,
            "time": EPOCH + timedelta(microseconds=one.time_us),
            "phenomenon_start": one.detail.phenomenon_start,
            "result_time": one.detail.result_time,
            "valid_from": one.detail.valid_from,
            "valid_to": one.detail.valid_to,
            "quality": one.detail.quality,
            "parameters": one.detail.parameters,
            "feature_id": one.detail.feature_id,
        }
        for one in arrivals
        if one.detail != NOTHING
    ]
    if rows:
        connection.execute(sa.insert(ObservationDetail), rows)


def _refusal(one: Arrival, code: str, reason: str, received_at: datetime) -> Refusal:
    topic = f"Datastreams({one.datastream_id})/Observations"
    try:
        measured_at = EPOCH + timedelta(microseconds=one.time_us)
    except OverflowError:
        measured_at = None
    return Refusal(topic, SOURCE, code, reason, one.payload, received_at, measured_at)


def _count(connection: Connection, verdicts: Sequence[Verdict], received_at: datetime) -> None:
    became = [verdict.became for verdict in verdicts]
    tally = Tally(
        messages=1,
        stored=became.count(Became.STORED),
        duplicate=became.count(Became.DUPLICATE) + became.count(Became.CONFLICT),
        quarantined=became.count(Became.REFUSED),
        conflict=became.count(Became.CONFLICT),
    )
    account.add(connection, {(received_at.replace(second=0, microsecond=0), SOURCE): tally})
