"""Alarms: take one on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from api.asked import Db
from twin import alarms

router = APIRouter()

LARGEST_ID = 2**63 - 1


class Taken(BaseModel):
    """Who takes the alarm on."""

    model_config = ConfigDict(extra="forbid")

    by: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")


@router.post("/api/alarms/{alarm_id}/acknowledge")
def acknowledge(
    connection: Db, alarm_id: Annotated[int, Path(ge=1, le=LARGEST_ID)], taken: Taken
) -> dict[str, int | str]:
    """Put on record who has taken an alarm on; 409 where somebody was quicker or it has cleared."""
    at = datetime.now(UTC)
    alarms.acknowledge(connection, alarm_id, by=taken.by, at=at)
    return {"id": alarm_id, "acknowledged_at": at.isoformat(), "acknowledged_by": taken.by}
