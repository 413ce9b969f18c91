"""A planner's task from the question to the file, in a real browser on the real system."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from api.app import create
from api.server import listen
from api.settings import ServeSettings
from tests.browser.system import SHOTS
from twin.roles import Role

SLOW_MS = 60_000  # a software renderer on a busy machine
SIZES = ((1600, 900), (1280, 720), (390, 844))
LAYOUTS = {1600: "wide", 1280: "wide", 390: "stack"}
THEMES = ("dark", "light")
TABS = ("services", "detail", "scenario", "sites", "more", "runs")


@pytest.fixture(scope="module")
def address(monaco_of_file: str) -> Iterator[str]:
    """Where a planner is served."""
    settings = ServeSettings(port=0, open_as=Role.PLANNER)
    listening = listen(settings)
    config = uvicorn.Config(create(settings, monaco_of_file), log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """A desk; at the end nothing may have been asked of anybody else, and nothing may have gone wrong."""
    outside: list[str] = []
    wrong: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(message.text)

    context = chromium.new_context(viewport={"width": 1600, "height": 900}, accept_downloads=True)
    context.set_default_timeout(SLOW_MS)
    context.on(
        "request",
        lambda asked: None if asked.url.startswith((address, "data:", "blob:")) else outside.append(asked.url),
    )
    page = context.new_page()
    page.on("console", heard)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert outside == []
    assert wrong == []


def opened(page: Page, address: str, query: str = "lang=en&theme=dark") -> None:
    """Open the planner and wait for its first answer."""
    page.goto(f"{address}/plan?service=clinic&{query}")
    page.wait_for_selector("html[data-map]", state="attached")
    page.wait_for_selector("#covered strong")
    page.wait_for_selector("#services tbody tr", state="attached")


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"plan_{name}.png")


def within(page: Page) -> float:
    """The share within the limit that the headline gives last."""
    return float(page.locator("#covered strong").inner_text().split("%")[0].split()[-1])


def test_a_planner_goes_from_the_shortfall_to_a_scenario_a_link_and_a_file(page: Page, address: str) -> None:
    opened(page, address)
    expect(page.locator("#services tr.chosen")).to_contain_text("Community clinic")
    shot(page, "services")
    page.get_by_role("tab", name="Where and how far").click()
    expect(page.locator("#detail .chart svg").first).to_be_visible(timeout=SLOW_MS)
    expect(page.locator("#detail")).to_contain_text("from memory, to be checked before it is quoted")
    page.locator("#picker [name=minutes]").select_option("10")
    expect(page.locator("#covered")).to_contain_text("10 min", timeout=SLOW_MS)
    page.locator("#picker [name=day]").select_option("Mo")
    expect(page.locator("#covered")).to_contain_text("10 min", timeout=SLOW_MS)
    shot(page, "detail")
    page.locator("#picker [name=day]").select_option("")

    page.get_by_role("tab", name="Best sites").click()
    page.get_by_role("button", name="Find the best sites").click()
    expect(page.locator("#sites .progress")).to_have_text("Done: the optimum, proven.", timeout=SLOW_MS)
    expect(page.locator("#sites .result").first.locator("tbody tr")).to_have_count(2)
    shot(page, "sites")
    page.get_by_role("button", name="What more money buys").click()
    expect(page.locator("#sites .chart svg").first).to_be_visible(timeout=SLOW_MS)
    shot(page, "front")

    page.get_by_role("button", name="See these as a scenario").click()
    expect(page.locator("#swipe")).to_be_visible(timeout=SLOW_MS)
    expect(page.locator("#covered strong")).to_contain_text("in the scenario", timeout=SLOW_MS)
    gained = page.locator("#outcome .hero strong").inner_text()
    assert gained.startswith("+")
    assert int(gained[1:].replace(",", "")) > 500
    shot(page, "scenario")
    page.get_by_role("button", name="Scenario only").click()
    assert page.locator("#map-then").evaluate("one => one.style.clipPath") == "inset(0px 0px 0px 0%)"

    link = page.locator("#outcome .share input").input_value()
    page.goto(link)
    expect(page.locator("#outcome .hero strong")).to_have_text(gained, timeout=SLOW_MS)
    page.locator("#outcome-tables .export summary").click()
    page.locator("#outcome-tables .export input").fill("district plan")
    with page.expect_download() as downloading:
        page.locator("#outcome-tables").get_by_role("link", name="What changes, by service as CSV").click()
    file = Path(downloading.value.path()).read_text(encoding="utf-8-sig")
    assert "# purpose: district plan" in file
    assert "# norms: cn_recalled 2026-11" in file
    page.get_by_role("tab", name="Results kept").click()
    expect(page.locator("#runs tbody tr").first).to_contain_text("Scenario", timeout=SLOW_MS)
    shot(page, "runs")


def test_the_keyboard_alone_adds_closes_swipes_and_undoes(page: Page, address: str) -> None:
    opened(page, address)
    page.locator("#tab-services").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-scenario")).to_be_focused()
    page.get_by_label("Or at an address").focus()
    page.keyboard.type("grimaldi")
    page.keyboard.press("Enter")
    page.locator("#scenario .found button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#edit-list li")).to_have_count(1)
    expect(page.locator("#swipe")).to_be_visible(timeout=SLOW_MS)
    page.locator("#swipe-at").focus()
    page.keyboard.press("Home")
    assert page.locator("#map-then").evaluate("one => one.style.clipPath") == "inset(0px 0px 0px 0%)"
    page.get_by_role("button", name="Close", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Find a facility, lift or gate").focus()
    page.keyboard.type("carmes health")
    page.locator("select.elements").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#edit-list li")).to_have_count(2)
    expect(page.locator("#edit-list li").last).to_contain_text("Les Carmes health station")
    expect(page.locator("#outcome .hero strong")).to_contain_text("−", timeout=SLOW_MS)
    page.get_by_role("button", name="Undo the last").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#edit-list li")).to_have_count(1)
    page.get_by_role("button", name="Back to today").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#swipe")).to_be_hidden(timeout=SLOW_MS)


def test_a_click_on_the_map_adds_what_is_chosen(page: Page, address: str) -> None:
    opened(page, address, "lang=zh&theme=light&tab=scenario")
    page.wait_for_selector("html[data-map=ready]", state="attached")
    before = within(page)
    page.get_by_role("button", name="在地图上点选").click()
    expect(page.locator("#banner")).to_be_visible()
    box = page.locator("#map-frame").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.47, box["y"] + box["height"] * 0.58)
    expect(page.locator("#edit-list li")).to_have_count(1)
    expect(page.locator("#covered strong")).to_contain_text("方案", timeout=SLOW_MS)
    assert within(page) >= before
    shot(page, "clicked_zh")


def test_every_other_question_has_its_table_and_its_numbers_on_the_map(page: Page, address: str) -> None:
    opened(page, address, "lang=en&theme=light&tab=more")
    for value in ("failures", "capacity", "shelters", "audit"):
        page.locator("#more .filter select").select_option(value)
        if value == "shelters":
            page.locator("#more-form select").first.select_option("canteen")
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(page.locator("#more-answer .result tbody tr").first).to_be_visible(timeout=SLOW_MS)
        expect(page.locator(".plate")).to_be_visible()
        shot(page, value)


def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(page: Page, address: str) -> None:
    for language in ("zh", "en"):
        opened(page, address, f"lang={language}&theme=dark")
        for tab in TABS:
            page.locator(f"#tab-{tab}").click()
            page.wait_for_selector(f"#{tab} h2")
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                page.wait_for_selector(f"html[data-layout={LAYOUTS[width]}]", state="attached")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (tab, width)
            for theme in THEMES:
                page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
                found = Axe().run(page)
                assert found.violations_count == 0, found.generate_report()
            shot(page, f"phone_{tab}_{language}")
            page.set_viewport_size({"width": 1600, "height": 900})
