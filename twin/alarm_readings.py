"""Judge readings by the alarm rules, in the transaction that stores them.

Most readings are past no limit and nothing is remembered of their datastreams: they cost a comparison in arrays. Only
the others are gone through one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Connection

from twin import alarms
from twin.alarm_rules import BOUND, OF_READINGS, Limits, Spot
from twin.alarms import WORST_FIRST, Wanted
from twin.terms import AlarmKind

__all__ = ["judge", "settle"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEPT = "alarm_rules"  # where a connection keeps them, in its info
Pair = tuple[int, int]  # a rule of a datastream: datastream id, rule id


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """The rules on readings, a row for each datastream they hold for, by datastream; NaN where there is no limit."""

    version: int | None
    datastream_id: NDArray[np.int32]
    rule_id: NDArray[np.int32]
    above: NDArray[np.float64]
    below: NDArray[np.float64]
    is_rate: NDArray[np.bool_]
    within_s: NDArray[np.int64]
    limits: list[Limits]


def judge(
    connection: Connection,
    datastream_id: NDArray[np.int32],
    time_us: NDArray[np.int64],
    value: NDArray[np.float64],
    *,
    version: int | None,
    is_watched: bool,
) -> None:
    """Judge readings, sorted by datastream and time, each newer than those judged before; raise and clear by it.

    version: of the rules, as it is in this transaction; is_watched: whether anything is remembered of any of these
    datastreams. Where nothing is, and no reading is past a limit, there is nothing to ask the database.

    Alarms are raised and cleared by readings and never by their absence. `twin.alarm_clock` sees to holds that end
    between readings.
    """
    rules = _rules(connection, version)
    reading, row = _pairs(rules, datastream_id)
    if not len(row):
        return
    is_past = (value[reading] > rules.above[row]) | (value[reading] < rules.below[row])
    changes = _changes(connection, rules, datastream_id, time_us, value)
    asked = set(row[is_past & ~rules.is_rate[row]].tolist()) | changes.keys()
    if not asked and not is_watched:
        return
    spots = _remembered(connection, sorted(set(datastream_id[reading].tolist()))) if is_watched else {}
    if spots:
        asked |= {each for each in set(row.tolist()) if _pair(rules, each) in spots}
    touched = []
    for each in sorted(asked):
        pair = _pair(rules, each)
        start, end = np.searchsorted(datastream_id, [pair[0], pair[0] + 1])
        series = changes.get(each) or zip(time_us[start:end].tolist(), value[start:end].tolist(), strict=True)
        touched.append((pair, *_follow(spots.get(pair, Spot()), rules.limits[each], series)))
    _remember(connection, [one for one in touched if not one[1].is_calm])
    _forget(connection, [pair for pair, spot, *_ in touched if spot.is_calm and pair in spots])
    settle(connection, [pair for pair, *_, has_moved in touched if has_moved], EPOCH + _us(int(time_us.max())))


def settle(connection: Connection, pairs: Sequence[Pair], at: datetime) -> list[int]:
    """Make the alarms of these rules and datastreams what is remembered of them; give the ids of those that changed.

    Rules of one kind on one datastream are one alarm, as severe as the worst that is raised.
    """
    changed: list[int] = []
    if not pairs:
        return changed
    rows = connection.execute(STANDING, {"streams": [one for one, _ in pairs], "rules": [rule for _, rule in pairs]})
    by_place: dict[int, tuple[list[Wanted], list[tuple[str, str]]]] = {}
    for row in rows:
        raised, cleared = by_place.setdefault(row.place_id, ([], []))
        subject = f"datastream:{row.datastream_id}"
        if row.severity is None:
            cleared.append((row.kind, subject))
        else:
            raised.append(Wanted(row.kind, subject, row.severity, _detail(row), row.thing_id))
    for place_id, (raised, cleared) in sorted(by_place.items()):
        changed += alarms.post(connection, place_id, raised=raised, cleared=cleared, at=at)
    return changed


def _detail(row: Any) -> dict[str, Any]:
    return {
        "rule": row.rule,
        "property": row.property,
        "unit": row.unit,
        "value": row.value,
        "above": row.above,
        "below": row.below,
        "within_s": row.within_s,
        "since": row.stands_since.isoformat(),
    }


def _rules(connection: Connection, version: int | None) -> Rules:
    """Give the rules, read again only where they, or what they are bound to, have changed since this connection did."""
    kept: Rules | None = connection.info.get(KEPT)
    if kept is None or kept.version != version:
        kept = connection.info[KEPT] = _read(connection, version)
    return kept


def _read(connection: Connection, version: int | None) -> Rules:
    statement = (
        f"SELECT * FROM ({BOUND}) b WHERE enabled AND kind = ANY(CAST(:kinds AS text[])) ORDER BY datastream_id, id"
    )
    rows = connection.execute(sa.text(statement), {"kinds": list(OF_READINGS)}).all()

    def numbers(name: str) -> NDArray[np.float64]:
        return np.array([np.nan if getattr(row, name) is None else getattr(row, name) for row in rows], np.float64)

    return Rules(
        version,
        np.array([row.datastream_id for row in rows], np.int32),
        np.array([row.id for row in rows], np.int32),
        numbers("above"),
        numbers("below"),
        np.array([row.kind == AlarmKind.RATE for row in rows], np.bool_),
        np.array([row.within_s or 0 for row in rows], np.int64),
        [_limits(row) for row in rows],
    )


def _limits(row: Any) -> Limits:
    ends = (row.above, row.below, row.clear_below, row.clear_above)
    return Limits(*ends, row.hold_s, row.lock_s, row.from_local, row.until_local, row.timezone)


def _pair(rules: Rules, row: int) -> Pair:
    return int(rules.datastream_id[row]), int(rules.rule_id[row])


def _pairs(rules: Rules, datastream_id: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give each reading with each of its rules: positions in the readings, and in the rules."""
    starts = np.searchsorted(rules.datastream_id, datastream_id, side="left")
    many = np.searchsorted(rules.datastream_id, datastream_id, side="right") - starts
    reading = np.repeat(np.arange(len(datastream_id)), many)
    nth = np.arange(len(reading)) - np.repeat(np.cumsum(many) - many, many)
    return reading, np.repeat(starts, many) + nth


