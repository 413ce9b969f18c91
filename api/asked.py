"""What a route asks for by type: a connection, the place, and queries that take no unknown name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from twin import places
from twin.db import Connection
from twin.places import Place
from twin.terms import MobilityGroup, Service


def _connection(request: Request) -> Iterator[Connection]:
    """Open one transaction for one request; it is committed when the answer is made, rolled back when that fails."""
    with request.app.state.engine.begin() as connection:
        yield connection


Db = Annotated[Connection, Depends(_connection, scope="function")]


def _place(request: Request, connection: Db) -> Place:
    return places.get(connection, request.app.state.settings.place)


ThePlace = Annotated[Place, Depends(_place)]


class Question(BaseModel):
    """Which service, for whom, within what time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: Service
    group: MobilityGroup
    minutes: int = Field(ge=1, le=60)
