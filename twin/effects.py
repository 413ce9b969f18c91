"""Judge readings: which element they close or open, and when silence makes a state unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Connection

from twin import changes
from twin.devices import DEADLINE, SILENT_INTERVALS
from twin.terms import ElementKind, State

__all__ = ["ElementState", "ElementStates", "Rule", "apply", "element_states", "expire", "judge", "next_expiry"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ElementState:
    """What one effect says of its element; `mobility_groups` None: for everybody."""

    element_kind: ElementKind
    element_id: int
    mobility_groups: tuple[str, ...] | None
    state: State
    since: datetime
    effect_id: int
    slow_factor: float | None = None  # how much slower, where it is slower; both None: an escalator is walked as steps
    slow_s: float | None = None


ElementStates = list[ElementState]


@dataclass(frozen=True, slots=True)
class Rule:
    """The limits of one effect, in the unit of its datastream; None: no such limit."""

    closes_above: float | None = None
    closes_below: float | None = None
    opens_below: float | None = None
    opens_above: float | None = None
    slows_above: float | None = None
    slows_below: float | None = None
    hold_s: int = 0  # past a limit for so long, by measured time, before the state changes
    lock_s: int = 0  # closed for at least so long; a lock never delays a closing

    def closes(self, value: float) -> bool:
        """Tell whether a reading is past a closing limit."""
        above = self.closes_above is not None and value > self.closes_above
        below = self.closes_below is not None and value < self.closes_below
        return above or below

    def opens(self, value: float) -> bool:
        """Tell whether a reading opens what is closed: past the opening limit, or back at the closing one if none."""
        if self.closes_above is not None and self.opens_below is not None and value >= self.opens_below:
            return False
        if self.closes_below is not None and self.opens_above is not None and value <= self.opens_above:
            return False
        return not self.closes(value)

    def slows(self, value: float) -> bool:
        """Tell whether a reading is past a slowing limit."""
        above = self.slows_above is not None and value > self.slows_above
        below = self.slows_below is not None and value < self.slows_below
        return above or below

    def after(self, state: State, value: float) -> State:
        """Give the state after a reading; between opening and closing limit it stays what it was (hysteresis).

        `state` is the last that was known: unknown only where there never was one.
        """
        if self.closes(value):
            return State.CLOSED
        if state is State.CLOSED and not self.opens(value):
            return State.CLOSED
        return State.SLOWER if self.slows(value) else State.OPEN


@dataclass(slots=True)
class Judged:
    """One effect with its state while readings are judged; `known` is its last state that was not unknown."""

    effect_id: int
    datastream_id: int
    rule: Rule
    state: State
    known: State
    since: datetime
    reading_time: datetime | None
    past_since: datetime | None
    interval_s: int | None = None  # None: silence is not asked after
    max_closed_s: int | None = None

    @property
    def deadline(self) -> datetime | None:
        """When silence makes the state unknown; None: never, or it is unknown already. The same as DEADLINE in SQL."""
        if self.reading_time is None or self.interval_s is None or self.state is State.UNKNOWN:
            return None
        lasts_s = SILENT_INTERVALS * self.interval_s
        if self.state is State.CLOSED and self.max_closed_s is not None:
            lasts_s = min(lasts_s, self.max_closed_s)
        return self.reading_time + timedelta(seconds=lasts_s)

    def fall_silent(self) -> None:
        """Become unknown since the deadline."""
        self.since, self.state, self.past_since = self.deadline or self.since, State.UNKNOWN, None

    def judge(self, moment: datetime, value: float) -> bool:
        """Take a reading newer than all before; tell whether the state changed.

        Hold and lock only delay a change between open, slower and closed: what is unknown is known by its next reading, and so
        is the first one judged after a correction.
        """
        found = self.rule.after(self.known, value)
        is_settled = self.state is not State.UNKNOWN and self.reading_time is not None
        self.reading_time = moment
        if found is self.state:
            self.past_since = None
            return False
        self.past_since = self.past_since if is_settled and self.past_since else moment
        if is_settled and not self._may_change(moment):
            return False
        self.state = self.known = found
        self.since, self.past_since = moment, None
        return True

    def _may_change(self, moment: datetime) -> bool:
        """Tell whether the limit has been passed for as long as it takes, and what has closed may open again."""
        held = moment - (self.past_since or moment) >= timedelta(seconds=self.rule.hold_s)
        is_locked = self.state is State.CLOSED and moment - self.since < timedelta(seconds=self.rule.lock_s)
        return held and not is_locked


# The row lock makes two workers that judge the same effect wait for each other, in one order.
LOAD = sa.text("""
SELECT e.id, e.datastream_id, e.closes_above, e.closes_below, e.opens_below, e.opens_above,
       e.slows_above, e.slows_below, e.hold_s, e.lock_s, s.state,
       CASE WHEN s.state <> 'unknown' THEN s.state
            ELSE coalesce((SELECT h.state FROM effect_history h WHERE h.effect_id = e.id AND h.state <> 'unknown'
                            ORDER BY h.since DESC, h.written_at DESC LIMIT 1), 'unknown') END AS known,
       s.since, s.reading_time, s.past_since, t.interval_s, e.max_closed_s
  FROM effect e JOIN effect_state s ON s.effect_id = e.id
  JOIN datastream d ON d.id = e.datastream_id JOIN thing t ON t.id = d.thing_id
 WHERE e.datastream_id = ANY(CAST(:ids AS integer[])) ORDER BY e.id FOR UPDATE OF s
