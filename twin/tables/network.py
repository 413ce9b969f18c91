"""The walking network as stored; `twin/network.py` gives it as arrays."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, by_hand, revision, serial, shape


class NetworkNode(Table):
    """A node of the walking network. 路网节点."""

    __tablename__ = "network_node"
    __table_args__ = (
        UniqueConstraint("place_id", "source_id"),
        Index("ix_network_node_point", "point", postgresql_using="gist"),
    )

    id: Mapped[int] = serial()
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"))
    source_id: Mapped[str]
    level: Mapped[float | None]
    point: Mapped[Any] = shape("POINT")
    revision: Mapped[int] = revision()


class NetworkEdge(Table):
    """An edge of the walking network. 路段."""

    __tablename__ = "network_edge"
    __table_args__ = (
        UniqueConstraint("place_id", "source_id"),
        Index("ix_network_edge_geom", "geom", postgresql_using="gist"),
        Index("ix_network_edge_tail_id", "tail_id"),
        Index("ix_network_edge_head_id", "head_id"),
    )

    id: Mapped[int] = serial()
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id", ondelete="CASCADE"))
    source_id: Mapped[str]
    tail_id: Mapped[int] = mapped_column(ForeignKey("network_node.id", ondelete="CASCADE"))
    head_id: Mapped[int] = mapped_column(ForeignKey("network_node.id", ondelete="CASCADE"))
    kind: Mapped[str]
    one_way: Mapped[bool] = mapped_column(server_default=text("false"))
    length_m: Mapped[float]
    incline: Mapped[float | None]
    step_count: Mapped[int | None] = mapped_column(SmallInteger)
    kerb: Mapped[str | None]
    surface: Mapped[str | None]
    width_m: Mapped[float | None]
    wheelchair: Mapped[str | None]
    barrier: Mapped[str | None]
    lit: Mapped[bool | None]
    tunnel: Mapped[bool] = mapped_column(server_default=text("false"))
    name: Mapped[str | None]
    geom: Mapped[Any] = shape("LINESTRING")
    elevation_incline: Mapped[float | None]
    elevation_error: Mapped[float | None]
    by_hand: Mapped[list[str]] = by_hand()
    revision: Mapped[int] = revision()
