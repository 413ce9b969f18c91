"""Alarms: read them by page, take them on, hand them over, note on them, close them; and the rules that raise them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StrictInt

from api import alarm_rows
from api.asked import Db, ThePlace
from api.paging import Page, Pages
from api.tags import matched, shown
from twin import acting, alarm_list, alarm_rules, alarms
from twin.alarm_list import Mark, Standing
from twin.db import Connection
from twin.errors import Refused
from twin.terms import Severity

router = APIRouter()

LARGEST_ID = 2**63 - 1
MOST_AT_ONCE = 500
LINE = r"^[^\x00-\x1f\x7f]+$"  # one line of text
TEXT = r"^[^\x00-\x09\x0b-\x1f\x7f]+$"  # several
MARK = re.compile(r"(\d{1,3})-(\d{1,18})")

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Rule = Annotated[int, Path(ge=1, le=2**31 - 1)]
ALARM = [matched("alarm", "alarm_id")]
By = Annotated[str | None, Field(min_length=1, max_length=80, pattern=LINE)]


class Body(BaseModel):
    """A body that takes no unknown name."""

    model_config = ConfigDict(extra="forbid")


class Taken(Body):
    """Who takes the alarm on; not needed of who has signed in."""

    by: By = None


class AllTaken(Taken):
    """Several alarms at once."""

    ids: list[Annotated[StrictInt, Field(ge=1, le=LARGEST_ID)]] = Field(min_length=1, max_length=MOST_AT_ONCE)


class Assigned(Taken):
    """Who is to see to it; None: nobody any more."""

    to: str | None = Field(min_length=1, max_length=80, pattern=LINE)


class Noted(Taken):
    """A note."""

    text: str = Field(min_length=1, max_length=2_000, pattern=TEXT)


class Switched(Body):
    """Whether a rule holds."""

    enabled: StrictBool


class Absence(Taken):
    """Nobody is at home where a device is, from when until when."""

    thing: str = Field(min_length=1, max_length=200, pattern=LINE)
    from_at: AwareDatetime
    until_at: AwareDatetime


class Wanted(Page):
    """Which alarms; `after` is the `mark` of one, behind which the first page begins."""

    standing: Standing = Standing.OPEN
    severity: Severity | None = None
    after: str | None = Field(default=None, max_length=30)
    limit: int = Field(default=50, ge=1, le=200)


@router.get("/api/alarms")
def page(connection: Db, place: ThePlace, pages: Pages, wanted: Annotated[Wanted, Query()]) -> dict[str, Any]:
    """Give a page of alarms, the most urgent first, and how many there are; `next` None: there is no further one."""
    dwellings = _sees_dwellings(connection)
    mark = pages.after(wanted, int, int) or (_mark(wanted.after) if wanted.after is not None else None)
    lines = alarm_list.page(
        connection,
        place.id,
        standing=wanted.standing,
        severity=wanted.severity,
        after=mark and Mark(*mark),
        limit=wanted.limit + 1,
        dwellings=dwellings,
    )
    found = pages.cut(lines, wanted, lambda line: (line.alarm.urgency, line.alarm.id))
    return {
        "alarms": [alarm_rows.row(line) for line in found.rows],
        "next": found.next,
        "total": alarm_rows.total(connection, place, dwellings=dwellings),
    }


@router.get("/api/alarms/{alarm_id}", dependencies=[shown("alarm", "alarm_id")])
def one(connection: Db, alarm_id: Id) -> dict[str, Any]:
    """Give an alarm with all that has happened to it."""
    dwellings = _sees_dwellings(connection)
    events = alarm_list.events(connection, alarm_id, dwellings=dwellings)
    (line,) = alarm_list.rows(connection, [alarm_id], dwellings=dwellings)
    told = [{"at": each.at.isoformat(), "what": each.what, "by": each.by, "note": each.note} for each in events]
    return alarm_rows.row(line) | {"events": told}


@router.post("/api/alarms/acknowledge")
def acknowledge_all(connection: Db, taken: AllTaken) -> dict[str, Any]:
    """Take on those of these alarms that stand and that nobody has taken on; gives them."""
    at, by = datetime.now(UTC), _actor(connection, taken.by)
    done = alarms.acknowledge_all(connection, taken.ids, by=by, at=at, dwellings=_sees_dwellings(connection))
    return {"ids": done, "acknowledged_at": at.isoformat(), "acknowledged_by": by}


@router.post("/api/alarms/{alarm_id}/acknowledge", dependencies=ALARM)
def acknowledge(connection: Db, alarm_id: Id, taken: Taken) -> dict[str, int | str]:
    """Put on record who has taken an alarm on; 409 where somebody was quicker or it has cleared."""
    at, by = datetime.now(UTC), _actor(connection, taken.by)
    alarms.acknowledge(connection, alarm_id, by=by, at=at, dwellings=_sees_dwellings(connection))
    return {"id": alarm_id, "acknowledged_at": at.isoformat(), "acknowledged_by": by}


@router.post("/api/alarms/{alarm_id}/assign", dependencies=ALARM)
def assign(connection: Db, alarm_id: Id, assigned: Assigned) -> dict[str, Any]:
    """Hand an alarm over; 409 where it is closed or that is so already."""
    _actor(connection, assigned.by)
    alarms.assign(connection, alarm_id, to=assigned.to, dwellings=_sees_dwellings(connection))
    return {"id": alarm_id, "assigned_to": assigned.to}


@router.post("/api/alarms/{alarm_id}/note", dependencies=ALARM)
def note(connection: Db, alarm_id: Id, noted: Noted) -> dict[str, Any]:
    """Write a note on an alarm."""
    by = _actor(connection, noted.by)
    alarms.note(connection, alarm_id, by=by, text=noted.text, dwellings=_sees_dwellings(connection))
    return {"id": alarm_id, "by": by}


@router.post("/api/alarms/{alarm_id}/close", dependencies=ALARM)
def close(connection: Db, alarm_id: Id, noted: Noted) -> dict[str, Any]:
    """Close an alarm that has cleared, with a note on what it was; 409 where it stands."""
    at, by = datetime.now(UTC), _actor(connection, noted.by)
    alarms.close(connection, alarm_id, by=by, text=noted.text, at=at, dwellings=_sees_dwellings(connection))
    return {"id": alarm_id, "closed_at": at.isoformat(), "closed_by": by}


@router.get("/api/alarm-rules")
def rules(connection: Db, pages: Pages, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """Give the rules with the sources of their numbers."""
    found = pages.of(alarm_rules.rules(connection), page, lambda rule: (rule["id"],), int)
    return {"rules": found.rows, "next": found.next}


@router.get("/api/alarm-rules/{rule_id}", dependencies=[shown("alarm rule", "rule_id")])
def rule(connection: Db, rule_id: Rule) -> dict[str, Any]:
    """Give one rule."""
    return alarm_rules.rule(connection, rule_id)


@router.post("/api/alarm-rules/{rule_id}/switch", dependencies=[matched("alarm rule", "rule_id")])
def switch(connection: Db, rule_id: Rule, switched: Switched) -> dict[str, Any]:
    """Let a rule hold, or not."""
    alarm_rules.switch(connection, rule_id, enabled=switched.enabled)
    return {"id": rule_id, "enabled": switched.enabled}


@router.post("/api/away")
def away(connection: Db, absence: Absence) -> dict[str, str]:
    """Say that nobody is at home where a device is, so that its stillness is no alarm; for the care role."""
    by = _actor(connection, absence.by)
    alarm_rules.leave(connection, absence.thing, from_at=absence.from_at, until_at=absence.until_at, by=by)
    return {"thing": absence.thing, "by": by}


def _mark(text: str) -> Mark:
    found = MARK.fullmatch(text)
    if found is None:
        raise Refused("after: not a mark")
    return Mark(int(found[1]), int(found[2]))


def _actor(connection: Connection, given: str | None) -> str:
    """Say who acts: who has signed in, else who the body says; what is done is then theirs."""
    by = acting.actor(connection, given)
    if by is None:
        raise Refused("by: nobody has signed in, so say who acts")
    acting.acting(connection, by, "alarms")
    return by


def _sees_dwellings(connection: Connection) -> bool:
    return acting.role(connection) == "care"