""")
STORE = sa.text("""
UPDATE effect_state s SET state = n.state, since = n.since, reading_time = n.reading_time, past_since = n.past
  FROM unnest(CAST(:ids AS integer[]), CAST(:states AS text[]), CAST(:since AS timestamptz[]),
              CAST(:times AS timestamptz[]), CAST(:past AS timestamptz[])) AS n(effect_id, state, since, reading_time, past)
 WHERE s.effect_id = n.effect_id
""")
REMEMBER = sa.text("""
INSERT INTO effect_history (effect_id, state, since)
SELECT * FROM unnest(CAST(:ids AS integer[]), CAST(:states AS text[]), CAST(:since AS timestamptz[]))
""")


def apply(connection: Connection, datastream_ids: Sequence[int]) -> list[int]:
    """Judge the latest readings of these datastreams, as after enrolling effects; give the effects that changed."""
    rows = connection.execute(
        sa.text("""
        SELECT datastream_id, (extract(epoch FROM least(time, received_at)) * 1000000)::bigint, value FROM latest
         WHERE datastream_id = ANY(CAST(:ids AS integer[]))
        """),
        {"ids": list(datastream_ids)},
    ).all()
    return judge(
        connection,
        np.array([row[0] for row in rows], dtype=np.int32),
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.float64),
    )


def judge(
    connection: Connection,
    datastream_id: NDArray[np.int32],
    time_us: NDArray[np.int64],
    value: NDArray[np.float64],
) -> list[int]:
    """Judge readings, sorted by datastream and time, and give the ids of the effects whose state changed.

    `time_us` is when they were measured, or received where a device's clock is ahead: none is from the future.

    Every reading newer than the last one judged counts, not only the newest: a level that rose and half fell within
    one batch has closed its edge. Older ones never change a state. The changes are announced, and each passage is
    in the history with the measured time as its beginning.
    """
    if not len(datastream_id):
        return []
    passages: list[tuple[int, State, datetime]] = []
    effects = _load(connection, np.unique(datastream_id).tolist())
    judged = []
    for effect in effects:
        start, end = np.searchsorted(datastream_id, [effect.datastream_id, effect.datastream_id + 1])
        found = _pass(effect, time_us[start:end].tolist(), value[start:end].tolist())
        if found is not None:
            judged.append(effect)
            passages += found
    _store(connection, judged)
    _remember(connection, passages)
    changed = sorted({effect_id for effect_id, _, _ in passages})
    changes.announce(connection, "effects", ids=changed)
    return changed


def _load(connection: Connection, datastream_ids: list[int]) -> list[Judged]:
    rows = connection.execute(LOAD, {"ids": datastream_ids})
    return [
        Judged(
            row.id,
            row.datastream_id,
            Rule(
                row.closes_above,
                row.closes_below,
                row.opens_below,
                row.opens_above,
                row.slows_above,
                row.slows_below,
                row.hold_s,
                row.lock_s,
            ),
            State(row.state),
            State(row.known),
            row.since,
            row.reading_time,
            row.past_since,
            row.interval_s,
            row.max_closed_s,
        )
        for row in rows
    ]


def _pass(effect: Judged, times_us: list[int], values: list[float]) -> list[tuple[int, State, datetime]] | None:
    """Take the effect through readings in time order; None where all are older than what it has judged.

    A silence between two readings is in the history, whether a watch saw it or not. Readings of one batch that a fast
    clock puts into the future have one moment, in which they follow each other.
    """
    passages = []
    is_newer = False
    judged_until = effect.reading_time
    for time_us, value in zip(times_us, values, strict=True):
        moment = EPOCH + timedelta(microseconds=time_us)
        if judged_until is not None and moment <= judged_until:
            continue
        is_newer = True
        if effect.deadline is not None and moment > effect.deadline:
            effect.fall_silent()
            passages.append((effect.effect_id, State.UNKNOWN, effect.since))
        if effect.judge(moment, value):
            passages.append((effect.effect_id, effect.state, moment))
    return passages if is_newer else None


def _store(connection: Connection, judged: list[Judged]) -> None:
    if judged:
        connection.execute(
            STORE,
            {
                "ids": [effect.effect_id for effect in judged],
                "states": [effect.state.value for effect in judged],
                "since": [effect.since for effect in judged],
                "times": [effect.reading_time for effect in judged],
                "past": [effect.past_since for effect in judged],
            },
        )


def _remember(connection: Connection, passages: list[tuple[int, State, datetime]]) -> None:
    if passages:
        connection.execute(
            REMEMBER,
            {
                "ids": [effect_id for effect_id, _, _ in passages],
                "states": [state.value for _, state, _ in passages],
                "since": [since for _, _, since in passages],
            },
        )


DEADLINES = f"""
SELECT s.effect_id, {DEADLINE} AS deadline
  FROM effect_state s JOIN effect e ON e.id = s.effect_id
  JOIN datastream d ON d.id = e.datastream_id JOIN thing t ON t.id = d.thing_id
 WHERE s.state <> 'unknown' AND s.reading_time IS NOT NULL
