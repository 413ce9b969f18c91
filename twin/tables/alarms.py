"""Alarms: what someone must look at, the rules that raise them, and what becomes of them."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from sqlalchemy import BigInteger, Computed, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, big_serial, revision, serial

URGENCY = """CASE severity WHEN 'critical' THEN 4 WHEN 'major' THEN 2 ELSE 0 END
        + CASE WHEN acknowledged_at IS NULL THEN 10 ELSE 0 END
        + CASE WHEN escalated_at IS NOT NULL AND acknowledged_at IS NULL THEN 1 ELSE 0 END"""


class Alarm(Table):
    """Something that someone must look at. 告警."""

    __tablename__ = "alarm"
    __table_args__ = (
        Index("ix_alarm_open", "place_id", "kind", "subject", unique=True, postgresql_where=text("cleared_at IS NULL")),
        Index("ix_alarm_raised_at", "place_id", "raised_at"),
        Index(
            "ix_alarm_line",
            "place_id",
            "urgency",
            "id",
            postgresql_where=text("cleared_at IS NULL AND suppressed_by IS NULL"),
        ),
        Index(
            "ix_alarm_unclosed", "place_id", "id", postgresql_where=text("cleared_at IS NOT NULL AND closed_at IS NULL")
        ),
        Index("ix_alarm_thing_id", "thing_id", postgresql_where=text("thing_id IS NOT NULL")),
        Index("ix_alarm_suppressed_by", "suppressed_by", postgresql_where=text("suppressed_by IS NOT NULL")),
    )

    id: Mapped[int] = big_serial()
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"))
    kind: Mapped[str]
    subject: Mapped[str]
    severity: Mapped[str]
    detail: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    cleared_at: Mapped[datetime | None]
    count: Mapped[int] = mapped_column(server_default=text("1"))
    thing_id: Mapped[int | None] = mapped_column(ForeignKey("thing.id", ondelete="SET NULL"))
    is_dwelling: Mapped[bool] = mapped_column(server_default=text("false"))
    waits_since: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    assigned_to: Mapped[str | None]
    escalated_at: Mapped[datetime | None]
    suppressed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("alarm.id", ondelete="SET NULL"))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    urgency: Mapped[int] = mapped_column(SmallInteger, Computed(URGENCY, persisted=True))


class AlarmEvent(Table):
    """What happened to an alarm, and what people noted on it. 告警经过."""

    __tablename__ = "alarm_event"
    __table_args__ = (Index("ix_alarm_event_alarm_id", "alarm_id"),)

    id: Mapped[int] = big_serial()
    alarm_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("alarm.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    what: Mapped[str]
    by: Mapped[str | None]
    note: Mapped[str | None]


class AlarmRule(Table):
    """When an alarm is raised, as a row. 告警规则."""

    __tablename__ = "alarm_rule"
    __table_args__ = (
        Index("ix_alarm_rule_name", "name", "thing_id", unique=True, postgresql_nulls_not_distinct=True),
        Index("ix_alarm_rule_thing_id", "thing_id"),
    )

    id: Mapped[int] = serial()
    name: Mapped[str]
    kind: Mapped[str]
    severity: Mapped[str]
    thing_kind: Mapped[str | None]
    thing_id: Mapped[int | None] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"))
    property: Mapped[str | None]
    above: Mapped[float | None]
    below: Mapped[float | None]
    clear_below: Mapped[float | None]
    clear_above: Mapped[float | None]
    within_s: Mapped[int | None]
    hold_s: Mapped[int] = mapped_column(server_default=text("0"))
    lock_s: Mapped[int] = mapped_column(server_default=text("0"))
    intervals: Mapped[float | None]
    from_local: Mapped[time | None]
    until_local: Mapped[time | None]
    service: Mapped[str | None]
    mobility_group: Mapped[str | None]
    people: Mapped[int | None]
    escalate_after_s: Mapped[int | None]
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    source: Mapped[str]
    certainty: Mapped[str]
    revision: Mapped[int] = revision()


class AlarmWatch(Table):
    """What a rule remembers of a datastream that is past its limit. 规则状态."""

    __tablename__ = "alarm_watch"

    datastream_id: Mapped[int] = mapped_column(ForeignKey("datastream.id", ondelete="CASCADE"), primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("alarm_rule.id", ondelete="CASCADE"), primary_key=True)
    past_since: Mapped[datetime | None]
    stands_since: Mapped[datetime | None]
    reading_time: Mapped[datetime]
    value: Mapped[float]


class AlarmRuleChange(Table):
    """Changes of the rules and of what they are bound to, to be added up. 规则变更计数."""

    __tablename__ = "alarm_rule_change"
    __mapper_args__ = {"primary_key": ["n"]}  # noqa: RUF012  # append-only: the table has no key

    n: Mapped[int] = mapped_column(BigInteger)


class ThingGateway(Table):
    """By which gateway a device reports. 所属网关."""

    __tablename__ = "thing_gateway"
    __table_args__ = (Index("ix_thing_gateway_gateway_id", "gateway_id"),)

    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"), primary_key=True)
    gateway_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"))


class Away(Table):
    """Nobody is at home. 外出."""

    __tablename__ = "away"
    __table_args__ = (Index("ix_away_thing_id", "thing_id", "until_at"),)

    id: Mapped[int] = serial()
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    noted_by: Mapped[str]
