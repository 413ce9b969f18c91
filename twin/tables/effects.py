"""Which reading closes what, and the state that follows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, revision, serial


class Effect(Table):
    """A rule as a row: this datastream closes that element beyond these values. 影响规则."""

    __tablename__ = "effect"
    __table_args__ = (
        Index("ix_effect_datastream_id", "datastream_id"),
        Index("ix_effect_element", "element_kind", "element_id"),
    )

    id: Mapped[int] = serial()
    datastream_id: Mapped[int] = mapped_column(ForeignKey("datastream.id", ondelete="CASCADE"))
    element_kind: Mapped[str]
    element_id: Mapped[int]
    mobility_groups: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    closes_above: Mapped[float | None]
    closes_below: Mapped[float | None]
    opens_below: Mapped[float | None]
    opens_above: Mapped[float | None]
    slows_above: Mapped[float | None]
    slows_below: Mapped[float | None]
    slow_factor: Mapped[float | None]
    slow_s: Mapped[float | None]
    max_closed_s: Mapped[int | None]
    hold_s: Mapped[int] = mapped_column(server_default=text("0"))
    lock_s: Mapped[int] = mapped_column(server_default=text("0"))
    is_dwelling: Mapped[bool] = mapped_column(server_default=text("false"))
    revision: Mapped[int] = revision()


class EffectState(Table):
    """What an effect says now: open, slower, closed or unknown. 当前状态."""

    __tablename__ = "effect_state"

    effect_id: Mapped[int] = mapped_column(ForeignKey("effect.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str]
    since: Mapped[datetime]
    reading_time: Mapped[datetime | None]
    past_since: Mapped[datetime | None]
    is_dwelling: Mapped[bool] = mapped_column(server_default=text("false"))


class EffectHistory(Table):
    """What an effect said, from when. 状态历史."""

    __tablename__ = "effect_history"
    __table_args__ = (Index("ix_effect_history_effect_id_since", "effect_id", "since"),)
    __mapper_args__ = {"primary_key": ["effect_id", "since", "written_at"]}  # noqa: RUF012  # append-only: the table has no key

    effect_id: Mapped[int]  # the effect may be gone
    state: Mapped[str]
    since: Mapped[datetime]
    written_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