"""
EXPIRE = sa.text(f"""
WITH due AS ({DEADLINES} ORDER BY s.effect_id FOR UPDATE OF s),
expired AS (
    UPDATE effect_state s SET state = 'unknown', since = due.deadline
      FROM due WHERE s.effect_id = due.effect_id AND due.deadline <= :now
    RETURNING s.effect_id, s.since)
INSERT INTO effect_history (effect_id, state, since)
SELECT effect_id, 'unknown', since FROM expired RETURNING effect_id
""")


def expire(connection: Connection, now: datetime) -> list[int]:
    """Make unknown what has been silent too long, since the moment it was; announce and give those effects."""
    changed = sorted(connection.scalars(EXPIRE, {"now": now}))
    changes.announce(connection, "effects", ids=changed)
    return changed


def next_expiry(connection: Connection) -> datetime | None:
    """Give the moment at which `expire` next has something to do if nothing reports; None: nothing is known."""
    found: datetime | None = connection.scalar(sa.text(f"SELECT min(deadline) FROM ({DEADLINES}) AS d"))
    return found


# What is past its deadline is unknown when it is read, also where no watch has written that down.
NOW = f"""
SELECT e.element_kind, e.element_id, e.mobility_groups,
       CASE WHEN {DEADLINE} <= :at THEN 'unknown' ELSE s.state END AS state,
       CASE WHEN {DEADLINE} <= :at THEN {DEADLINE} ELSE s.since END AS since, e.id, e.slow_factor, e.slow_s
  FROM {{effect}} e JOIN effect_state s ON s.effect_id = e.id
  JOIN {{datastream}} d ON d.id = e.datastream_id JOIN {{thing}} t ON t.id = d.thing_id
 WHERE t.place_id = :place_id ORDER BY e.id
"""
THEN = f"""
SELECT e.element_kind, e.element_id, e.mobility_groups,
       CASE WHEN last.is_silent THEN 'unknown' ELSE coalesce(h.state, 'unknown') END AS state,
       CASE WHEN last.is_silent THEN {DEADLINE} ELSE coalesce(h.since, t.enrolled_at) END AS since, e.id, e.slow_factor, e.slow_s
  FROM {{effect}} e LEFT JOIN effect_state s ON s.effect_id = e.id
  JOIN {{datastream}} d ON d.id = e.datastream_id JOIN {{thing}} t ON t.id = d.thing_id
  LEFT JOIN LATERAL (SELECT state, since FROM effect_history
                      WHERE effect_id = e.id AND since <= :at ORDER BY since DESC, written_at DESC LIMIT 1) h ON true
  CROSS JOIN LATERAL (SELECT (h.state, h.since) = (s.state, s.since) AND {DEADLINE} <= :at AS is_silent) last
 WHERE t.place_id = :place_id ORDER BY e.id
"""


def element_states(
    connection: Connection, place_id: int, at: datetime | None = None, revision: int | None = None
) -> ElementStates:
    """Read what all effects of a place say now, or said at a moment; before its first reading an effect is unknown.

    With a revision, the effects are those that were bound after it.
    """
    from twin.history import as_of  # with all tables: memory that an ingest worker has no use for

    statement, moment = (NOW, datetime.now(UTC)) if at is None else (THEN, at)
    return [
        ElementState(
            ElementKind(kind), element_id, None if groups is None else tuple(groups), State(state), since, effect, *slow
        )
        for kind, element_id, groups, state, since, effect, *slow in connection.execute(
            sa.text(as_of(statement, revision)), {"place_id": place_id, "at": moment}
        )
    ]
