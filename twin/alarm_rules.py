"""Alarm rules as rows, and which of them hold for which datastream."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.terms import AlarmKind

__all__ = ["BOUND", "OF_READINGS", "Limits", "Spot", "leave", "put_behind", "rule", "rules", "switch"]

OF_READINGS = (
    AlarmKind.VALUE,
    AlarmKind.RATE,
    AlarmKind.BATTERY_LOW,
)  # judged by each reading; the others by the clock

# Rules and the datastreams they hold for: one of a device alone takes the place of the one of its type of that name.
BOUND = """
SELECT DISTINCT ON (r.name, d.id) r.*, d.id AS datastream_id, d.unit, t.id AS bound_thing_id, t.place_id, t.interval_s,
       t.name AS thing_name, t.name_zh AS thing_name_zh, p.timezone
  FROM alarm_rule r
  JOIN thing t ON r.thing_id = t.id OR (r.thing_id IS NULL AND (r.thing_kind IS NULL OR r.thing_kind = t.kind))
  JOIN place p ON p.id = t.place_id
  JOIN datastream d ON d.thing_id = t.id AND d.property = r.property
 ORDER BY r.name, d.id, r.thing_id NULLS LAST
"""
RULES = "SELECT r.*, t.key AS thing_key FROM alarm_rule r LEFT JOIN thing t ON t.id = r.thing_id"


@dataclass(frozen=True, slots=True)
class Limits:
    """When a rule on readings holds, in the unit of the datastream; None: no such limit."""

    above: float | None = None
    below: float | None = None
    clear_below: float | None = None
    clear_above: float | None = None
    hold_s: int = 0
    lock_s: int = 0
    from_local: time | None = None
    until_local: time | None = None
    zone: str = "UTC"

    def is_past(self, moment: datetime, value: float) -> bool:
        """Tell whether a reading is past a limit, at an hour at which the rule holds."""
        above = self.above is not None and value > self.above
        below = self.below is not None and value < self.below
        return (above or below) and self.holds_at(moment)

    def is_back(self, moment: datetime, value: float) -> bool:
        """Tell whether a reading ends what was raised; between the two limits it does not."""
        if not self.holds_at(moment):
            return True
        if self.above is not None and self.clear_below is not None and value >= self.clear_below:
            return False
        if self.below is not None and self.clear_above is not None and value <= self.clear_above:
            return False
        return not self.is_past(moment, value)

    def holds_at(self, moment: datetime) -> bool:
        """Tell whether the rule holds at a moment, by the clock of the place; a span may lie across midnight."""
        if self.from_local is None or self.until_local is None:
            return True
        local = moment.astimezone(ZoneInfo(self.zone)).time()
        if self.from_local <= self.until_local:
            return self.from_local <= local < self.until_local
        return local >= self.from_local or local < self.until_local


@dataclass(slots=True)
class Spot:
    """What a rule remembers of a datastream. Nothing: all is well."""

    past_since: datetime | None = None  # readings are past the limit since; None: the last one is not
    stands_since: datetime | None = None  # the rule is raised since
    reading_time: datetime | None = None  # the last reading judged; None: none is remembered

    @property
    def is_calm(self) -> bool:
        """Whether there is nothing to remember."""
        return self.past_since is None and self.stands_since is None

    def judge(self, limits: Limits, moment: datetime, value: float) -> None:
        """Take a reading newer than all before."""
        if self.stands_since is not None and not limits.is_back(moment, value):
            self.past_since = self.past_since or moment
            return
        self.past_since = (self.past_since or moment) if limits.is_past(moment, value) else None
        if self.stands_since is None:
            held_s = timedelta(seconds=limits.hold_s)
            if self.past_since is not None and moment - self.past_since >= held_s:
                self.stands_since = moment
        elif moment - self.stands_since >= timedelta(seconds=limits.lock_s):
            self.stands_since = None


def rules(connection: Connection) -> list[dict[str, Any]]:
    """Read the rules, with the key of the device where one is for that alone."""
    return [dict(row) for row in connection.execute(sa.text(f"{RULES} ORDER BY r.id")).mappings()]


def rule(connection: Connection, rule_id: int) -> dict[str, Any]:
    """Read one rule. Raises NotFound."""
    row = connection.execute(sa.text(f"{RULES} WHERE r.id = :id"), {"id": rule_id}).mappings().one_or_none()
    if row is None:
        raise NotFound(f"no alarm rule {rule_id}")
    return dict(row)


def switch(connection: Connection, rule_id: int, *, enabled: bool) -> None:
    """Let a rule hold, or not. What it raised is cleared by the next tick of the watch. Raises NotFound."""
    found = connection.scalar(
        sa.text("UPDATE alarm_rule SET enabled = :enabled WHERE id = :id RETURNING id"),
        {"id": rule_id, "enabled": enabled},
    )
    if found is None:
        raise NotFound(f"no alarm rule {rule_id}")


def put_behind(connection: Connection, gateway_key: str, thing_keys: list[str]) -> int:
    """Say which devices report by a gateway, and give how many; they were behind another or none.

    Raises NotFound where the gateway is not enrolled; keys of devices that are not are left out.
    """
    gateway = connection.scalar(sa.text("SELECT id FROM thing WHERE key = :key"), {"key": gateway_key})
    if gateway is None:
        raise NotFound(f"no device {gateway_key}")
    rows = connection.scalars(
        sa.text("""
        INSERT INTO thing_gateway (thing_id, gateway_id)
        SELECT id, :gateway FROM thing WHERE key = ANY(CAST(:keys AS text[])) AND id <> :gateway
        ON CONFLICT (thing_id) DO UPDATE SET gateway_id = excluded.gateway_id RETURNING thing_id
        """),
        {"gateway": gateway, "keys": thing_keys},
    )
    return len(rows.all())


def leave(connection: Connection, thing_key: str, *, from_at: datetime, until_at: datetime, by: str) -> None:
    """Say that nobody is at home where a device is.

    Raises NotFound where it is not enrolled, Refused where the absence ends before it begins.
    """
    if until_at <= from_at:
        raise Refused("the absence ends before it begins")
    found = connection.scalar(
        sa.text("""
        INSERT INTO away (thing_id, from_at, until_at, noted_by)
        SELECT id, :from_at, :until_at, :by FROM thing WHERE key = :key RETURNING id
        """),
        {"key": thing_key, "from_at": from_at, "until_at": until_at, "by": by},
    )
    if found is None:
        raise NotFound(f"no device {thing_key}")
