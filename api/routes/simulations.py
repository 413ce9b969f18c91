"""Questions to the twin, as the command line has them; what takes longer runs on, and any answer has a link."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Query, Request, Response

from api.asked import Db, Moment, ThePlace
from api.community import said
from api.jobs import Jobs
from api.paging import Page, Pages
from api.tags import matched, shown
from simulations import asking, questions
from simulations.asking import Asked
from simulations.edits import Plan
from twin import runs
from twin.db import Connection
from twin.errors import NotFound
from twin.places import Place
from twin.runs import Run

router = APIRouter()

ACCEPTED = 202


@router.post("/api/simulate/{name}")
def simulate(  # noqa: PLR0917 -- the request's parts
    request: Request,
    response: Response,
    connection: Db,
    place: ThePlace,
    name: str,
    moment: Annotated[Moment, Query()],
    body: Annotated[dict[str, Any] | None, Body()] = None,
) -> dict[str, Any]:
    """Answer a question, or begin to (202); the same inputs give the kept answer. run is its hash, link where it is."""
    question = questions.read(name, json.dumps(body or {}).encode())
    at = question.at if isinstance(question, Plan) else moment.at
    asked = _asked(request, connection, place, at)
    inputs = asking.inputs(asked.community, asked.said, at, name, question)
    kept = _kept(connection, place, runs.hash_of(inputs))
    if kept is not None and kept.state in {"running", "done"}:
        response.status_code = ACCEPTED if kept.state == "running" else 200
        return _whole(kept)
    if questions.QUESTIONS[name].is_long:
        found = _jobs(request).start(place.code, at, name, question, inputs, by=_who(request))
        response.status_code = ACCEPTED
        return {"run": found, "link": f"/api/runs/{found}", "state": "running"}
    return _now(request, asked, name, question, inputs)


@router.get("/api/runs")
def listed(connection: Db, place: ThePlace, pages: Pages, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """List the runs, the newest first."""
    after = pages.after(page, datetime, str)
    rows = runs.listed(connection, place.id, most=page.limit + 1, after=after and (after[0], after[1]))
    found = pages.cut(rows, page, lambda run: (run.created_at, run.hash))
    return {"runs": [_line(run) for run in found.rows], "next": found.next}


@router.get("/api/runs/{run}", dependencies=[shown("run", "run")])
def show(connection: Db, place: ThePlace, run: str) -> dict[str, Any]:
    """Give a run: its inputs, how far it is, its answer."""
    return _whole(runs.get(connection, place.id, run))


@router.post("/api/runs/{run}/stop", dependencies=[matched("run", "run")])
def stop(connection: Db, place: ThePlace, run: str) -> dict[str, Any]:
    """Ask that a run be stopped; a search that has an answer already ends with it."""
    found = runs.get(connection, place.id, run)
    runs.stop(connection, place.id, found.hash)
    return _line(found)


def _asked(request: Request, connection: Connection, place: Place, at: datetime | None) -> Asked:
    shelf = request.app.state.shelf
    with shelf.lock:
        community = shelf.take(connection, place, at)
        return Asked(connection, community, said(connection, community, at), at)


def _now(request: Request, asked: Asked, name: str, question: msgspec.Struct, inputs: asking.Inputs) -> dict[str, Any]:
    """Answer at once, one question at a time, and keep it."""
    with request.app.state.shelf.lock:
        answer = questions.ask(asked, name, question)
    place = asked.community.place
    found = runs.keep(asked.connection, place.id, name, inputs, answer, by=_who(request))
    return {"run": found, "link": f"/api/runs/{found}", "state": "done", "answer": answer}


def _kept(connection: Connection, place: Place, found: str) -> Run | None:
    try:
        return runs.get(connection, place.id, found)
    except NotFound:
        return None


def _jobs(request: Request) -> Jobs:
    """Give this process's jobs, made when first asked for."""
    state = request.app.state
    if not hasattr(state, "simulating"):
        state.simulating = Jobs(state.engine)
    jobs: Jobs = state.simulating
    return jobs


def _who(request: Request) -> str | None:
    who = getattr(request.state, "who", None)
    return None if who is None else str(who.name)


def _line(run: Run) -> dict[str, Any]:
    return {
        "run": run.hash,
        "link": f"/api/runs/{run.hash}",
        "question": run.question,
        "state": run.state,
        "network_version": run.network_version,
        "progress": run.progress,
        "reason": run.reason,
        "created_at": run.created_at.isoformat(),
        "created_by": run.created_by,
    }


def _whole(run: Run) -> dict[str, Any]:
    return {**_line(run), "inputs": run.inputs, "answer": run.answer}
