"""The operations room in a real browser on the real system."""

from __future__ import annotations

import base64
import signal
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.system import SHOTS, Open, System, calm, waited
from viz.palette import PALETTES, rgb

WIDE, DESK, PHONE = (1600, 900), (1280, 720), (390, 844)
# Each language in each theme, and each size in each language and twice at least.
LOOKS = (
    ("zh", "dark", WIDE),
    ("en", "dark", DESK),
    ("zh", "light", DESK),
    ("en", "light", PHONE),
    ("zh", "contrast", PHONE),
    ("en", "contrast", WIDE),
)
COUNT = """async (png) => {
  const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), paint = canvas.getContext("2d");
  paint.drawImage(bitmap, 0, 0);
  const { data } = paint.getImageData(0, 0, bitmap.width, bitmap.height), found = {};
  for (let i = 0; i < data.length; i += 4) { const key = `${data[i]},${data[i + 1]},${data[i + 2]}`; found[key] = (found[key] ?? 0) + 1; }
  return found;
}"""


def colours(chromium: Browser, page: Page) -> dict[str, int]:
    """How many pixels of each colour the map has, as painted."""
    png = page.locator(".map-frame").screenshot()
    blank = chromium.new_page()
    found: dict[str, int] = blank.evaluate(COUNT, base64.b64encode(png).decode())
    blank.close()
    return found


def pixels(found: dict[str, int], colour: str) -> int:
    return found.get(",".join(map(str, rgb(colour))), 0)


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def post(page: Page, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask the server as the page does."""
    answer: dict[str, Any] = page.request.post(page.url.split("?")[0] + path, data=body).json()
    return answer


def gravest_lift(page: Page) -> dict[str, Any]:
    """The lift whose failure would certainly take a service from the most people."""
    things = page.request.get(page.url.split("?")[0] + "api/things").json()["things"]
    best: tuple[int, dict[str, Any]] = (0, {})
    for thing in things:
        if thing["kind"] == "lift" and thing["closes"]:
            close = [{"kind": part["kind"], "id": part["id"]} for part in thing["closes"]]
            n = post(page, "api/what-if", {"close": close})["lost"]["people"]["value"] or 0
            best = max(best, (n, thing), key=lambda one: one[0])
    assert best[0] >= 5
    return best[1]


def test_the_map_draws_water_lit_buildings_and_streets(opened: Open, chromium: Browser) -> None:
    page = opened("lang=en&theme=dark")
    page.wait_for_selector("html[data-map=ready]", state="attached")
    expect(page.locator("#covered strong")).to_contain_text("%")
    page.wait_for_timeout(1_000)
    found, dark = colours(chromium, page), PALETTES["dark"]

    assert len(found) > 500
    assert pixels(found, dark.water) > 20_000
    assert pixels(found, dark.land) > 20_000
    lit = [pixels(found, "#" + "".join(f"{c:02x}" for c in rgb(step))) for step in dark.ramp]
    assert sum(n for key, n in found.items() if is_near(key, dark.ramp[0])) > 500, lit
    assert sum(n for key, n in found.items() if is_near(key, dark.ramp[4])) > 500, lit
    assert page.evaluate("document.title") == "Operations room · Monaco · 邻里 linli"


def is_near(key: str, colour: str) -> bool:
    """Whether a painted colour is the palette's, seen through a little of what lies under it."""
    return all(abs(int(a) - b) < 22 for a, b in zip(key.split(","), rgb(colour), strict=True))


def test_a_failure_over_mqtt_changes_who_is_cut_off(opened: Open, system: System) -> None:
    calm(system)
    page = opened("lang=en")
    expect(page.locator("#cut-off")).to_have_text("0", timeout=20_000)
    lift = gravest_lift(page)
    expect(page.locator("#cut-off")).to_have_text("0")
    begun = time.perf_counter()
    system.report(lift["key"], "in_service", 0)
    page.wait_for_selector("#hero[data-calm=false]", timeout=30_000)
    late_s = time.perf_counter() - begun
    expect(page.locator("#repairs")).to_contain_text(lift["name"])
    expect(page.locator("#alarm-list")).to_contain_text(f"Out of service: {lift['name']}", timeout=10_000)
    expect(page.locator("#losses li").first).to_contain_text(f"cause: {lift['name']}")
    shot(page, "cut_off_now")
    page.get_by_role("button", name=f"Acknowledge: Out of service: {lift['name']}").click()
    expect(page.locator("#alarm-list")).to_contain_text("acknowledged", timeout=10_000)
    system.report(lift["key"], "in_service", 1)
    expect(page.locator("#cut-off")).to_have_text("0", timeout=20_000)
    expect(page.locator("#alarm-list")).to_contain_text("No open alarms.", timeout=10_000)
    # how late is what bench/page.py measures; a test on a busy machine only keeps it beside its pictures
    (SHOTS / "latency.txt").write_text(f"from publishing to the figure on the page: {late_s:.2f} s\n", encoding="utf-8")


@pytest.mark.parametrize(("language", "theme", "size"), LOOKS)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    opened: Open, language: str, theme: str, size: tuple[int, int]
) -> None:
    width, height = size
    page = opened(f"lang={language}&theme={theme}", width=width, height=height)
    page.wait_for_selector("html[data-map=ready]", state="attached", timeout=60_000)
    for tab in ("alarms", "places", "things", "coverage", "what-if"):
        page.locator(f"#tab-{tab}").click()
        broken = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in broken] == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    if width < 500:
        page.locator("#tab-now").click()
    else:
        page.locator("#tab-alarms").click()
    shot(page, f"{language}_{theme}_{width}")


