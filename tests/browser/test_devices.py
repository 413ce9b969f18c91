"""The keepers' screen in a real browser on the real system: one whole task of each person, by the keyboard alone."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from deploy import handshake
from deploy.services import Services
from ingest.loaders.demo import subscriptions
from tests.api.people import PASSWORD, enrol
from tests.browser.system import CHECKOUT, SHOTS, waited, written
from tests.workplace import Devices
from twin.roles import Role

TOPIC = "linli/v1/yard-7/up/state"
PLANTED = """
WITH t AS (
    INSERT INTO thing (place_id, key, name, name_zh, kind, format, topic, interval_s, point)
    SELECT p.id, 'yard-7', 'Yard gauge', '院内温度计', 'climate', 'mapped', 'linli/v1/yard-7/up/state', 60,
           ST_PointOnSurface(g.geom) FROM place p, grid g WHERE g.id = %(grid)s RETURNING id, place_id),
d AS (INSERT INTO datastream (thing_id, property, unit, lowest, highest) SELECT id, 'temperature', 'Cel', -40, 60 FROM t)
INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at, thing_id)
SELECT place_id, 'thing_silent', 'thing:' || id, 'major', '{"name": "Yard gauge"}', now(), id FROM t
"""
FOCUSED = """() => { const at = document.activeElement;
  return (at?.getAttribute("aria-label") ?? (at?.labels?.[0]?.textContent || at?.textContent || "")).trim(); }"""
MOST_TABS = 120
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}


@dataclass
class Running:
    """Where the page is, its database, and a hand on the devices."""

    url: str
    database: str
    devices: Devices
    services: Services
    sessions: dict[Role, Any] = field(default_factory=dict)  # cookies of who has signed in: few sign-ins a minute


@pytest.fixture(scope="module")
def running(services: Services, browser_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Ingest and serve as processes, where everybody signs in; a gauge is enrolled that says what nobody can read."""
    with psycopg.connect(browser_database, autocommit=True) as connection:
        (grid,) = connection.execute("SELECT min(id) FROM grid WHERE level = 'grid'").fetchone()  # type: ignore[misc]
        connection.execute(PLANTED, {"grid": grid})
    for role in (Role.INTEGRATOR, Role.ADMINISTRATOR, Role.SECURITY_AUDITOR):
        enrol(browser_database, role)
    enrol(browser_database, Role.GRID_WORKER, grids=(grid,))
    data, logs = services.broker.settings.data, tmp_path_factory.mktemp("logs")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")} | {
        "LINLI_SERVICES__DATA": str(data),
        "LINLI_SERVICES__ENGINE": "embedded",
        "LINLI_SERVICES__DATABASE_URL": browser_database,
        "LINLI_INGEST__SUBSCRIPTIONS": subscriptions(),
        "LINLI_SERVE__PORT": "0",
    }
    processes = []
    try:
        for command in ("ingest", "serve"):
            with (logs / command).open("ab") as output:
                argv = [sys.executable, str(CHECKOUT / "linli.py"), command]
                processes.append(subprocess.Popen(argv, env=environment, stdout=output, stderr=output))
        url = json.loads(waited(lambda: written(data / "page.json", processes[-1].pid)))["url"]
        waited(lambda: "connected to the broker" in (logs / "ingest").read_text(encoding="utf-8"))
        with Devices(services, "yards") as devices:
            waited(lambda: is_heard(devices, browser_database))
            yield Running(url, browser_database, devices, services)
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(timeout=20)


def is_heard(devices: Devices, database: str) -> bool:
    """Say something that nobody can read, and tell whether it came: until ingest has subscribed it does not."""
    devices.send("linli/v1/stranger/up/state", b"\x00\xff\x10")
    return bool(count(database, "SELECT count(*) FROM quarantine"))


def count(database: str, query: str) -> int:
    with psycopg.connect(database) as connection:
        return int(connection.execute(query).fetchone()[0])  # type: ignore[index]


