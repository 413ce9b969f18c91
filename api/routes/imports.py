"""Send a file to be loaded: it is taken, worked through in the background, and what became of it can be asked."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from api import once
from api.asked import Db, ThePlace
from api.paging import Page, Pages
from api.tags import shown
from ingest.loaders.jobs import Jobs
from twin import imports, places
from twin.errors import Refused
from twin.imports import ImportKind, Job

LARGEST_ID = 2**31 - 1
MOST_WAITING = 20
MOST_FIELDS = 10
LONGEST_NAME = 120
YES = {"": False, "no": False, "yes": True}
FIELDS = {"kind", "datum", "partial", "suppressed", "file"}


@asynccontextmanager
async def _working(app: FastAPI) -> AsyncIterator[None]:
    """Work through the jobs for as long as the application runs; those that an earlier one left are interrupted."""
    engine = app.state.engine
    app.state.jobs = Jobs(engine.url.render_as_string(hide_password=False))
    yield
    await run_in_threadpool(app.state.jobs.stop)


router = APIRouter(lifespan=_working)


def may_import(request: Request) -> str:
    """Give the name of who asks: whom the layer of access before the routes has found to be an integrator."""
    who = getattr(request.state, "who", None)
    return str(who.name) if who else "import"


Asker = Annotated[str, Depends(may_import)]
JobId = Annotated[int, InPath(ge=1, le=LARGEST_ID)]


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it was sent: its file stands in a folder of its own."""

    kind: str
    datum: str | None
    partial: bool
    suppressed: tuple[str, ...]
    folder: Path
    file: Path


@router.post("/api/imports", status_code=HTTPStatus.ACCEPTED)
async def send(request: Request, asked_by: Asker) -> Any:
    """Take a file (multipart/form-data: kind, datum, partial, suppressed, file) and give the job that loads it."""
    settings = request.app.state.settings
    try:
        async with asyncio.timeout(settings.upload_s):
            form = await _form(request, settings.upload_bytes)
    except TimeoutError:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "the file did not come in time") from None
    try:
        sent = await run_in_threadpool(_sent, form)
    finally:
        await form.close()
    with ExitStack() as refused:
        refused.callback(shutil.rmtree, sent.folder, ignore_errors=True)
        taken = await run_in_threadpool(_take, request, sent, asked_by)
        if isinstance(taken, Response):
            return taken
        refused.pop_all()  # the job's end takes its folder away
    return _shown(taken)


@router.get("/api/imports")
def list_jobs(
    connection: Db, place: ThePlace, pages: Pages, page: Annotated[Page, Query()], _: Asker
) -> list[dict[str, Any]]:
    """List the files that were sent, the latest first; a Link header leads to the next page."""
    imports.interrupt_lost(connection)
    after = pages.after(page, int)
    rows = imports.jobs(connection, place.id, most=page.limit + 1, before=after[0] if after else None)
    return [_shown(job) for job in pages.cut(rows, page, lambda job: (job.id,)).rows]


@router.get("/api/imports/{job_id}", dependencies=[shown("import", "job_id")])
def one_job(job_id: JobId, connection: Db, _: Asker) -> dict[str, Any]:
    """Say what became of a file, or how far it is: state, step, receipts or refusal in both languages."""
    imports.interrupt_lost(connection)
    return _shown(imports.get(connection, job_id))


async def _form(request: Request, most: int) -> FormData:
    """Read a form with one file piece by piece, on the disk where it is large; refuses what is more or no form."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a file comes as multipart/form-data")

    async def pieces() -> AsyncGenerator[bytes, None]:
        count = 0
        async for piece in request.stream():
            count += len(piece)
            if count > most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the file is larger than {most} bytes")
            yield piece

    try:
        return await MultiPartParser(request.headers, pieces(), max_files=1, max_fields=MOST_FIELDS).parse()
    except (MultiPartException, KeyError) as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"no form: {error}"[:200]) from None


def _sent(form: FormData) -> Sent:
    """Check a form and put its file down under its own last name, whose ending says what it is."""
    if strange := set(form) - FIELDS:
        raise Refused(f"unknown field {', '.join(sorted(strange))[:80]}; there are {', '.join(sorted(FIELDS))}")
    kind, datum, partial = (_text(form, name) for name in ("kind", "datum", "partial"))
    if kind not in list(ImportKind):
        raise Refused(f"kind must be one of {', '.join(ImportKind)}")
    if partial not in YES:
        raise Refused("partial must be yes or no")
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise Refused("no file")
    name = Path((upload.filename or "").replace("\\", "/")).name
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or name.startswith("."):
        raise Refused("the file has no name that can be kept")
    folder = Path(tempfile.mkdtemp(prefix="linli-import-"))
    file = folder / name
    with file.open("wb") as target:
        shutil.copyfileobj(upload.file, target)
    suppressed = tuple(str(each) for each in form.getlist("suppressed"))
    return Sent(kind, datum or None, YES[partial], suppressed, folder, file)


def _text(form: FormData, name: str) -> str:
    said = form.get(name, "")
    if not isinstance(said, str):
        raise Refused(f"{name} is a text")
    return said.strip()


def _take(request: Request, sent: Sent, asked_by: str) -> Job | Response:
    """Write the job down and have it worked on, or give the answer to the same request before."""
    app = request.app
    with sent.file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    whole = (sent.kind, sent.datum, sent.partial, sent.suppressed, sent.file.name, digest)
    kept = once.begin(request, repr(whole).encode())
    if kept is not None:
        return kept
    with app.state.engine.begin() as connection:
        place = places.get(connection, app.state.settings.place)
        if imports.waiting(connection) >= MOST_WAITING:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "too many files wait to be loaded")
        job_id = imports.add(
            connection,
            place.id,
            kind=sent.kind,
            file_name=sent.file.name,
            size=sent.file.stat().st_size,
            digest=digest,
            datum=sent.datum,
            partial=sent.partial,
            asked_by=asked_by,
        )
        once.made(request, connection)
        # held before anybody can see it: a job that nobody holds counts as cut short
        app.state.jobs.hold(job_id)
    app.state.jobs.take(job_id, sent.folder, sent.file, place=place.code, suppressed=sent.suppressed)
    with app.state.engine.begin() as connection:
        return imports.get(connection, job_id)


def _shown(job: Job) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(job)
    return shown
