"""Behind a proxy that speaks TLS, and when somebody asks too often: by account, and by address without one."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator

import pytest

from api.guard import HSTS
from api.rates import Rates
from api.server import listen, server
from api.settings import ServeSettings
from tests.api.people import enrol, token
from twin.roles import Role

OFTEN = 8
PROXY, STRANGER = "127.0.0.1", "127.0.0.9"  # the proxy on this machine is believed, nobody else


@pytest.fixture(scope="module")
def port(monaco_of_file: str) -> Iterator[int]:
    """The server as it runs for users, which everybody may ask OFTEN times a minute."""
    settings = ServeSettings(port=0, asks_per_minute=OFTEN)
    listening = listen(settings)
    running = server(settings, monaco_of_file)
    thread = threading.Thread(target=running.run, args=([listening],))
    thread.start()
    while not running.started:
        time.sleep(0.02)
    yield listening.getsockname()[1]
    running.should_exit = True
    thread.join(timeout=20)


def ask(port: int, path: str, source: str = PROXY, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def refused_at(port: int, path: str, source: str = PROXY, **headers: str) -> tuple[int, http.client.HTTPResponse]:
    """Ask until it is refused, each time as from another address where the headers leave room for a number."""
    for n in range(5 * OFTEN):  # a slow machine gets some back meanwhile
        answer = ask(port, path, source, **{name: value.format(n) for name, value in headers.items()})
        if answer.status != 200:
            return n, answer
    raise AssertionError("never refused")


def test_behind_tls_a_browser_is_told_to_stay_with_it(port: int) -> None:
    behind = ask(port, "/api/health", X_Forwarded_Proto="https", X_Forwarded_For="198.51.100.1")
    assert behind.getheader("Strict-Transport-Security") == HSTS
    assert ask(port, "/api/health", X_Forwarded_For="198.51.100.1").getheader("Strict-Transport-Security") is None


def test_who_is_no_proxy_is_not_believed(port: int) -> None:
    answer = ask(port, "/api/health", STRANGER, X_Forwarded_Proto="https", X_Forwarded_For="198.51.100.77")
    assert answer.status == 200
    assert answer.getheader("Strict-Transport-Security") is None
    # it counts as who it is, whatever address it says
    answered, refused = refused_at(port, "/api/health", STRANGER, X_Forwarded_For="198.51.100.{}")
    assert (answered >= OFTEN - 1, refused.status) == (True, 429)


def test_an_address_without_an_account_asks_so_often_and_another_as_often(port: int) -> None:
    answered, refused = refused_at(port, "/api/health", X_Forwarded_For="203.0.113.5")
    assert (answered >= OFTEN, refused.status) == (True, 429)
    assert refused.getheader("Content-Type") == "application/problem+json"
    assert ask(port, "/api/health", X_Forwarded_For="203.0.113.6").status == 200


def test_an_account_asks_so_often_from_wherever_it_asks(port: int, monaco_of_file: str) -> None:
    planner = token(monaco_of_file, enrol(monaco_of_file, Role.PLANNER))["Authorization"]
    operator = token(monaco_of_file, enrol(monaco_of_file, Role.OPERATOR))["Authorization"]
    answered, refused = refused_at(port, "/api/me", Authorization=planner, X_Forwarded_For="192.0.2.{}")
    assert (answered >= OFTEN, refused.status) == (True, 429)
    assert ask(port, "/api/me", Authorization=operator, X_Forwarded_For="192.0.2.1").status == 200


def test_what_was_used_up_comes_back_evenly_through_the_minute() -> None:
    now = [0.0]
    rates = Rates(6, clock=lambda: now[0])
    assert [rates.take("li") for _ in range(7)] == [True] * 6 + [False]
    now[0] = 9.9
    assert not rates.take("li")
    now[0] = 10.0
    assert [rates.take("li"), rates.take("li"), rates.take("wu")] == [True, False, True]