@pytest.fixture
def signed_in(chromium: Browser, running: Running) -> Iterator[Callable[..., Page]]:
    """Sign somebody in at a size; at the end nothing may have gone elsewhere, and nothing wrong in the page."""
    outside: list[str] = []
    wrong: list[str] = []
    contexts = []

    def open_as(role: Role, query: str = "lang=en", *, width: int = 1600, height: int = 900) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, bypass_csp=True, storage_state=running.sessions.get(role)
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: None if request.url.startswith(running.url) else outside.append(request.url))
        page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        if role in running.sessions:
            page.goto(f"{running.url}{'grid' if role is Role.GRID_WORKER else 'devices'}?{query}")
            return page
        page.goto(f"{running.url}signin?{query}&to=devices")
        page.fill("#name", role.value)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(re.compile(r"/(devices|grid)"))
        running.sessions[role] = context.storage_state()
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert [each for each in outside if not each.startswith("data:")] == []
    assert wrong == []


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"devices_{name}.png")


def reach(page: Page, name: str) -> None:
    """Go by the Tab key to what is called so."""
    for _ in range(MOST_TABS):
        if page.evaluate(FOCUSED) == name:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"no Tab leads to {name!r}")


def press(page: Page, name: str) -> None:
    reach(page, name)
    page.keyboard.press("Enter")


def settled(page: Page) -> None:
    page.wait_for_selector("#panel[aria-busy=false]")


def test_a_message_that_nobody_reads_is_mapped_previewed_saved_and_stored_with_its_own_time(
    running: Running, signed_in: Callable[..., Page]
) -> None:
    at = int(time.time()) // 60 * 60 - 600
    running.devices.send(TOPIC, json.dumps({"ts": at, "climate": {"temperature": 21.5, "humidity": 44}}))
    running.devices.drain()
    waited(lambda: count(running.database, f"SELECT count(*) FROM quarantine WHERE topic = '{TOPIC}'"))
    page = signed_in(Role.INTEGRATOR, "lang=en&theme=dark")
    settled(page)
    press(page, "Quarantine")
    expect(page.locator("h2").first).to_have_text("Quarantine")
    press(page, f"Look: {TOPIC}")
    expect(page.locator("#sheet pre")).to_contain_text('"humidity": 44')
    shot(page, "raw")
    press(page, "Write a mapping for it")
    preview = page.locator(".preview", has_text="yard-7").first
    expect(preview).to_contain_text("stored")
    expect(preview).to_contain_text("Property not enrolled")
    reach(page, "Its name")
    page.keyboard.type("yard gauges")
    reach(page, "Mapping, as TOML")
    page.keyboard.press("Control+End")
    page.keyboard.type("path = 7")
    lines = page.locator("#mapping-text").input_value().count("\n") + 1
    expect(page.locator("#mapping-problem")).to_contain_text(f"Line {lines}")
    shot(page, "mistake")
    for _ in "path = 7":
        page.keyboard.press("Backspace")
    expect(page.locator("#mapping-problem")).to_have_text("")
    shot(page, "preview")
    page.keyboard.press("Escape")
    press(page, "Save: read by it")
    press(page, "Try again what waits on these topics")
    expect(page.locator("h2").first).to_have_text("Quarantine")
    press(page, f"Try again: {TOPIC}")
    expect(page.locator("#told")).to_contain_text("1 stored")
    shot(page, "tried_again")
    stored = f"SELECT count(*) FROM observation WHERE value = 21.5 AND time = to_timestamp({at})"
    assert count(running.database, stored) == 1
    running.devices.send(TOPIC, json.dumps({"ts": at + 60, "climate": {"temperature": 22.5}}))
    waited(lambda: count(running.database, "SELECT count(*) FROM observation WHERE value = 22.5"))
    page.goto(f"{running.url}devices?tab=account&lang=en")
    expect(page.locator(".verdict-box")).to_contain_text("The account adds up")
    shot(page, "account")
    assert count(
        running.database, "SELECT (accounted = inserted AND quarantined = set_aside)::int FROM account_check()"
    )