@pytest.mark.parametrize(("width", "size"), [(320, "standard"), (390, "large"), (1280, "standard"), (1280, "large")])
def test_it_reflows_without_scrolling_sideways(opened: Open, width: int, size: str) -> None:
    page = opened(f"lang=zh&size={size}", width=width, height=800)
    shot(page, f"reflow_{width}_{size}")

    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_keyboard_alone_reaches_a_lift_and_asks_what_if_it_stops(opened: Open) -> None:
    page = opened("lang=en")
    page.locator("#tab-alarms").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-things")).to_be_focused()
    expect(page.locator("#thing-list button").first).to_be_visible(timeout=20_000)
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "What if it stops?":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#what-if h2")).to_contain_text("stops", timeout=20_000)
    expect(page.locator("#banner")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#banner")).to_be_hidden()


def test_a_what_if_shows_people_by_age_and_service_and_leaves_the_present_alone(opened: Open, system: System) -> None:
    calm(system)  # silent lifts are unknown, and nothing would be certain
    page = opened("lang=en&tab=what-if")
    lift = gravest_lift(page)
    page.locator("#what-if-pick").select_option(label=lift["name"])
    expect(page.locator("#what-if h2")).to_have_text(f"If {lift['name']} stops", timeout=20_000)
    expect(page.locator("#what-if .bars tr")).not_to_have_count(0)
    expect(page.locator("#what-if .losses li")).not_to_have_count(0)
    expect(page.locator("#cut-off")).to_have_text("0")
    page.wait_for_timeout(1_500)
    shot(page, "what_if")


def test_changing_the_language_keeps_what_was_chosen(opened: Open) -> None:
    page = opened("lang=en&theme=light&tab=coverage")
    page.locator("select[name=service]").select_option("supermarket")
    expect(page.locator("#coverage caption").first).to_contain_text("Supermarket", timeout=20_000)
    page.locator("#language").click()
    page.wait_for_selector("html[lang=zh-CN][data-theme=light]")

    expect(page.locator("select[name=service]")).to_have_value("supermarket")
    expect(page.locator("#tab-coverage")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#coverage caption").first).to_contain_text("超市", timeout=20_000)


def test_without_webgl_the_lists_still_say_everything(opened: Open) -> None:
    script = """
      const get = HTMLCanvasElement.prototype.getContext;
      HTMLCanvasElement.prototype.getContext = function (kind, ...rest) { return kind === "webgl2" ? null : get.call(this, kind, ...rest); };
    """
    page = opened("lang=en&tab=things", script=script)

    expect(page.locator("html")).to_have_attribute("data-map", "none")
    expect(page.locator("#map-message")).to_be_visible()
    expect(page.locator("#thing-list li")).to_have_count(51)


def test_reduced_motion_is_obeyed(opened: Open) -> None:
    page = opened("lang=en", reduced_motion="reduce")

    assert page.evaluate("getComputedStyle(document.body).animationName") == "none"


def test_it_says_when_the_connection_is_lost_and_recovers_by_itself(
    opened: Open, system: System, tmp_path: Path
) -> None:
    log = tmp_path / "serve.log"
    first = system.run("serve", log)
    url = address(log)
    page = opened("lang=en", url=url, goes_away=True)
    first.send_signal(signal.SIGKILL)
    first.wait()
    expect(page.locator("#connection-text")).to_have_text("Connection lost, trying again", timeout=30_000)
    system.run("serve", log, LINLI_SERVE__PORT=url.rstrip("/").rsplit(":", 1)[1])
    expect(page.locator("#connection-text")).to_have_text("Live", timeout=60_000)


def address(log: Path) -> str:
    """Where a server says it is."""
    line = waited(lambda: [row for row in log.read_text().splitlines() if "the map is at" in row])[0]
    return line.rsplit(" ", 1)[1]


def test_a_hostile_name_runs_nothing(opened: Open, system: System) -> None:
    name = "</script><script>document.title='PWNED'</script><img src=x onerror=\"document.title='PWNED'\">@@=1+1"
    with psycopg.connect(system.database, autocommit=True) as connection:
        before = connection.execute("SELECT id, name FROM thing WHERE kind = 'lift' ORDER BY id LIMIT 1").fetchone()
        assert before
        connection.execute("UPDATE thing SET name = %s WHERE id = %s", (name, before[0]))
        connection.execute("UPDATE facility SET name = %s WHERE service = 'pharmacy'", (name,))
        page = opened("lang=en&tab=things")
        page.wait_for_selector("html[data-map=ready]", state="attached", timeout=60_000)
        expect(page.locator("#thing-list")).to_contain_text("@@=1+1", timeout=20_000)
        connection.execute("UPDATE thing SET name = %s WHERE id = %s", (before[1], before[0]))

    assert page.title() == "Operations room · Monaco · 邻里 linli"
