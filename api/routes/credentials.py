"""The broker's accounts of devices: made, renewed and withdrawn; a secret is shown once and kept nowhere here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Protocol

import msgspec
from fastapi import APIRouter, Path, Query, Request

from api import acts
from api.asked import Db, ThePlace
from api.paging import Page, Pages
from twin import credentials
from twin.errors import Refused

router = APIRouter(prefix="/api/credentials")

Key = Annotated[str, Path(min_length=1, max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Given(Protocol):
    """What is typed into a device."""

    @property
    def host(self) -> str:
        """Where the broker is."""
        ...

    @property
    def port(self) -> int:
        """And on which port."""
        ...

    @property
    def username(self) -> str:
        """Its client id too."""
        ...

    @property
    def password(self) -> str:
        """The secret."""
        ...

    @property
    def topics(self) -> tuple[str, ...]:
        """What it may write to."""
        ...


class Accounts(Protocol):
    """Who makes the broker's accounts; raises Refused where they are not made here."""

    def renew(self, name: str, topic: str) -> Given:
        """Give a device an account with a new password."""
        ...

    def withdraw(self, name: str) -> bool:
        """Take it away."""
        ...


class Wanted(Page):
    """Which devices: with these letters in key, name or topic."""

    search: str = ""


@router.get("")
def entries(connection: Db, place: ThePlace, pages: Pages, wanted: Annotated[Wanted, Query()]) -> dict[str, Any]:
    """Give the devices with when and by whom each was given its account; never a secret."""
    letters = wanted.search.casefold()
    rows = [row for row in credentials.credentials(connection, place.id) if letters in _words(row)]
    found = pages.of(rows, wanted, lambda row: (row.key,), str)
    return {"credentials": [_shown(row) for row in found.rows], "next": found.next}


@router.post("/{key:path}", status_code=201)
def renew(request: Request, connection: Db, key: Key) -> dict[str, Any]:
    """Make the account of an enrolled device, or give it a new password; it is shown this once.

    Whoever is connected with the password before is put out.
    """
    topic = credentials.topic_of(connection, key)
    if not credentials.can_have(key):
        raise Refused("this key cannot be a client name: letters, digits, _ . - and none of linli's own")
    credentials.made(connection, key, acts.by(connection, f"a credential for {key}"))
    given = _accounts(request).renew(key, topic)
    return {
        "key": key,
        "host": given.host,
        "port": given.port,
        "username": given.username,
        "password": given.password,
        "topics": list(given.topics),
    }


@router.delete("/{key:path}")
def withdraw(request: Request, connection: Db, key: Key) -> dict[str, Any]:
    """Take the account of a device away; whoever is connected with it is put out."""
    credentials.withdrawn(connection, key, acts.by(connection, f"the credential of {key} withdrawn"))
    return {"key": key, "withdrawn": _accounts(request).withdraw(key)}


def _accounts(request: Request) -> Accounts:
    found: Accounts | None = getattr(request.app.state, "device_accounts", None)
    if found is None:
        raise Refused("this server does not keep the broker's accounts: linli devices credentials")
    return found


def _words(row: credentials.Credential) -> str:
    parts: Sequence[str | None] = (row.key, row.name, row.name_zh, row.topic)
    return " ".join(part or "" for part in parts).casefold()


def _shown(row: credentials.Credential) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(row)
    has_one = row.made_at is not None and row.withdrawn_at is None
    return shown | {"has_account": has_one, "can_have": credentials.can_have(row.key)}
