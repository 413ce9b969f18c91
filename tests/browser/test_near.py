"""A resident finds the way: on a phone, by keyboard alone, without scripts, in both languages, seen by axe."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from api.app import create
from api.server import listen
from api.settings import ServeSettings
from deploy.services import Services
from tests.conftest import _copied

SIZES = [(1600, 900), (1280, 720), (390, 844)]


@pytest.fixture(scope="module")
def address(services: Services, monaco_template: str) -> Iterator[str]:
    """Where the residents' page is; nobody has signed in."""
    with _copied(services, monaco_template) as url:
        settings = ServeSettings(port=0)
        listening = listen(settings)
        server = uvicorn.Server(uvicorn.Config(create(settings, url), log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/near"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """A phone that runs no scripts and may ask this server alone."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    outside: list[str] = []
    context.on(
        "request", lambda asked: None if asked.url.startswith(address.rsplit("/", 1)[0]) else outside.append(asked.url)
    )
    yield context.new_page()
    context.close()
    assert outside == []


def test_a_resident_finds_the_way_to_a_pharmacy_in_two_taps(page: Page, address: str) -> None:
    page.goto(f"{address}?lang=zh")
    page.get_by_label("您的楼").fill("rue grimaldi")
    page.get_by_role("button", name="查找").click()
    page.locator(".choices a").first.click()  # once: the link can be kept, or hang at the door
    page.get_by_role("link", name="药店").click()
    steps = page.locator(".way").first.locator("ol li")
    assert steps.count() >= 2
    assert "米" in page.locator(".way").first.inner_text()
    assert "到达" in steps.last.inner_text()


def test_the_keyboard_alone_finds_it_too(page: Page, address: str) -> None:
    page.goto(f"{address}?lang=en&text=grimaldi")
    page.locator("#text").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.locator(".choices a").first.evaluate("one => one === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_selector(".services")
    page.locator(".services a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".way, .notice")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    chromium: Browser, address: str, language: str, scheme: str
) -> None:
    context = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}?lang={language}&text=grimaldi")
    building = str(page.locator(".choices a").first.get_attribute("href"))
    for query in (
        f"?lang={language}&text=grimaldi",
        building,
        f"{building}&service=pharmacy&group=wheelchair",
        f"{building}&size=large",
    ):
        page.goto(address + query)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
    size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.facts')).fontSize)")
    assert size >= 24  # 18 pt
    context.close()
