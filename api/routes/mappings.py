"""Mappings: how plain JSON of some topics is read. Written here, and read by from the next message on."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from api import acts, payloads
from api.asked import Db
from api.paging import Page, Pages
from api.tags import matched, shown
from ingest import preview
from ingest.preview import Checked, Wrong
from twin import devices, mappings, quarantine
from twin.errors import Refused
from twin.mappings import LONGEST, Entry
from twin.quarantine import Kept

router = APIRouter(prefix="/api/mappings")

LARGEST_ID = 2**31 - 1
MOST_MESSAGES = 8
SHOWN_BYTES = 2_000  # of a payload beside its readings
LINE = r"^[^\x00-\x1f\x7f]+$"
TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]


class Body(BaseModel):
    """A body that takes no unknown name."""

    model_config = ConfigDict(extra="forbid")


class Written(Body):
    """A mapping: its name, its TOML, whether ingest reads by it, and why it is so."""

    name: str = Field(min_length=1, max_length=80, pattern=LINE)
    text: str = Field(max_length=LONGEST, pattern=TEXT)
    enabled: StrictBool = True
    reason: str = Field(default="", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")


class Sample(Body):
    """A message that is at hand."""

    topic: str = Field(min_length=1, max_length=1_024, pattern=LINE)
    payload: str = Field(max_length=LONGEST)


class Tried(Body):
    """A text to be tried on the last messages of its topics that were set aside, or on a sample."""

    text: str = Field(max_length=LONGEST, pattern=TEXT)
    sample: Sample | None = None


class Begun(Body):
    """The message of the quarantine that a first mapping is wanted for."""

    message: StrictInt = Field(ge=1, le=2**63 - 1)


@router.get("")
def entries(connection: Db, pages: Pages, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """Give the mappings by name, with who changed each last, when and why."""
    found = pages.of(mappings.entries(connection), page, lambda entry: (entry.name,), str)
    return {"mappings": [_shown(entry) for entry in found.rows], "next": found.next}


@router.post("", status_code=201)
def add(connection: Db, written: Written) -> dict[str, Any]:
    """Keep a new mapping, checked; ingest reads by it at once."""
    preview.check(written.text)
    acts.by(connection, written.reason or f"new mapping {written.name}")
    made = mappings.add(connection, written.name, written.text, enabled=written.enabled)
    return _shown(mappings.get(connection, made))


@router.post("/preview")
def try_out(connection: Db, tried: Tried) -> dict[str, Any]:
    """Show what a text would read of the last messages set aside on its topics, and what ingest would do with it.

    `problem` is the one thing that is wrong with the text, with its line; nothing is kept or stored.
    """
    try:
        checked = preview.check(tried.text)
    except Wrong as wrong:
        return {"problem": {"line": wrong.line, "reason": str(wrong)}, "filter": None, "messages": []}
    slots = devices.register(connection)
    if tried.sample is not None:
        payload = tried.sample.payload.encode()
        read = _read(checked, tried.sample.topic, payload, 0, slots)
        return {
            "problem": None,
            "filter": checked.filter,
            "messages": [{"id": None, "topic": tried.sample.topic} | read],
        }
    rows = quarantine.samples(connection, checked.filter, MOST_MESSAGES)
    return {"problem": None, "filter": checked.filter, "messages": [_message(checked, row, slots) for row in rows]}


@router.post("/draft")
def begin(connection: Db, begun: Begun) -> dict[str, str]:
    """Write a first mapping of a message that was set aside, for a person to mend; units are left out."""
    row = quarantine.get(connection, begun.message)
    try:
        return {"text": preview.draft(row.topic, row.payload, devices.register(connection).keys())}
    except preview.Unreadable as why:
        raise Refused(f"no mapping can read this: {why.reason}") from None


@router.get("/{mapping_id}", dependencies=[shown("mapping", "mapping_id")])
def one(connection: Db, mapping_id: Id) -> dict[str, Any]:
    """Give one mapping."""
    return _shown(mappings.get(connection, mapping_id))


@router.put("/{mapping_id}", dependencies=[matched("mapping", "mapping_id")])
def change(connection: Db, mapping_id: Id, written: Written) -> dict[str, Any]:
    """Let a mapping be so from now on, checked; ingest reads by it at once, and what it was stays in its history."""
    preview.check(written.text)
    acts.by(connection, written.reason or f"mapping {written.name} changed")
    mappings.change(connection, mapping_id, written.name, written.text, enabled=written.enabled)
    return _shown(mappings.get(connection, mapping_id))


@router.delete("/{mapping_id}", dependencies=[matched("mapping", "mapping_id")])
def remove(connection: Db, mapping_id: Id) -> dict[str, int]:
    """Let a mapping go; its history stays."""
    acts.by(connection, f"mapping {mapping_id} removed")
    mappings.remove(connection, mapping_id)
    return {"id": mapping_id}


@router.get("/{mapping_id}/history")
def history(connection: Db, pages: Pages, mapping_id: Id, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """Give what a mapping is and was, the newest first, with who made it so, when and why."""
    rows = mappings.history(connection, mapping_id)
    found = pages.of(rows, page, lambda entry: (entry.revision,), int, descending=True)
    return {"history": [_shown(entry) for entry in found.rows], "next": found.next}


def _shown(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(entry)
    try:
        topics, problem = preview.check(entry.text).filter, None
    except Wrong as wrong:  # an older linli took it
        topics, problem = None, str(wrong)
    return row | {"filter": topics, "problem": problem}


def _message(checked: Checked, row: Kept, slots: dict[tuple[str, str], devices.Slot]) -> dict[str, Any]:
    received_us = round(row.first_seen.timestamp() * 1e6)
    head = {"id": row.id, "topic": row.topic, "last_seen": row.last_seen.isoformat()}
    return head | _read(checked, row.topic, row.payload, received_us, slots)


def _read(
    checked: Checked, topic: str, payload: bytes, received_us: int, slots: dict[tuple[str, str], devices.Slot]
) -> dict[str, Any]:
    answer: dict[str, Any] = {"payload": payloads.shown(payload, len(payload), SHOWN_BYTES)}
    try:
        readings = preview.read(checked, topic, payload, received_us, slots)
    except preview.Unreadable as why:
        return answer | {"refusal": {"code": why.code, "reason": why.reason}, "readings": []}
    return answer | {"refusal": None, "readings": msgspec.to_builtins(readings)}
