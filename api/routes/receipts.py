"""Receipts of imports: what each did, which rows it rejected and why; and to take one back."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query

from api import acts
from api.asked import Db
from api.paging import Page, Pages
from twin import receipts

router = APIRouter(prefix="/api/receipts")

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("")
def entries(connection: Db, pages: Pages, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """Give the imports, the latest first: rows read, added, changed, removed and rejected, and whether it was taken back."""
    found = pages.of(receipts.entries(connection), page, lambda entry: (entry.id,), int, descending=True)
    return {"receipts": msgspec.to_builtins(found.rows), "next": found.next}


@router.get("/{receipt_id}")
def one(connection: Db, receipt_id: Id) -> dict[str, Any]:
    """Give one import with its parts: the rejected rows, each with its reason, and what is worth knowing."""
    entry, parts = receipts.get(connection, receipt_id)
    whole: dict[str, Any] = msgspec.to_builtins(entry)
    return whole | {"parts": parts}


@router.post("/{receipt_id}/undo")
def undo(connection: Db, receipt_id: Id) -> dict[str, Any]:
    """Put back exactly what was before; 422 with the reason where later changes stand on it."""
    by = acts.by(connection, f"undo receipt {receipt_id}")
    return {"id": receipt_id, "put_back": receipts.undo(connection, receipt_id, by)}
