"""Read a table row by row: what each row makes, or the one reason why it cannot be taken.

A table is a CSV file, the first sheet of an XLSX file, or a layer whose points stand in for lon and lat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ingest.loaders import table_rows
from ingest.loaders.table_rows import Fields
from twin import codes
from twin.errors import Refused

__all__ = ["Row", "Table", "read", "text"]

T = TypeVar("T")
Row = Mapping[str, str]

SHOWN = 20  # refused rows that an error says
FORMULA = ("=", "+", "-", "@")  # what a spreadsheet would run when the text comes back to it in an export


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """A table as it was read: what the rows made by line, and (line, reason) of those refused."""

    path: Path
    taken: dict[int, T]
    rejected: list[tuple[int, str]]
    word: str = "line"  # what its rows are called where it is read: line, row or feature
    notes: tuple[str, ...] = ()  # how it was read, where that is worth a line of the receipt

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.taken) + len(self.rejected)

    def refuse_rejected(self) -> None:
        """Raise Refused with the line and reason of each refused row, where there is any."""
        if not self.rejected:
            return
        reasons = [f"  {self.word} {line}: {reason}" for line, reason in self.rejected[:SHOWN]]
        if len(self.rejected) > SHOWN:
            reasons.append(f"  and {len(self.rejected) - SHOWN} more")
        head = f"{self.path}: {len(self.rejected)} of {self.count} rows refused, nothing loaded"
        raise Refused("\n".join([f"{head} (say --partial to load the others)", *reasons]))

    def receipt_rows(self) -> tuple[tuple[str, str], ...]:
        """The refused rows as a receipt has them."""
        return tuple((f"{self.word} {line}", reason) for line, reason in self.rejected)


def read(
    path: Path,
    parse: Callable[[Row], T],
    *,
    needed: Sequence[str],
    optional: Sequence[str] = (),
    key: Callable[[T], object],
) -> Table[T]:
    """Read a table whose first row names its columns; parse raises Refused where a row cannot be taken.

    Of rows with an equal key only the first is taken. Raises Refused where the file is not such a table,
    FileNotFoundError where it is not there.
    """
    taken: dict[int, T] = {}
    rejected: list[tuple[int, str]] = []
    line_of: dict[object, int] = {}
    found = table_rows.read(path, needed=needed, optional=optional)
    for line, fields in found.rows:
        try:
            made = parse(_checked(fields, needed))
            if key(made) in line_of:
                raise Refused(f"the same as {found.word} {line_of[key(made)]}")
        except Refused as refusal:
            rejected.append((line, str(refusal)))
        else:
            line_of[key(made)] = line
            taken[line] = made
    return Table(path, taken, rejected, found.word, found.notes)


def text(fields: Row, column: str) -> str | None:
    """Give a text for people; None where empty. Raises Refused where a spreadsheet would take it for a formula."""
    value = fields.get(column) or None
    if value and value.startswith(FORMULA):
        raise Refused(f"{column} {value[:40]!r} is a formula, no text")
    return value


def _checked(fields: Fields, needed: Sequence[str]) -> Row:
    if None in fields:
        raise Refused(fields[None] or "more fields than columns")
    row = {str(name): value for name, value in fields.items()}
    if formulas := [name for name, value in row.items() if value.startswith(table_rows.FORMULA)]:
        raise Refused(f"{', '.join(formulas)} is a formula: save its value")
    if persons := [name for name, value in row.items() if codes.has_citizen_number(value)]:
        raise Refused(f"a citizen's identity number in {', '.join(persons)}: linli keeps none")
    if missing := [name for name in needed if not row[name]]:
        raise Refused(f"no {', '.join(missing)}")
    if "\0" in "".join(row.values()):
        raise Refused("a NUL character in it")
    return row
