"""Serve the application on a port that is free, and say which."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from api.app import create
from api.connections import Prompt
from api.routes.credentials import Accounts
from api.settings import ServeSettings
from twin.errors import Refused

PAGE_FILE = "page.json"  # in the data folder: where the page is, for whoever starts linli
STOP_S = 2  # an open stream would keep the server alive for ever
BACKLOG = 100  # also what is accepted at a stroke: more would wait unheard than api.connections lets wait


def serve(
    settings: ServeSettings,
    database_url: str,
    *,
    data: Path,
    say: Callable[[str], None],
    accounts: Accounts | None = None,
) -> None:
    """Serve until told to stop; tells the address and writes it into the data folder.

    accounts: who makes the broker's accounts of devices; None: nobody here.

    Raises Refused where the host's name cannot be listened on.
    """
    listening = listen(settings)
    port = listening.getsockname()[1]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{port}/"
    busy = "" if settings.port in (0, port) else f" (port {settings.port} is busy)"
    _publish(data / PAGE_FILE, {"url": url, "port": port, "pid": os.getpid()})
    say(f"the map is at {url}{busy}")
    server(settings, database_url, accounts).run(sockets=[listening])


def server(settings: ServeSettings, database_url: str, accounts: Accounts | None = None) -> uvicorn.Server:
    """Make the server as it runs for users."""
    app = create(settings, database_url)
    app.state.device_accounts = accounts
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=Prompt,
            log_level="warning",
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=STOP_S,
            lifespan="on",
        )
    )


def listen(settings: ServeSettings) -> socket.socket:
    """Take the port of the settings, or a free one where another process has it."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    for port in (settings.port, 0):
        # the protocol is named, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms for a late ACK
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.host, port))
            listening.listen(BACKLOG)
        except OSError as error:
            listening.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES) or port == 0:
                raise Refused(f"cannot listen on {settings.host}: {error.strerror}") from error
        else:
            return listening
    raise Refused(f"no port is free on {settings.host}")


def _publish(path: Path, content: dict[str, object]) -> None:
    """Write the file whole or not at all: a reader may look at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(content) + "\n", encoding="utf-8")
    draft.replace(path)
