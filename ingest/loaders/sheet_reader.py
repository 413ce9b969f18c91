"""Read the first sheet of an XLSX file as rows of text; run in a confined process (ingest/loaders/confined.py)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from zipfile import BadZipFile

from ingest.loaders import archive
from ingest.loaders.refusal import RefusedFile

__all__ = ["FORMULA", "rows"]

MOST_BYTES = 64 * 2**20
MOST_ROWS = 200_000
MOST_COLUMNS = 256
FORMULA = "\ufffc"  # stands before a cell's formula: no text that a person types has it
XLSX_MAGIC = b"PK\x03\x04"

Cells = tuple[int, list[str]]  # row as the spreadsheet numbers it, and its cells up to the last that is not empty


def rows(path: Path) -> list[Cells]:
    """Give the rows that are not empty, the column names first; formulas are given as FORMULA and their text."""
    if not path.is_file():
        raise RefusedFile("no-file")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise RefusedFile("too-large", size=size, most=MOST_BYTES)
    with path.open("rb") as file:
        if file.read(len(XLSX_MAGIC)) != XLSX_MAGIC:
            raise RefusedFile("wrong-kind", kind="XLSX")
    archive.check(path)
    return _rows(path)


def _rows(path: Path) -> list[Cells]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    found: list[Cells] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions, which are not read
            book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what a sheet says of its size is not believed
            for number, row in enumerate(sheet.iter_rows(), start=1):
                if number > MOST_ROWS:
                    raise RefusedFile("too-many", most=MOST_ROWS, what="rows")
                cells = _cells(row)
                if cells:
                    found.append((number, cells))
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, SyntaxError, OSError) as error:
        if isinstance(error, RefusedFile):
            raise
        raise RefusedFile("unreadable", why=str(error)[:200] or type(error).__name__) from None
    except (InvalidFileException, BadZipFile) as error:
        raise RefusedFile("unreadable", why=error) from None
    if not found:
        raise RefusedFile("no-sheet")
    return found


def _cells(row: Iterable[object]) -> list[str]:
    """Give a row's texts without the empty ones at its end."""
    cells: list[str] = []
    for column, cell in enumerate(row):
        text = _text(getattr(cell, "value", None), getattr(cell, "data_type", "n"))
        if text and column >= MOST_COLUMNS:
            raise RefusedFile("too-many", most=MOST_COLUMNS, what="columns")
        if text:
            cells += [""] * (column - len(cells)) + [text]
    return cells


def _text(value: object, data_type: str) -> str:
    """Give a cell as a CSV file would have it."""
    if value is None:
        return ""
    if data_type == "f" or not isinstance(value, str | int | float | bool | date | time | datetime):
        return FORMULA + str(getattr(value, "text", value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date | time) else str(value).strip()
