"""What a loader did with a file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from twin import receipts
from twin.db import Connection

__all__ = ["Receipt", "keep"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Rows of one kind from one source: read = added + changed + unchanged + rejected."""

    what: str
    read: int
    added: int
    changed: int
    removed: int = 0  # were in the twin, are no longer in the source
    rejected: tuple[tuple[str, str], ...] = ()  # the row as the reader finds it ("line 7"), and one reason
    notes: tuple[str, ...] = ()  # what is worth knowing though nothing was refused

    @property
    def unchanged(self) -> int:
        """Rows that the twin had just so."""
        return self.read - self.added - self.changed - len(self.rejected)

    @property
    def changes(self) -> int:
        """Rows that the twin is different by."""
        return self.added + self.changed + self.removed

    def lines(self) -> list[str]:
        """The receipt for a person: one line of counts, then one a note and one a rejected row."""
        counts = (
            f"{self.what}: {self.read} read, {self.added} added, {self.changed} changed, {self.removed} removed, "
            f"{self.unchanged} unchanged, {len(self.rejected)} rejected"
        )
        return [counts, *self.notes, *(f"rejected {row}: {reason}" for row, reason in self.rejected)]


def keep(connection: Connection, kind: str, file: Path | None, done: Sequence[Receipt]) -> int:
    """Keep in the twin what the import of this transaction did, and give the number that it can be undone by."""
    digest = ""
    if file is not None:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    return receipts.keep(
        connection,
        kind=kind,
        file_name=file.name if file else "",
        digest=digest,
        receipts=[asdict(receipt) for receipt in done],
    )
