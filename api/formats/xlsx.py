"""XLSX: the table on the first sheet, what it is about on the second; texts are texts, never formulas."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any

import shapely
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from api.formats.table import Table

__all__ = ["MEDIA_TYPE", "SUFFIX", "write"]

SUFFIX = "xlsx"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_NAME, LONGEST_TEXT = 31, 32_767  # of a sheet and of a cell, ECMA-376
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
NOT_IN_NAME = re.compile(r"[\[\]:*?/\\]")


def write(table: Table) -> bytes:
    """Write a table as a workbook."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(NOT_IN_NAME.sub(" ", table.name)[:LONGEST_NAME])
    columns = dict(table.columns)
    if table.shapes is not None and table.shapes.kind == "Point":
        points = shapely.from_wkb(list(table.shapes.wkb))
        columns |= {"x": shapely.get_x(points).tolist(), "y": shapely.get_y(points).tolist()}
    for row in (list(columns), *zip(*columns.values(), strict=True)):
        sheet.append([_cell(sheet, value) for value in row])
    about = book.create_sheet("about")
    for line in table.about.items():
        about.append([_cell(about, value) for value in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)  # a workbook knows no time zones
    if isinstance(value, float) and value != value:  # noqa: PLR0124  # a point that there is none of
        return None
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, NOT_IN_XML.sub("\ufffd", value)[:LONGEST_TEXT])
    cell.data_type = "s"
    return cell