def _remembered(connection: Connection, datastream_ids: list[int]) -> dict[Pair, Spot]:
    """Read what is remembered, and let no other worker judge it meanwhile."""
    ids = "{" + ",".join(map(str, datastream_ids)) + "}"
    return {(row[0], row[1]): Spot(row[2], row[3], row[4]) for row in connection.execute(REMEMBERED, {"ids": ids})}


def _changes(
    connection: Connection,
    rules: Rules,
    datastream_id: NDArray[np.int32],
    time_us: NDArray[np.int64],
    value: NDArray[np.float64],
) -> dict[int, list[tuple[int, float]]]:
    """Give, by row of the rules of rates, how much the newest reading differs from the first one within the span."""
    rates = np.flatnonzero(rules.is_rate & np.isin(rules.datastream_id, datastream_id))
    if not len(rates):
        return {}
    last = np.searchsorted(datastream_id, rules.datastream_id[rates], side="right") - 1
    values = {
        "ids": rules.datastream_id[rates].tolist(),
        "times": time_us[last].tolist(),
        "spans": rules.within_s[rates].tolist(),
        "values": value[last].tolist(),
    }
    found = connection.scalars(CHANGE, values).all()
    times = time_us[last].tolist()
    return {row: [(at, float(change))] for row, at, change in zip(rates.tolist(), times, found, strict=True)}


def _follow(spot: Spot, limits: Limits, series: Iterable[tuple[int, float]]) -> tuple[Spot, datetime, float, bool]:
    """Take a spot through readings; give it with the last reading, and whether the rule was raised or cleared."""
    stood, judged_until = spot.stands_since is not None, spot.reading_time
    moment, value = EPOCH, 0.0
    for at_us, value in series:  # the last one is given back
        moment = EPOCH + _us(at_us)
        if judged_until is None or moment > judged_until:
            spot.judge(limits, moment, value)
    return spot, moment, value, stood != (spot.stands_since is not None)


