"""What the guard lets pass, and what its answers forbid a browser to do."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive, Scope, Send

from api.guard import POLICY, Guard

ASKED = {"type": "http", "method": "POST", "path": "/", "headers": [(b"host", b"127.0.0.1:8080")], "query_string": b""}


async def never_reached(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("the guard let a request pass")


def test_a_page_runs_and_loads_only_what_comes_from_here_and_stands_in_no_frame() -> None:
    allowed = {name: set(sources) for name, *sources in (part.split() for part in POLICY.split(";"))}

    assert allowed["default-src"] == allowed["frame-ancestors"] == allowed["base-uri"] == {"'none'"}
    assert allowed["script-src"] == allowed["style-src"] == allowed["connect-src"] == {"'self'"}
    assert set.union(*allowed.values()) == {"'none'", "'self'", "data:", "blob:"}


def test_a_body_that_never_comes_is_given_up_in_time() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(3600)
        raise AssertionError("the guard waited an hour")

    async def send(message: Message) -> None:
        sent.append(message)

    guard = Guard(never_reached, hosts=["127.0.0.1"], body_bytes=10, body_s=0.05)
    asyncio.run(asyncio.wait_for(guard(ASKED, receive, send), 5))

    assert sent[0]["status"] == 408
