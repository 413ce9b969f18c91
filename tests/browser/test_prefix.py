"""Below a path, behind a real reverse proxy: every screen, the live stream, signing in, and the links of the interfaces."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.api.people import PASSWORD, enrol, token
from tests.browser.system import System, waited
from tests.browser.test_page import address
from tests.prefixproxy import below, port_of
from twin.roles import Role

PREFIX = "/city/linli"
PATIENCE_MS = 40_000


@pytest.fixture(scope="module")
def port(system: System, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A server that knows what a proxy takes off, and asks for signing in."""
    log = tmp_path_factory.mktemp("prefix") / "serve.log"
    environment = dict(system.environment)
    del system.environment["LINLI_SERVE__OPEN_AS"]
    system.run("serve", log, LINLI_SERVE__ROOT_PATH=PREFIX)
    system.environment.update(environment)
    return port_of(waited(lambda: address(log)))


def test_who_signs_in_below_a_path_gets_every_screen_and_the_live_stream(
    system: System, port: int, chromium: Browser
) -> None:
    enrol(system.database, Role.OPERATOR)
    with below(port, PREFIX) as (url, seen):
        context = chromium.new_context()
        page = context.new_page()
        lost: list[str] = []
        page.on("response", lambda answer: lost.append(answer.url) if answer.status == 404 else None)
        page.goto(f"{url}?lang=en")
        page.wait_for_url(f"{url}signin?*", timeout=PATIENCE_MS)
        page.fill("input[name=name]", Role.OPERATOR.value)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_selector(".connection[data-state=live]", timeout=PATIENCE_MS)
        page.wait_for_selector("html[data-map]", state="attached", timeout=PATIENCE_MS)
        links = page.eval_on_selector_all(".screens a", "links => links.map((link) => link.href)")
        assert all(link.startswith(url) for link in links)
        for link in links:
            assert context.request.get(link).ok, link
        context.close()

    assert lost == []
    assert [path for path in seen if not path.startswith(PREFIX)] == []
    assert any(path.endswith("/live") for path in seen)


def test_the_interfaces_name_themselves_with_the_path(system: System, port: int, chromium: Browser) -> None:
    headers = token(system.database, enrol(system.database, Role.INTEGRATOR))
    with below(port, PREFIX) as (url, _):
        asking = chromium.new_context(extra_http_headers=headers).request
        landing = asking.get(f"{url}ogc/?f=json").json()
        things = asking.get(f"{url}sta/v1.1/Things?$top=1").json()["value"]
        page = asking.get(f"{url}ogc/collections/grids/items?limit=1").json()

    assert [link["href"] for link in landing["links"] if not link["href"].startswith(url)] == []
    assert things[0]["@iot.selfLink"].startswith(url)
    assert [link["href"] for link in page["links"] if not link["href"].startswith(url)] == []
