"""How devices are: what came of each and when, kept as the readings come in, and what should have come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Connection

from twin.copying import EPOCH_US, copy_in, pack
from twin.devices import SILENT_INTERVALS

__all__ = ["NEVER_SEEN", "OK", "UNKNOWN", "Brought", "Health", "add", "fold", "health", "mark", "wanted", "withdraw"]

OK, UNKNOWN, NEVER_SEEN = "ok", "unknown", "never_seen"
NOT_KNOWN = 1e18  # after every number that is
FOLD_LOCK = 0x6C6C_0003
COLUMNS = "thing_id, last_seen, stored, duplicate, conflict, quarantined, late, skew_s, battery, rssi"


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """What one batch brought, one entry a thing; NaN where nothing was said of skew [s], battery [%] or RSSI [dBm]."""

    thing_id: NDArray[np.int32]
    last_seen_us: NDArray[np.int64]  # since 1970
    stored: NDArray[np.int32]
    duplicate: NDArray[np.int32]
    conflict: NDArray[np.int32]
    quarantined: NDArray[np.int32]
    late: NDArray[np.int32]
    skew_s: NDArray[np.float64]
    battery: NDArray[np.float64]
    rssi: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Health:
    """How one device is.

    `state` is ok, unknown (nothing measured for more than three intervals) or never_seen. Of the last whole hours, a
    day or seven intervals if that is more, `missed` of `expected` reports have not come, also not late; None: too
    early to say. Counts are of readings, since it was enrolled.
    """

    thing_id: int
    key: str
    name: str
    name_zh: str | None
    kind: str
    format: str
    interval_s: int
    last_seen: datetime | None  # when something came, also what was set aside
    measured_at: datetime | None
    stored: int
    duplicate: int
    conflict: int  # of the duplicates
    quarantined: int
    out_of_order: int  # of the stored
    clock_skew_s: float | None
    battery: float | None  # %
    rssi: float | None  # dBm
    expected: int | None
    missed: int | None
    state: str

    @property
    def received(self) -> int:
        """Readings that came, whatever became of them."""
        return self.stored + self.duplicate + self.quarantined

    def as_row(self) -> dict[str, Any]:
        """Give the fields by name, `received` too, as JSON can be made of them."""
        return asdict(self) | {"received": self.received}


def add(connection: Connection, brought: Brought) -> None:
    """Write down what a batch brought, in the transaction that stores it; no worker waits for another."""
    if not len(brought.thing_id):
        return
    counts = (brought.stored, brought.duplicate, brought.conflict, brought.quarantined, brought.late)
    columns = (
        brought.thing_id,
        brought.last_seen_us - EPOCH_US,
        *counts,
        brought.skew_s,
        brought.battery,
        brought.rssi,
    )
    copy_in(connection, f"thing_tally ({COLUMNS})", pack(columns))


def withdraw(connection: Connection, key: str, readings: int, at: datetime) -> None:
    """Take readings out of what was set aside of a device, for they were taken after all."""
    connection.execute(
        sa.text(f"""
        INSERT INTO thing_tally ({COLUMNS})
        SELECT id, :at, 0, 0, 0, -CAST(:readings AS integer), 0, 'NaN', 'NaN', 'NaN' FROM thing WHERE key = :key
        """),
        {"key": key, "readings": readings, "at": at},
    )


PENDING = """
SELECT thing_id, max(last_seen) AS last_seen, sum(stored) AS stored, sum(duplicate) AS duplicate,
       sum(conflict) AS conflict, sum(quarantined) AS quarantined, sum(late) AS late,
       max(nullif(skew_s, 'NaN')) AS skew_s, last(battery, last_seen) FILTER (WHERE battery <> 'NaN') AS battery,
       last(rssi, last_seen) FILTER (WHERE rssi <> 'NaN') AS rssi
"""
MERGED = """greatest(h.last_seen, p.last_seen) AS last_seen, coalesce(h.stored, 0) + coalesce(p.stored, 0) AS stored,
       coalesce(h.duplicate, 0) + coalesce(p.duplicate, 0) AS duplicate,
       coalesce(h.conflict, 0) + coalesce(p.conflict, 0) AS conflict,
       coalesce(h.quarantined, 0) + coalesce(p.quarantined, 0) AS quarantined,
       coalesce(h.late, 0) + coalesce(p.late, 0) AS late,
       CASE WHEN date_trunc('hour', h.last_seen) = date_trunc('hour', p.last_seen) THEN greatest(h.skew_s, p.skew_s)
            ELSE coalesce(p.skew_s, h.skew_s) END AS skew_s,
       coalesce(p.battery, h.battery) AS battery, coalesce(p.rssi, h.rssi) AS rssi"""
FOLD = sa.text(f"""
WITH gone AS (DELETE FROM thing_tally RETURNING *), p AS ({PENDING} FROM gone GROUP BY thing_id)
INSERT INTO thing_health ({COLUMNS})
SELECT t.id, {MERGED} FROM p JOIN thing t ON t.id = p.thing_id LEFT JOIN thing_health h ON h.thing_id = t.id
ON CONFLICT (thing_id) DO UPDATE
   SET (last_seen, stored, duplicate, conflict, quarantined, late, skew_s, battery, rssi)
     = (excluded.last_seen, excluded.stored, excluded.duplicate, excluded.conflict, excluded.quarantined,
        excluded.late, excluded.skew_s, excluded.battery, excluded.rssi)
