"""What caches of the map's layers ask for."""

from __future__ import annotations

from sqlalchemy import BigInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table


class LayerVersion(Table):
    """A number that grows with every change to a layer. 图层版本."""

    __tablename__ = "layer_version"

    layer: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
