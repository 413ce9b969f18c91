"""The form for notices as a browser without a script sends it: read, and what is wrong with it said on the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.screens import reader
from twin import addresses, grids, notices
from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.notices import Words
from twin.places import Place
from viz import notices as screen

__all__ = ["sent", "shown"]

MOST_TEXT = 100
LONGEST_FORM = 16_384  # bytes
USUAL = timedelta(days=1)
LARGEST_ID, DIGITS = 2**31 - 1, 10
EMPTY: Mapping[str, str] = {}
NO_TIME = "the times are not dates with an hour"


def shown(
    request: Request, connection: Connection, place: Place, *, wrong: str = "", form: Mapping[str, str] = EMPTY
) -> HTMLResponse:
    """Show what is up or will be, and the form; wrong: why what was sent, `form`, is not kept: it stays in the form."""
    query, now = request.query_params, datetime.now(UTC)
    zone = ZoneInfo(place.timezone)
    building = _number(form.get("building", "") or query.get("building", ""))
    text = query.get("text", "")[:MOST_TEXT]
    page = screen.Screen(
        rows=[_line(connection, place, one) for one in notices.coming(connection, place.id, now)],
        grids=[(int(key), code) for key, code in _grids(connection, place)],
        building=None if building is None else addresses.of_building(connection, place.id, building),
        text=text,
        found=addresses.find(connection, place.id, text),
        written=screen.Written(
            words=form.get("words", ""),
            words_zh=form.get("words_zh", ""),
            grid=_number(form.get("grid", "")),
            begins=form.get("begins", "") or _local(now, zone),
            ends=form.get("ends", "") or _local(now + USUAL, zone),
        ),
        wrong=wrong,
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return HTMLResponse(screen.page(place, reader(request), page), status)


def sent(request: Request, connection: Connection, place: Place, body: bytes) -> Response:
    """Do what a filled form asks for, and show the page again."""
    form = {name: found[0] for name, found in parse_qs(body[:LONGEST_FORM].decode("utf-8", "replace")).items()}
    by = request.state.who.name
    try:
        taken_down = _number(form.get("withdraw", ""))
        if taken_down is not None:
            notices.withdraw(connection, place.id, taken_down, by)
        else:
            notices.write(connection, place.id, _words(form, ZoneInfo(place.timezone)), by)
    except (Refused, NotFound) as error:
        return shown(request, connection, place, wrong=str(error), form=form)
    kept = {name: value for name, value in request.query_params.items() if name in {"lang", "theme", "size"}}
    return RedirectResponse(f"notices?{urlencode(kept)}", HTTPStatus.SEE_OTHER)


def _words(form: dict[str, str], zone: ZoneInfo) -> Words:
    try:
        begins, ends = (datetime.fromisoformat(form.get(name, "")) for name in ("begins", "ends"))
    except ValueError as error:
        raise Refused(NO_TIME) from error
    if begins.tzinfo or ends.tzinfo:
        raise Refused(NO_TIME)
    return Words(
        text=form.get("words", ""),
        text_zh=form.get("words_zh", ""),
        begins_at=begins.replace(tzinfo=zone),
        ends_at=ends.replace(tzinfo=zone),
        grid_id=_number(form.get("grid", "")),
        building_id=_number(form.get("building", "")),
    )


def _grids(connection: Connection, place: Place) -> list[tuple[int, str]]:
    every = grids.load(connection, place.id)
    return list(zip(every.ids.tolist(), every.codes, strict=True))


def _line(connection: Connection, place: Place, one: notices.Notice) -> screen.Line:
    zone = ZoneInfo(place.timezone)
    whose = None if one.building_id is None else addresses.of_building(connection, place.id, one.building_id).label
    return screen.Line(
        id=one.id,
        text=one.text,
        text_zh=one.text_zh,
        whose=whose or one.grid_code,
        begins=_local(one.begins_at, zone),
        ends=_local(one.ends_at, zone),
        by=one.written_by,
    )


def _local(moment: datetime, zone: ZoneInfo) -> str:
    """Write a moment as a browser's form has it: the place's time, to the minute."""
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def _number(text: str) -> int | None:
    """Read a key; None for what is none."""
    is_one = text.isascii() and text.isdecimal() and len(text) <= DIGITS and 0 < int(text) <= LARGEST_ID
    return int(text) if is_one else None
