"""Alarm rules as people change them: limits, hysteresis, hold and lock times, severity; and what each was before."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StrictBool, StrictInt

from api import acts
from api.asked import Db
from api.paging import Page, Pages
from api.tags import matched
from twin import rule_edits
from twin.terms import Severity

router = APIRouter(prefix="/api/alarm-rules")

LINE = r"^[^\x00-\x1f\x7f]*$"
YEAR_S = 366 * 86_400

Rule = Annotated[int, Path(ge=1, le=2**31 - 1)]
Limit = FiniteFloat | None
Seconds = Annotated[StrictInt, Field(ge=0, le=YEAR_S)]


class Edited(BaseModel):
    """What is to be otherwise, and why; a limit of null is none, what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    severity: Severity = Severity.NOTICE
    above: Limit = None
    below: Limit = None
    clear_below: Limit = None
    clear_above: Limit = None
    within_s: Annotated[StrictInt, Field(ge=1, le=YEAR_S)] | None = None
    hold_s: Seconds = 0
    lock_s: Seconds = 0
    intervals: Annotated[float, Field(ge=1, le=10_000)] | None = None
    people: Annotated[StrictInt, Field(ge=1, le=1_000_000_000)] | None = None
    escalate_after_s: Annotated[StrictInt, Field(ge=1, le=YEAR_S)] | None = None
    enabled: StrictBool = True
    reason: str = Field(default="", max_length=200, pattern=LINE)

    def wanted(self) -> dict[str, Any]:
        """Give what was named."""
        return self.model_dump(exclude_unset=True, exclude={"reason", "like", "thing"}, mode="json")


class Own(Edited):
    """A rule for one device alone: which rule it takes the place of, and what is otherwise."""

    like: StrictInt = Field(ge=1, le=2**31 - 1)
    thing: str = Field(min_length=1, max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]+$")


@router.post("", status_code=201)
def make(connection: Db, own: Own) -> dict[str, Any]:
    """Make a rule for one device alone, in the place of that of its type."""
    acts.by(connection, own.reason or f"a rule for {own.thing} alone")
    return rule_edits.make(connection, own.like, own.thing, own.wanted())


@router.patch("/{rule_id}", dependencies=[matched("alarm rule", "rule_id")])
def change(connection: Db, rule_id: Rule, edited: Edited) -> dict[str, Any]:
    """Change a rule; it holds so from the next reading on."""
    acts.by(connection, edited.reason or f"alarm rule {rule_id} changed")
    return rule_edits.change(connection, rule_id, edited.wanted())


@router.delete("/{rule_id}", dependencies=[matched("alarm rule", "rule_id")])
def remove(connection: Db, rule_id: Rule) -> dict[str, int]:
    """Take away the rule of one device alone; that of its type holds again."""
    acts.by(connection, f"alarm rule {rule_id} removed")
    rule_edits.remove(connection, rule_id)
    return {"id": rule_id}


@router.get("/{rule_id}/history")
def history(connection: Db, pages: Pages, rule_id: Rule, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """Give what a rule is and was, the newest first, with who made it so, when and why."""
    rows = rule_edits.history(connection, rule_id)
    found = pages.of(rows, page, lambda row: (row["revision"],), int, descending=True)
    return {"history": found.rows, "next": found.next}
