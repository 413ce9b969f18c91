"""The receipts of imports; `twin/receipts.py` keeps them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, serial


class ImportReceipt(Table):
    """What one import did. 导入回执."""

    __tablename__ = "import_receipt"

    id: Mapped[int] = serial()
    kind: Mapped[str]
    file_name: Mapped[str]
    digest: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    read: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int]
    removed: Mapped[int]
    rejected: Mapped[int]
    receipts: Mapped[list[Any]]
    revision: Mapped[int | None]
    undone_by_revision: Mapped[int | None]
