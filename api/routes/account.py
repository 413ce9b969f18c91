"""What came in and what was refused, as numbers: received = stored + duplicate + quarantined."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.asked import Db
from twin import account as twin_account

router = APIRouter()


class Span(BaseModel):
    """How far back to count."""

    model_config = ConfigDict(extra="forbid")

    hours: int = Field(default=24, ge=1, le=24 * 366)


@router.get("/api/account")
def account(connection: Db, span: Annotated[Span, Query()]) -> dict[str, Any]:
    """Add up the readings of the last hours."""
    since = datetime.now(UTC) - timedelta(hours=span.hours)
    tally = twin_account.total(connection, since)
    return {
        "since": since.isoformat(),
        "messages": tally.messages,
        "received": tally.received,
        "stored": tally.stored,
        "duplicate": tally.duplicate,
        "quarantined": tally.quarantined,
    }


@router.get("/api/quarantine")
def quarantine(connection: Db, span: Annotated[Span, Query()]) -> dict[str, Any]:
    """Count what was refused in the last hours; the payloads are for the integrator's own screen."""
    since = datetime.now(UTC) - timedelta(hours=span.hours)
    return {"since": since.isoformat(), "count": twin_account.total(connection, since).quarantined}