def test_a_device_gets_an_account_with_which_it_connects_until_it_is_withdrawn(
    running: Running, signed_in: Callable[..., Page]
) -> None:
    broker = running.services.broker

    def lets_in(password: str) -> bool:
        code = handshake.login(broker.host, broker.port, name="yard-7", password=password)
        return code == handshake.ACCEPTED

    page = signed_in(Role.INTEGRATOR, "lang=en&theme=light")
    page.goto(f"{running.url}devices?tab=credentials&lang=en&theme=light")
    settled(page)
    press(page, "Make: yard-7")
    expect(page.locator("#sheet")).to_contain_text("shown this once")
    password = page.locator("#sheet dd").nth(2).inner_text()
    shot(page, "secret")
    assert lets_in(password)
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_empty()
    assert password not in page.content()
    press(page, "Withdraw: yard-7")
    page.wait_for_selector("#sheet[open]")
    press(page, "Withdraw")
    expect(page.locator("#told")).to_contain_text("has no account any more")
    assert not lets_in(password)


def test_an_alarm_rule_is_changed_and_its_history_says_by_whom(
    running: Running, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(Role.INTEGRATOR)
    page.goto(f"{running.url}devices?tab=rules&lang=en")
    settled(page)
    press(page, "Edit: water too deep to walk")
    page.wait_for_selector("#sheet[open]")
    reach(page, "Raised above")
    page.keyboard.press("Control+A")
    page.keyboard.type("18")
    reach(page, "Why")
    page.keyboard.type("kerbs are high here")
    page.keyboard.press("Enter")
    expect(page.locator("tr", has_text="water too deep to walk")).to_contain_text("above 18")
    press(page, "History: water too deep to walk")
    expect(page.locator("#sheet")).to_contain_text("kerbs are high here")
    shot(page, "rule_history")


def test_the_administrator_makes_an_account_and_the_security_auditor_finds_it_in_a_whole_chain(
    running: Running, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(Role.ADMINISTRATOR)
    settled(page)
    press(page, "New account")
    page.wait_for_selector("#sheet[open]")
    reach(page, "Its name")
    page.keyboard.type("wang")
    page.keyboard.press("Enter")
    expect(page.locator("#sheet-title")).to_have_text("First password")
    shot(page, "first_password")
    auditor = signed_in(Role.SECURITY_AUDITOR)
    settled(auditor)
    expect(auditor.locator(".verdict-box")).to_contain_text("The chain holds")
    auditor.get_by_label("Event").select_option("account made")
    expect(auditor.locator("tbody tr").first).to_contain_text("account: wang")
    shot(auditor, "audit")


def test_a_grid_worker_takes_an_alarm_of_the_own_grids_on_and_writes_a_note(
    running: Running, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(Role.GRID_WORKER, "lang=en&theme=light", width=390, height=844)
    expect(page.locator("#mine")).to_contain_text("Yard gauge")
    shot(page, "grid")
    page.locator("#mine summary").press("Enter")
    reach(page, "Note")
    page.keyboard.type("the mains are off in the yard")
    press(page, "Send note")
    expect(page.locator("#said")).to_have_text("Noted.")
    press(page, "Acknowledge: Device silent: Yard gauge")
    expect(page.locator("#mine")).to_contain_text("acknowledged by grid_worker")
    done = "SELECT count(*) FROM alarm_event WHERE by = 'grid_worker' AND what IN ('noted', 'acknowledged')"
    assert count(running.database, done) == 2
    assert Axe().run(page, options=AXE).response["violations"] == []


@pytest.mark.parametrize(
    ("size", "language", "theme", "tabs"),
    [
        ((1600, 900), "en", "dark", ("devices", "mappings&mapping=new", "rules")),
        ((1280, 720), "zh", "light", ("quarantine", "account", "credentials")),
        ((390, 844), "zh", "dark", ("devices", "quarantine", "imports")),
        ((390, 844), "en", "light", ("offered", "mappings&mapping=new", "rules")),
    ],
)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    running: Running,
    signed_in: Callable[..., Page],
    *,
    size: tuple[int, int],
    language: str,
    theme: str,
    tabs: tuple[str, ...],
) -> None:
    page = signed_in(Role.INTEGRATOR, width=size[0], height=size[1])
    for tab in tabs:
        page.goto(f"{running.url}devices?tab={tab}&lang={language}&theme={theme}")
        settled(page)
        found = Axe().run(page, options=AXE).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == [], tab
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), tab
        shot(page, f"{tab.partition('&')[0]}_{language}_{theme}_{size[0]}")
