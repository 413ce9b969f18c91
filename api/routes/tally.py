"""The account by minute and source: received = stored + duplicate + quarantined, and whether the tables agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.asked import Db
from api.paging import Page, Pages
from twin import account

router = APIRouter(prefix="/api/account")


class Span(Page):
    """How far back, by page."""

    hours: int = Field(default=3, ge=1, le=24 * 31)


class Hours(BaseModel):
    """How far back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hours: int = Field(default=3, ge=1, le=24 * 31)


@router.get("/minutes")
def minutes(connection: Db, pages: Pages, span: Annotated[Span, Query()]) -> dict[str, Any]:
    """Give what came, by minute and source, the newest first; `difference` is what is not accounted for: 0."""
    after = pages.after(span, datetime, str)
    since = datetime.now(UTC) - timedelta(hours=span.hours)
    rows = account.minutes(
        connection, since, most=span.limit + 1, before=None if after is None else (after[0], after[1])
    )
    found = pages.cut(rows, span, lambda row: (row.minute, row.source))
    shown = [msgspec.to_builtins(row) | {"difference": row.difference} for row in found.rows]
    return {"since": since.isoformat(), "minutes": shown, "next": found.next}


@router.get("/balance")
def balance(connection: Db, span: Annotated[Hours, Query()]) -> dict[str, Any]:
    """Add the last hours up by source, and hold the whole account against the tables, as counted by the database itself."""
    since = datetime.now(UTC) - timedelta(hours=span.hours)
    found = account.balance(connection)
    sources = [
        {
            "source": source,
            "messages": tally.messages,
            "received": tally.received,
            "stored": tally.stored,
            "duplicate": tally.duplicate,
            "quarantined": tally.quarantined,
            "conflict": tally.conflict,
        }
        for source, tally in account.by_source(connection, since).items()
    ]
    return {
        "since": since.isoformat(),
        "sources": sources,
        "stored": found.stored,
        "stored_in_tables": found.inserted,
        "quarantined": found.quarantined,
        "quarantined_in_tables": found.set_aside,
        "is_true": found.is_true,
    }
