"""CSV as spreadsheets open it: UTF-8 with its mark, what it is about in `#` lines before the header, shapes as WKT.

A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

import shapely

from api.formats.table import Table

__all__ = ["MEDIA_TYPE", "SUFFIX", "write"]

SUFFIX = "csv"
MEDIA_TYPE = "text/csv; charset=utf-8"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
MARK = "\ufeff"


def write(table: Table) -> bytes:
    """Write a table as CSV."""
    out = io.StringIO()
    out.write(MARK)
    lines = csv.writer(out, lineterminator="\r\n")
    for name, value in table.about.items():
        lines.writerow([f"# {name}: {value}"])
    columns = dict(table.columns)
    if table.shapes is not None:
        columns["geometry"] = [_wkt(wkb) for wkb in table.shapes.wkb]
    lines.writerow(columns)
    lines.writerows([_cell(value) for value in row] for row in zip(*columns.values(), strict=True))
    return out.getvalue().encode()


def _wkt(wkb: bytes | None) -> str | None:
    return None if wkb is None else shapely.to_wkt(shapely.from_wkb(wkb), rounding_precision=7)


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else value