""")


def fold(connection: Connection) -> None:
    """Add what the batches brought to the things; nothing happens where another process is at it."""
    if connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": FOLD_LOCK}):
        connection.execute(FOLD)


# An hour counts no more reports than it should have, so that a burst hides no silence elsewhere. What a thing reports
# is what its busiest datastream does. It is judged from its first whole hour on.
HEALTH = sa.text(f"""
WITH p AS ({PENDING} FROM thing_tally GROUP BY thing_id),
mark AS (SELECT rolled_until FROM observation_watermark),
span AS (
    SELECT t.id, m.rolled_until AS ends, greatest(
               m.rolled_until - greatest(interval '1 day', 7 * t.interval_s * interval '1 second'),
               min(f.bucket) + interval '1 hour') AS begins
      FROM thing t CROSS JOIN mark m JOIN datastream d ON d.thing_id = t.id
     CROSS JOIN LATERAL (
           SELECT bucket FROM observation_hour h WHERE h.datastream_id = d.id ORDER BY bucket LIMIT 1) f
     WHERE t.place_id = :place_id GROUP BY t.id, m.rolled_until),
reports AS (
    SELECT s.id, greatest(0, floor(extract(epoch FROM s.ends - s.begins) / t.interval_s))::int AS expected, max(g.n) AS n
      FROM span s JOIN thing t ON t.id = s.id JOIN datastream d ON d.thing_id = t.id
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(least(h.n, greatest(1, ceil(3600.0 / t.interval_s)))), 0)::int AS n FROM observation_hour h
            WHERE h.datastream_id = d.id AND h.bucket >= s.begins AND h.bucket < s.ends) g
     GROUP BY s.id, s.begins, s.ends, t.interval_s)
SELECT t.id, t.key, t.name, t.name_zh, t.kind, t.format, t.interval_s, greatest(h.last_seen, p.last_seen, l.received_at),
       l.time, m.stored::bigint, m.duplicate::bigint, m.conflict::bigint, m.quarantined::bigint, m.late::bigint,
       m.skew_s, m.battery, m.rssi, r.expected, r.expected - least(r.n, r.expected),
       CASE WHEN l.time IS NULL THEN '{NEVER_SEEN}'
            WHEN :now - l.time > {SILENT_INTERVALS} * t.interval_s * interval '1 second' THEN '{UNKNOWN}' ELSE '{OK}' END
  FROM thing t LEFT JOIN thing_health h ON h.thing_id = t.id LEFT JOIN p ON p.thing_id = t.id
 CROSS JOIN LATERAL (SELECT {MERGED}) m LEFT JOIN reports r ON r.id = t.id
  LEFT JOIN LATERAL (
       SELECT max(least(n.time, n.received_at)) AS time, max(n.received_at) AS received_at FROM datastream d CROSS JOIN LATERAL (
              SELECT time, received_at FROM latest WHERE datastream_id = d.id
              UNION ALL SELECT time, received_at FROM latest_text WHERE datastream_id = d.id) n
        WHERE d.thing_id = t.id) l ON true
 WHERE t.place_id = :place_id ORDER BY t.key
""")


def health(connection: Connection, place_id: int, now: datetime) -> list[Health]:
    """Read how every device of a place is at `now`, by key."""
    return [Health(*row) for row in connection.execute(HEALTH, {"place_id": place_id, "now": now})]


def wanted(rows: Sequence[Health], *, state: str | None, kind: str | None, search: str) -> list[Health]:
    """Give the devices in a state, of a kind, and with these letters in key, name or format."""
    letters = search.casefold()
    return [
        row
        for row in rows
        if state in {None, row.state}
        and kind in {None, row.kind}
        and letters in f"{row.key} {row.name} {row.name_zh or ''} {row.format}".casefold()
    ]


def mark(row: Health, by: str, *, descending: bool = False) -> tuple[float, str]:
    """Give where a device stands in the order by a field, its key after it; what is not known comes last."""
    if by == "key":
        return 0.0, row.key
    value = getattr(row, by)
    number = value.timestamp() if isinstance(value, datetime) else value
    return (NOT_KNOWN if number is None else -float(number) if descending else float(number)), row.key
