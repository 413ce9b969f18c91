"""The summary of a screen to be read aloud, as sentences and as sound; composed of figures here, never of a text sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api import aloud, board, ways
from api.asked import Db, ThePlace
from api.definition import file_of
from api.routes.near import Walk
from api.ways import Asked
from twin import runs
from twin.db import Connection
from twin.errors import Refused
from twin.places import Place
from twin.terms import Service
from viz import audit, spoken

router = APIRouter()

Language = Literal["zh", "en"]


class Telling(BaseModel):
    """Of what, and in which language; run: the audit's, of which alone it is asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lang: Language = "zh"
    run: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    service: Service | None = None


class WalkTelling(Walk):
    """From which building, how one walks, and to what, in which language."""

    lang: Language = "zh"


About = Literal["now", "audit"]


@router.get("/api/spoken/near/wav", response_class=Response, responses={200: file_of("audio/wav")})
def near_wav(request: Request, connection: Db, place: ThePlace, telling: Annotated[WalkTelling, Query()]) -> Response:
    """Read aloud what can be reached from a building."""
    asked, shelf = Asked(telling.building, telling.group, datetime.now(UTC)), request.app.state.shelf
    if telling.service is None:
        answer = ways.overview(connection, shelf, place, asked)
    else:
        answer = ways.one(connection, shelf, place, asked, telling.service)
    return _sound(spoken.near(answer, telling.lang), telling.lang)


@router.get("/api/spoken/{about}/text")
def text(connection: Db, place: ThePlace, about: About, telling: Annotated[Telling, Query()]) -> dict[str, Any]:
    """Give a screen's summary in sentences: of the present, or of a run of the audit."""
    return {"lang": telling.lang, "sentences": _sentences(connection, place, about, telling)}


@router.get("/api/spoken/{about}/wav", response_class=Response, responses={200: file_of("audio/wav")})
def sound(connection: Db, place: ThePlace, about: About, telling: Annotated[Telling, Query()]) -> Response:
    """Read the same aloud."""
    return _sound(_sentences(connection, place, about, telling), telling.lang)


def _sentences(connection: Connection, place: Place, about: About, telling: Telling) -> list[str]:
    if about == "now":
        sections = ("losses", "figures", "alarms")
        return spoken.now(place, {name: board.SECTIONS[name](connection, place) for name in sections}, telling.lang)
    if telling.run is None:
        raise Refused("of which run of the audit: say run")
    services = () if telling.service is None else (telling.service,)
    return audit.summary(place, audited(connection, place, telling.run), telling.lang, services)


def audited(connection: Connection, place: Place, run: str) -> dict[str, Any]:
    """Give the answer of a run of the audit; raises NotFound, Refused where it is another question's or has none."""
    found = runs.get(connection, place.id, run)
    if found.question != "audit" or found.answer is None or "elements" not in found.answer:
        raise Refused("that run is no audit that has ended")
    return found.answer


def _sound(sentences: list[str], language: str) -> Response:
    return Response(aloud.wav(sentences, language), media_type="audio/wav", headers={"Cache-Control": "private"})
