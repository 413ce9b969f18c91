"""What was set aside, with its payload and its reason; and to have it tried again after something was mended."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Self

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from api import acts, payloads
from api.asked import Db
from api.paging import Page, Pages
from twin import quarantine, retries
from twin.quarantine import Kept
from twin.reasons import Reason

router = APIRouter(prefix="/api/quarantine")

LARGEST_ID = 2**63 - 1
LINE = r"^[^\x00-\x1f\x7f]*$"
IN_A_LIST, ALONE = 400, 65_536  # bytes of a payload that are shown

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]


class Wanted(Page):
    """Which messages: of a reason, and with these letters in topic, device or property."""

    reason: Reason | None = None
    search: str = Field(default="", max_length=200, pattern=LINE)
    limit: int = Field(default=50, ge=1, le=200)


class Again(BaseModel):
    """What is to be tried again: one message, or all of a reason, of a topic, or of both."""

    model_config = ConfigDict(extra="forbid")

    message: StrictInt | None = Field(default=None, ge=1, le=LARGEST_ID)
    reason: Reason | None = None
    topic: str | None = Field(default=None, min_length=1, max_length=1_100, pattern=LINE)

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if self.message is None and self.reason is None and self.topic is None:
            raise ValueError("say which: a message, a reason or a topic")
        return self


@router.get("/reasons")
def reasons(connection: Db) -> dict[str, Any]:
    """Add up what is set aside by reason, the most first."""
    return {"reasons": msgspec.to_builtins(quarantine.reasons(connection))}


@router.get("/messages")
def messages(connection: Db, pages: Pages, wanted: Annotated[Wanted, Query()]) -> dict[str, Any]:
    """Give what is set aside, the last seen first, with the beginning of each payload."""
    after = pages.after(wanted, datetime, int)
    rows = quarantine.page(
        connection,
        reason_code=wanted.reason,
        search=wanted.search,
        most=wanted.limit + 1,
        after=None if after is None else (after[0], after[1]),
    )
    found = pages.cut(rows, wanted, lambda row: (row.last_seen, row.id))
    return {"messages": [_row(row, IN_A_LIST) for row in found.rows], "next": found.next}


@router.get("/messages/{message_id}")
def message(connection: Db, message_id: Id) -> dict[str, Any]:
    """Give one with all of its payload that is kept, at most 64 KiB."""
    return _row(quarantine.get(connection, message_id), ALONE)


@router.post("/retries", status_code=HTTPStatus.ACCEPTED)
def ask(connection: Db, again: Again) -> dict[str, Any]:
    """Have it tried again by the ingest that runs; it is stored with its own time, and the account is moved."""
    by = acts.by(connection, "try again what was set aside")
    job = retries.ask(connection, by, quarantine_id=again.message, reason_code=again.reason, topic=again.topic)
    return _job(connection, job)


@router.get("/retries")
def jobs(connection: Db, pages: Pages, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """Give what was asked to be tried again, the latest first."""
    after = pages.after(page, int)
    rows = retries.jobs(connection, most=page.limit + 1, before=after[0] if after else None)
    found = pages.cut(rows, page, lambda job: (job.id,))
    return {"retries": msgspec.to_builtins(found.rows), "next": found.next}


@router.get("/retries/{retry_id}")
def job(connection: Db, retry_id: Id) -> dict[str, Any]:
    """Say how far a retry is, and what came of it; ended_at null: ingest has not come to its end."""
    return _job(connection, retry_id)


def _job(connection: Db, job_id: int) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(retries.get(connection, job_id))
    return shown


def _row(row: Kept, most: int) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(row) | {"payload": payloads.shown(row.payload, row.payload_bytes, most)}
    is_whole = row.payload_bytes == len(row.payload) and row.retried_at is None
    return shown | {"property": shown.pop("name"), "can_retry": is_whole}
