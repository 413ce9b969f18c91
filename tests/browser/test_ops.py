"""The operations room's own: search, closer look, layers, replay, wall; and one operator's whole task by keyboard."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.system import Open, System, calm
from tests.browser.test_page import colours, gravest_lift, is_near, shot
from twin.terms import Service
from viz.palette import PALETTES

PATIENCE_MS = 40_000
# Yesterday the place was there already, and its lifts had said that they were in service.
OLDER = """
UPDATE revision SET at = at - interval '1 day';
UPDATE thing SET enrolled_at = enrolled_at - interval '1 day';
UPDATE thing_past SET enrolled_at = enrolled_at - interval '1 day';
INSERT INTO effect_history (effect_id, state, since, written_at)
SELECT id, 'open', now() - interval '1 day', now() - interval '1 day' FROM effect;
"""

# What is cut off at the side, though it should not be scrolled.
TOO_WIDE = """[...document.querySelectorAll("#wall *")].filter((n) => n.clientWidth && n.scrollWidth > n.clientWidth + 1
  && !["auto", "scroll"].includes(getComputedStyle(n).overflowX) && getComputedStyle(n).position !== "absolute").map((n) => n.outerHTML.slice(0, 90))"""
NO_WEBGL = """
const get = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) { return kind === "webgl2" ? null : get.call(this, kind, ...rest); };
"""


def axe(page: Page) -> list[tuple[str, list[str]]]:
    broken = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in broken]


@pytest.fixture(scope="module")
def yesterday(system: System) -> System:
    """The system on a place that was there yesterday."""
    with psycopg.connect(system.database, autocommit=True) as connection:
        connection.execute(OLDER)
    return system


def test_an_operator_goes_from_the_alarm_to_its_lift_its_day_the_hour_before_and_the_wall(
    opened: Open, yesterday: System
) -> None:
    calm(yesterday)
    page = opened("lang=en")
    expect(page.locator("#cut-off")).to_have_text("0", timeout=PATIENCE_MS)
    lift = gravest_lift(page)
    yesterday.report(lift["key"], "in_service", 0)
    alarm = page.locator("#alarm-list li", has_text=f"Out of service: {lift['name']}")
    expect(alarm).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#hero")).to_have_attribute("data-calm", "false", timeout=PATIENCE_MS)
    cut_off = page.locator("#cut-off").inner_text()
    alarm.locator("[data-key^=acknowledge]").focus()
    page.keyboard.press("Enter")
    expect(alarm).to_contain_text("acknowledged", timeout=PATIENCE_MS)

    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type(lift["key"])
    expect(page.locator("#search-list [role=option]")).to_have_count(1, timeout=PATIENCE_MS)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#places h2")).to_have_text(lift["name"], timeout=PATIENCE_MS)
    expect(page.locator("#places h2")).to_be_focused()
    expect(page.locator("#places .state")).to_contain_text("out of service")
    chart = page.locator("#places .plot[role=img]").first
    expect(chart).to_have_attribute("aria-label", _said(lift["name"]), timeout=PATIENCE_MS)
    page.locator("#places .chart-table summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#places .chart-table td", has_text="out of service").first).to_be_visible()
    shot(page, "ops_closer_look")

    page.locator("#replay-button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("html[data-past]")).to_be_attached(timeout=PATIENCE_MS)
    expect(page.locator("#now-title")).to_have_text("Cut off then")
    expect(page.locator("#cut-off")).to_have_text("0", timeout=PATIENCE_MS)
    expect(page.locator("#alarm-list")).to_contain_text("No open alarms.")
    expect(page.locator("#figures")).to_contain_text("of 51")
    shot(page, "ops_the_hour_before")
    page.keyboard.press("Escape")
    expect(page.locator("html[data-past]")).not_to_be_attached()
    expect(page.locator("#cut-off")).to_have_text(cut_off)

    page.locator("#wall-button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#wall-body")).to_contain_text(cut_off)
    shot(page, "ops_wall")
    page.keyboard.press("Escape")
    expect(page.locator("#wall")).to_be_hidden(timeout=PATIENCE_MS)
    yesterday.report(lift["key"], "in_service", 1)


def _said(name: str) -> re.Pattern[str]:
    return re.compile(re.escape(name) + ".*in service.*out of service: 0 h.*Not known, shaded")


def test_what_happens_now_does_not_touch_the_past_that_is_shown_and_what_is_grave_is_said(
    opened: Open, yesterday: System
) -> None:
    calm(yesterday)
    then = (datetime.now(UTC) - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    page = opened(f"lang=zh&at={then}")
    expect(page.locator("html[data-past]")).to_be_attached(timeout=PATIENCE_MS)
    expect(page.locator("#cut-off")).to_have_text("0", timeout=PATIENCE_MS)
    lift = gravest_lift(page)
    yesterday.report(lift["key"], "in_service", 0)
    expect(page.locator("#past-now")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#past-now")).to_contain_text("紧急")
    expect(page.locator("#cut-off")).to_have_text("0")
    assert axe(page) == []
    shot(page, "ops_past_and_critical_now")
    before = page.locator("#past-when").inner_text()
    page.locator("#replay-slider").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#past-when")).not_to_have_text(before, timeout=PATIENCE_MS)
    page.locator("#replay-play").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#replay-play")).to_have_attribute("aria-pressed", "true")
    played = page.locator("#past-when").inner_text()
    expect(page.locator("#past-when")).not_to_have_text(played, timeout=PATIENCE_MS)
    page.keyboard.press("Enter")
    expect(page.locator("#replay-play")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    expect(page.locator("#hero")).to_have_attribute("data-calm", "false", timeout=PATIENCE_MS)
    assert "at=" not in page.url
    yesterday.report(lift["key"], "in_service", 1)


def test_layers_are_switched_by_keyboard_and_kept_in_the_address(opened: Open) -> None:
    page = opened("lang=en&theme=contrast", width=1280, height=720)
    page.wait_for_selector("html[data-map=ready]", state="attached", timeout=60_000)
    page.locator("#layers-button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#layers input[value='cut-off']")).to_be_focused()
    assert axe(page) == []
    shot(page, "ops_layers_contrast")
    page.locator("#layers input[value=streets]").focus()
    page.keyboard.press("Space")
    page.locator("#layers input[value='service clinic']").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(page.locator("#layers")).to_be_hidden()
    expect(page.locator("#layers-button")).to_be_focused()
    assert "off=streets" in page.url
    assert "facilities=pharmacy%2Cclinic" in page.url
    page.reload()
    page.locator("#layers-button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#layers input[value=streets]")).not_to_be_checked()
    expect(page.locator("#layers input[value='service clinic']")).to_be_checked()


def test_one_goes_down_from_the_place_to_a_building_and_back_by_keyboard(opened: Open) -> None:
    page = opened("lang=zh&theme=light&tab=places", width=1280, height=720)
    for _ in range(3):
        first = page.locator("#places .parts button").first
        expect(first).to_be_visible(timeout=PATIENCE_MS)
        name = first.inner_text()
        first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#places h2")).to_have_text(name, timeout=PATIENCE_MS)
    page.locator("#places .parts button[data-key^='part-building']").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#places h3", has_text="最近的服务")).to_be_visible(timeout=PATIENCE_MS)
    assert axe(page) == []
    shot(page, "ops_building_zh")
    assert "look=building" in page.url
    page.locator("#places .trail button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#places h2")).to_have_text("全地区", timeout=PATIENCE_MS)


@pytest.mark.parametrize(("width", "height"), [(3840, 2160), (1280, 720), (390, 844)], ids=str)
def test_the_wall_turns_its_pages_stops_when_told_and_overflows_nowhere(opened: Open, width: int, height: int) -> None:
    script = NO_WEBGL if width > 2_000 else None  # by software a map of that size takes a minute
    page = opened("lang=en&wall=1", width=width, height=height, script=script)
    page.locator("#wall-pause").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#wall-pause")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#wall-figures dd")).to_have_count(4, timeout=PATIENCE_MS)
    seen = set()
    for _ in range(3):
        seen.add(page.locator("#wall-at").inner_text())
        if page.locator("html").get_attribute("data-wall-page") == "services":
            expect(page.locator("#wall-body tr")).to_have_count(len(Service), timeout=PATIENCE_MS)
        assert page.evaluate(TOO_WIDE) == []
        page.locator("#wall-next").focus()
        page.keyboard.press("Enter")
    assert seen == {"1 / 3", "2 / 3", "3 / 3"}
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    letters = float(page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)"))
    assert letters >= max(16, width / 100)
    assert axe(page) == []
    shot(page, f"ops_wall_{width}")


def test_the_wall_stands_still_for_who_wants_no_motion(opened: Open) -> None:
    page = opened("lang=en&wall=1", reduced_motion="reduce")

    expect(page.locator("#wall-pause")).to_have_attribute("aria-pressed", "true")


def test_who_asks_the_system_for_contrast_gets_it_and_forced_colours_keep_every_sign(opened: Open) -> None:
    page = opened("lang=en", contrast="more", forced_colors="active")

    expect(page.locator("html")).to_have_attribute("data-theme", "contrast")
    expect(page.locator("#theme")).to_have_value("contrast")
    shot(page, "ops_forced_colours")


def test_the_first_map_is_there_and_the_facts_of_a_click_too(opened: Open) -> None:
    page = opened("lang=en")
    page.wait_for_selector("html[data-map=ready]", state="attached", timeout=60_000)

    assert page.evaluate("performance.getEntriesByName('map-ready').length") == 1


def test_many_buildings_come_as_tiles_lit_by_the_same_answer(opened: Open, chromium: Browser) -> None:
    page = opened("lang=en&tiles=1", width=1280, height=720)
    page.wait_for_selector("html[data-map=ready]", state="attached", timeout=60_000)
    with page.expect_response(lambda answer: "/tiles/WebMercatorQuad/1" in answer.url and answer.ok, timeout=60_000):
        page.locator("#zoom-in").click()
    dark, lit = PALETTES["dark"], 0
    for _ in range(20):  # a tile is read beside the page, and drawn when it is there
        page.wait_for_timeout(500)
        found = colours(chromium, page)
        lit = sum(n for key, n in found.items() if is_near(key, dark.ramp[4]))
        if lit > 300:
            break
    assert lit > 300
    assert page.evaluate("performance.getEntriesByName(document.baseURI + 'map/buildings.geojson').length") == 0
    shot(page, "ops_tiles")
