"""The whole system on the demo place, and a browser that may ask it alone."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright
from psycopg import sql
from pydantic import SecretStr

from deploy.services import Services
from ingest import replay
from ingest.loaders.demo import subscriptions
from ingest.publisher import Publisher
from ingest.settings import Broker
from tests.browser.system import Open, System, calm, waited, written
from twin import db, devices, places

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
MAP_MS = 60_000  # a software renderer on a busy machine


@pytest.fixture(scope="module")
def browser_database(services: Services, monaco_template: str) -> Iterator[str]:
    """A database of the demo place that outlives one test."""
    name = "browser"
    admin_url = urlunsplit(urlsplit(services.admin_url or "")._replace(path="/postgres"))
    with psycopg.connect(admin_url, autocommit=True) as admin:
        parts = (sql.Identifier(name), sql.Identifier(monaco_template))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER linli TEMPLATE {}").format(*parts))
    yield urlunsplit(urlsplit(services.database_url)._replace(path=f"/{name}"))
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def system(services: Services, browser_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Ingest, watch and serve as processes; every lift and gate has reported that it is in service."""
    engine = db.engine(browser_database)
    with engine.connect() as connection:
        known = devices.devices(connection, places.get(connection).id)
    engine.dispose()
    data = services.broker.settings.data
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")} | {
        "LINLI_SERVICES__DATA": str(data),
        "LINLI_SERVICES__ENGINE": "embedded",
        "LINLI_SERVICES__DATABASE_URL": browser_database,
        "LINLI_INGEST__SUBSCRIPTIONS": subscriptions(),
        "LINLI_SERVE__PORT": "0",
        "LINLI_SERVE__OPEN_AS": "operator",
    }
    logs = tmp_path_factory.mktemp("logs")
    services.broker.grant("replay", write=replay.topics(known))
    username, password = services.broker.credentials("replay")
    where = {"host": services.broker.host, "port": services.broker.port, "client_id": "replay"}
    with Publisher(Broker(**where, username=username, password=SecretStr(password))) as publisher:
        running = System("", browser_database, environment, publisher, known)
        try:
            for command in ("ingest", "watch", "serve"):
                running.run(command, logs / f"{command}.log")
            running.url = json.loads(waited(lambda: written(data / "page.json", running.processes[-1].pid)))["url"]
            ingest_log = logs / "ingest.log"
            waited(lambda: "connected to the broker" in ingest_log.read_text(encoding="utf-8"))
            calm(running)
            yield running
        finally:
            for process in running.processes:
                process.send_signal(signal.SIGTERM)
            for process in running.processes:
                process.wait(timeout=20)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser, system: System) -> Iterator[Open]:
    """Open the page at a size; at the end nothing may have gone elsewhere, and nothing may have gone wrong in it."""
    outside: list[str] = []
    wrong: list[str] = []
    contexts = []
    away: list[bool] = []

    def check(route: Route) -> None:
        if route.request.url.startswith(running_url[0]):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    def heard(message: ConsoleMessage) -> None:
        is_stream = message.location.get("url", "").endswith(
            "/live"
        )  # a lost stream is the page's business, and tested
        is_away = away and "ERR_CONNECTION_REFUSED" in message.text
        if message.type == "error" and not (is_stream or is_away):
            wrong.append(message.text)

    running_url = [system.url]

    def open_page(
        query: str = "", *, width: int = 1600, height: int = 900, url: str | None = None, **options: Any
    ) -> Page:
        running_url[0] = url or system.url
        script = options.pop("script", None)
        if options.pop("goes_away", False):  # the test stops the server while the page asks it
            away.append(True)
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        context.route("**/*", check)
        if script:
            context.add_init_script(script)
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on(
            "pageerror", lambda error: None if away and "Failed to fetch" in str(error) else wrong.append(str(error))
        )
        page.goto(f"{running_url[0]}?{query}")
        page.wait_for_selector("html[data-map]", timeout=MAP_MS, state="attached")
        page.wait_for_selector(".connection[data-state=live]", timeout=MAP_MS)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == []
    assert wrong == []