def _remember(connection: Connection, touched: Sequence[tuple[Pair, Spot, datetime, float, bool]]) -> None:
    if touched:
        values = {
            "streams": [pair[0] for pair, *_ in touched],
            "rules": [pair[1] for pair, *_ in touched],
            "past": [spot.past_since for _, spot, *_ in touched],
            "stands": [spot.stands_since for _, spot, *_ in touched],
            "times": [moment for *_, moment, _, _ in touched],
            "values": [value for *_, value, _ in touched],
        }
        connection.execute(REMEMBER, values)


def _forget(connection: Connection, pairs: Sequence[Pair]) -> None:
    if pairs:
        connection.execute(FORGET, {"streams": [one for one, _ in pairs], "rules": [rule for _, rule in pairs]})


def _us(number: int) -> timedelta:
    return timedelta(microseconds=number)


PAIRS = "unnest(CAST(:streams AS integer[]), CAST(:rules AS integer[])) AS p(datastream_id, rule_id)"
REMEMBERED = sa.text("""
SELECT datastream_id, rule_id, past_since, stands_since, reading_time FROM alarm_watch
 WHERE datastream_id = ANY(CAST(:ids AS integer[])) ORDER BY datastream_id, rule_id FOR UPDATE
""")
REMEMBER = sa.text("""
INSERT INTO alarm_watch (datastream_id, rule_id, past_since, stands_since, reading_time, value)
SELECT * FROM unnest(CAST(:streams AS integer[]), CAST(:rules AS integer[]), CAST(:past AS timestamptz[]),
                     CAST(:stands AS timestamptz[]), CAST(:times AS timestamptz[]), CAST(:values AS double precision[]))
ON CONFLICT (datastream_id, rule_id) DO UPDATE
   SET past_since = excluded.past_since, stands_since = excluded.stands_since,
       reading_time = excluded.reading_time, value = excluded.value
""")
FORGET = sa.text(f"""
DELETE FROM alarm_watch w USING {PAIRS} WHERE (w.datastream_id, w.rule_id) = (p.datastream_id, p.rule_id)
""")
CHANGE = sa.text("""
SELECT n.value - coalesce((SELECT o.value FROM observation o WHERE o.datastream_id = n.id
            AND o.time >= timestamptz 'epoch' + (n.us - n.span * 1000000) * interval '1 microsecond'
            AND o.time < timestamptz 'epoch' + n.us * interval '1 microsecond' ORDER BY o.time LIMIT 1), n.value)
  FROM unnest(CAST(:ids AS integer[]), CAST(:times AS bigint[]), CAST(:spans AS bigint[]),
              CAST(:values AS double precision[])) WITH ORDINALITY AS n(id, us, span, value, position) ORDER BY position
""")
# For each kind and datastream the worst rule that is raised now; severity null: none is.
STANDING = sa.text(f"""
SELECT DISTINCT ON (asked.kind, asked.datastream_id)
       asked.kind, asked.datastream_id, t.place_id, t.id AS thing_id, d.property, d.unit,
       r.severity, r.name AS rule, r.above, r.below, r.within_s, r.value, r.stands_since
  FROM (SELECT DISTINCT one.kind, p.datastream_id FROM {PAIRS} JOIN alarm_rule one ON one.id = p.rule_id) asked
  JOIN datastream d ON d.id = asked.datastream_id JOIN thing t ON t.id = d.thing_id
  LEFT JOIN (SELECT w.datastream_id, w.value, w.stands_since, rule.kind, rule.severity, rule.name, rule.above, rule.below,
                    rule.within_s
               FROM alarm_watch w JOIN alarm_rule rule ON rule.id = w.rule_id WHERE w.stands_since IS NOT NULL) r
         ON r.datastream_id = asked.datastream_id AND r.kind = asked.kind
 ORDER BY asked.kind, asked.datastream_id, array_position({WORST_FIRST}, r.severity), r.name
""")
