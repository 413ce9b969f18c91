"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a change that is asked for again is not made again.

Every changing request below /api may come with a key of the client's own; the answer is kept for a day, per account, in
the database. The transaction of `api.asked.Db` says itself that the change is made; a route that opens one of its own
calls `made` in it. A route that reads its body piece by piece calls `begin` when it knows what was sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import Request
from joserfc import jwe
from joserfc.jwk import OctKey
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem
from api.guard import CHANGING, STREAMED, replayed
from twin import repeats, roles
from twin.db import Connection, Engine, Lost
from twin.errors import Refused, Stale
from twin.repeats import Attempt, Kept
from twin.roles import Role, Who

__all__ = ["HEADER", "REPLAYED", "Once", "begin", "made"]

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
SHORTEST, LONGEST = 16, 255  # a key opens the answer that is kept under it: it must not be guessed
KEEPER = Who("linli", Role.SIGN_IN)
BELOW = "/api/"
NOT_KEPT = {"content-length", "content-encoding"}


class _Answer(msgspec.Struct):
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(slots=True)
class _Asking:
    """One request with a key; attempt None: it has not begun."""

    engine: Engine
    owner: str
    key: str
    asked: bytes  # what is known of the request without its body
    attempt: Attempt | None = None

    def begin(self, content: bytes) -> Response | None:
        """Begin, or give the answer that is kept. Raises Refused and Stale."""
        request_hash = hashlib.sha256(self.asked + content).digest()
        with roles.asking(KEEPER), self.engine.begin() as connection:
            found = repeats.claim(connection, self.owner, hashlib.sha256(self.key.encode()).digest(), request_hash)
        if isinstance(found, Attempt):
            self.attempt = found
            return None
        return self._opened(found)

    def end(self, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """Keep the answer; one that tells of a failure of ours is no answer."""
        if self.attempt is None:
            return
        with roles.asking(KEEPER), self.engine.begin() as connection:
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                repeats.forget(connection, self.attempt)
            else:
                kept = [pair for pair in headers if pair[0].lower() not in NOT_KEPT]
                repeats.finish(connection, self.attempt, status, self._sealed(_Answer(kept, body)))

    def _sealed(self, answer: _Answer) -> bytes:
        packed = msgspec.msgpack.encode(answer)
        return jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, packed, self._secret()).encode()

    def _opened(self, kept: Kept) -> Response:
        packed = jwe.decrypt_compact(kept.answer, self._secret()).plaintext
        assert packed is not None
        answer = msgspec.msgpack.decode(packed, type=_Answer)
        response = Response(answer.body, kept.status)
        response.raw_headers.extend((name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers)
        response.headers[REPLAYED] = "true"
        return response

    def _secret(self) -> OctKey:
        return OctKey.import_key(hashlib.sha256(f"{self.owner}\0{self.key}".encode()).digest())


class Once:
    """The layer that answers a request that was answered before, and keeps the answers to new ones."""

    def __init__(self, app: ASGIApp, *, of: Starlette) -> None:
        self.app, self.of = app, of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, or pass on and keep what is answered."""
        key = self._key(scope)
        if key is None:
            await self.app(scope, receive, send)
            return
        if not (SHORTEST <= len(key) <= LONGEST and key.isascii() and key.isprintable()):
            detail = f"{HEADER}: {SHORTEST} to {LONGEST} visible characters, best a UUID"
            await problem(HTTPStatus.BAD_REQUEST, detail)(scope, receive, send)
            return
        asking = self._asking(scope, key)
        if scope["path"] not in STREAMED:
            body = (await receive()).get("body", b"")  # the guard has read it whole
            receive = replayed(body, receive)
            kept = await self._begun(asking, body)
            if kept is not None:
                await kept(scope, receive, send)
                return
        scope.setdefault("state", {})["once"] = asking
        await self._answered(asking, scope, receive, send)

    def _key(self, scope: Scope) -> str | None:
        if scope["type"] != "http" or scope["method"] not in CHANGING or not scope["path"].startswith(BELOW):
            return None
        key = Headers(scope=scope).get(HEADER)
        return None if key is None else key.strip().strip('"')

    def _asking(self, scope: Scope, key: str) -> _Asking:
        who: Who = scope["state"]["who"]
        owner = who.name if who.account_id is None else f"account {who.account_id}"
        parts = (scope["method"], scope["path"], scope["query_string"], Headers(scope=scope).get("if-match", ""))
        return _Asking(self.of.state.engine, owner, key, repr(parts).encode())

    async def _begun(self, asking: _Asking, body: bytes) -> Response | None:
        try:
            async with self.of.state.turns:
                return await run_in_threadpool(asking.begin, body)
        except Refused as error:
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        except Stale as error:
            return problem(HTTPStatus.CONFLICT, str(error))
        except Lost:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer")

    async def _answered(self, asking: _Asking, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold the answer until it is kept: whoever has had it can ask for it again."""
        messages: list[Message] = []
        status, headers = int(HTTPStatus.INTERNAL_SERVER_ERROR), Headers()

        async def hold(message: Message) -> None:
            messages.append(message)

        try:
            await self.app(scope, receive, hold)
            status, headers = messages[0]["status"], Headers(raw=messages[0]["headers"])
        finally:
            body = b"".join(message.get("body", b"") for message in messages[1:])
            async with self.of.state.turns:
                await run_in_threadpool(asking.end, status, headers.items(), body)
        for message in messages:
            await send(message)


def begin(request: Request, content: bytes) -> Response | None:
    """Begin a change whose body was not read whole, by a digest of what was sent; give the answer that is kept, if any."""
    asking = _of(request)
    return None if asking is None else asking.begin(content)


def made(request: Request, connection: Connection) -> None:
    """Say in the transaction that makes the change that it is made; nothing where it has no key."""
    asking = _of(request)
    if asking is not None and asking.attempt is not None:
        repeats.made(connection, asking.attempt)


def _of(request: Request) -> _Asking | None:
    found: Any = getattr(request.state, "once", None)
    return found if isinstance(found, _Asking) else None
