"""What a route asks for by type: a connection, the place, and queries that take no unknown name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api import once
from twin import places
from twin.db import Connection
from twin.places import Place
from twin.terms import MobilityGroup, Service


async def _connection(request: Request) -> AsyncIterator[Connection]:
    """Open one transaction for one request; it is committed when the answer is made, rolled back when that fails.

    A request waits for its turn here and not in a worker thread for a connection: the requests that have one need a
    thread to go on, and with all of them waiting none ever would.
    """
    async with request.app.state.turns, contextmanager_in_threadpool(request.app.state.engine.begin()) as connection:
        yield connection
        await run_in_threadpool(once.made, request, connection)


Db = Annotated[Connection, Depends(_connection, scope="function")]


def _place(request: Request, connection: Db) -> Place:
    return places.get(connection, request.app.state.settings.place)


ThePlace = Annotated[Place, Depends(_place)]


class Moment(BaseModel):
    """As of when; now where it is not said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: AwareDatetime | None = None


class Question(BaseModel):
    """Which service, for whom, within what time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: Service
    group: MobilityGroup
    minutes: int = Field(ge=1, le=60)


class PastQuestion(Question, Moment):
    """A question that may be put to the past."""
