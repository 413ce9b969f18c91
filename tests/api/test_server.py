"""The server as it runs: half-asked requests, names it is asked under, and a database that is frozen."""

from __future__ import annotations

import http.client
import resource
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from fastapi.testclient import TestClient

from api import connections
from api.app import create
from api.server import listen, server
from api.settings import ServeSettings
from twin.roles import Role

HALF = b"GET /api/place HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


@contextmanager
def serving(database: str) -> Iterator[int]:
    """Run the server; gives its port."""
    settings = ServeSettings(port=0, open_as=Role.OPERATOR)
    listening = listen(settings)
    running = server(settings, database)
    thread = threading.Thread(target=running.run, args=([listening],))
    thread.start()
    while not running.started:
        time.sleep(0.02)
    try:
        yield listening.getsockname()[1]
    finally:
        running.should_exit = True
        thread.join(timeout=20)


def ask(port: int, path: str = "/api/place", host: str = "127.0.0.1") -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def drip(slow: socket.socket) -> None:
    for _ in range(100):
        slow.sendall(b"x")
        time.sleep(0.05)


def test_525_half_sent_requests_take_nobodys_place(monaco: str) -> None:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, files[1]), files[1]))
    with serving(monaco) as port:
        held = []
        for _ in range(525):
            one = socket.create_connection(("127.0.0.1", port))
            one.sendall(HALF)
            held.append(one)
        assert ask(port) == 200
        assert len(connections.Prompt.waiting) <= connections.MOST_WAITING + 1
        for one in held:
            one.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, files)


def test_headers_that_drip_in_are_given_up_in_time(monaco: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADERS_S", 0.5)
    with serving(monaco) as port, socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(HALF)
        slow.settimeout(5)
        with pytest.raises(ConnectionError):  # the peer has closed: sooner or later a byte is one too many
            drip(slow)


def test_a_connection_that_asks_again_is_kept(monaco: str) -> None:
    with serving(monaco) as port:
        kept = http.client.HTTPConnection("127.0.0.1", port)
        kept.connect()
        used = kept.sock
        for _ in range(3):
            kept.request("GET", "/api/place")
            assert kept.getresponse().read()
        assert kept.sock is used
        kept.close()


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]", "[::1]:8080"])
def test_the_page_is_served_under_every_name_of_this_machine(monaco: str, host: str) -> None:
    with serving(monaco) as port:
        assert ask(port, host=host) == 200
        assert ask(port, host="[::2]") == ask(port, host="[::1") == ask(port, host="evil.example") == 400


def test_a_database_that_gives_no_answer_is_one_clear_503_and_not_silence(
    monaco: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.app.PATIENCE_S", 1.0)
    with TestClient(create(ServeSettings(open_as=Role.OPERATOR), monaco), base_url="http://127.0.0.1") as client:
        assert client.get("/api/place").status_code == 200
        with psycopg.connect(monaco) as other:
            other.execute("LOCK TABLE place IN ACCESS EXCLUSIVE MODE")
            answer = client.get("/api/place")
        assert (answer.status_code, answer.json()["detail"]) == (503, "the database does not answer")
        assert client.get("/api/place").status_code == 200
