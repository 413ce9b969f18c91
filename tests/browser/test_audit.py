"""An auditor's whole task: find a break, measure it on a telephone with a photo, see it counted, print the report, read it."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pypdf import PdfReader

from api.app import create
from api.server import listen
from api.settings import ServeSettings
from deploy.services import Services
from tests.api.people import PASSWORD, enrol
from tests.browser.system import SHOTS
from tests.conftest import _copied
from tests.twin.test_photos import camera
from twin.roles import Role

PATIENCE_MS = 90_000  # a software renderer and an audit on a busy machine
PHONE = (390, 844)
NO_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null"  # an old browser: the lists say it all
SIZES = ((1600, 900), (1280, 720), PHONE)


@dataclass
class Auditor:
    """A browser in which an auditor has signed in; what it asked elsewhere and what went wrong is kept."""

    context: BrowserContext
    url: str

    def open(self, query: str, size: tuple[int, int], *, script: str = "") -> Page:
        page = self.context.new_page()
        page.add_init_script(script)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(f"{self.url}audit?{query}")
        page.wait_for_selector("html[data-audit=ready]", timeout=PATIENCE_MS)
        page.wait_for_selector("html[data-map]", state="attached", timeout=PATIENCE_MS)
        page.wait_for_selector("#lifts tbody tr", timeout=PATIENCE_MS)
        return page


@pytest.fixture(scope="module")
def auditor(chromium: Browser, services: Services, monaco_template: str) -> Iterator[Auditor]:
    outside: list[str] = []
    wrong: list[str] = []
    with _copied(services, monaco_template) as url:
        enrol(url, Role.AUDITOR)
        settings = ServeSettings(port=0)
        listening = listen(settings)
        server = uvicorn.Server(uvicorn.Config(create(settings, url), log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        context = chromium.new_context(accept_downloads=True)
        context.on(
            "request",
            lambda asked: None if asked.url.startswith((address, "blob:", "data:")) else outside.append(asked.url),
        )
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        page = context.new_page()
        page.goto(f"{address}audit?lang=en&theme=dark")
        page.locator("input[name=name]").fill(Role.AUDITOR.value)
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/audit?**")
        page.close()
        yield Auditor(context, address)
        context.close()
        server.should_exit = True
        thread.join(10)
    assert outside == []
    assert wrong == []


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"audit_{name}.png", timeout=PATIENCE_MS)


def axe(page: Page) -> list[tuple[str, list[str]]]:
    broken = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in broken]


def press(page: Page, selector: str) -> None:
    """Use a control as the keyboard does."""
    page.locator(selector).focus()
    page.keyboard.press("Enter")


def counted(page: Page, element: str) -> int:
    """How many of an element are measured, as the table says."""
    row = page.locator("#elements tbody tr", has=page.get_by_role("rowheader", name=element, exact=True))
    return int(row.locator("td").first.inner_text().replace(",", ""))


def printed(auditor: Auditor, page: Page, language: str) -> PdfReader:
    href = page.locator(f"#report-{language}").get_attribute("href")
    answer = auditor.context.request.get(f"{auditor.url}{href}", timeout=PATIENCE_MS)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    return PdfReader(io.BytesIO(answer.body()))


def test_an_auditor_measures_a_break_on_a_telephone_and_signs_the_report(auditor: Auditor) -> None:
    page = auditor.open("lang=en&theme=light&service=pharmacy", PHONE)
    first = page.locator("#breaks li[data-break]").first
    steps_before = counted(page, "Number of steps")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    shot(page, "phone_en")
    wanted = first.get_attribute("data-break")
    press(page, f"[data-break='{wanted}'] [data-key^=measure]")
    expect(page.locator("#measure")).to_be_visible()
    expect(page.locator("#measure-kind")).to_be_focused()
    page.locator("#measure-kind").select_option("step_count")
    press(page, "#measure-form [type=submit]")
    expect(page.locator("#measure-error")).to_contain_text("Write the value as a number")
    expect(page.locator("#measure-value")).to_be_focused()
    page.keyboard.type("17")
    page.locator("#measure-photo").set_input_files({"name": "kerb.jpg", "mimeType": "image/jpeg", "buffer": camera()})
    page.locator("#measure-note").focus()
    page.keyboard.type("beside the hydrant")
    assert axe(page) == []
    shot(page, "measure_phone_en")
    press(page, "#measure-form [type=submit]")
    expect(page.locator("#measure")).to_be_hidden(timeout=PATIENCE_MS)
    card = page.locator("#measured [data-measurement]").first
    expect(card).to_contain_text("Number of steps: 17", timeout=PATIENCE_MS)
    expect(card).to_contain_text("auditor, ")
    expect(page.locator("#measured-title")).to_be_focused(timeout=PATIENCE_MS)
    assert counted(page, "Number of steps") == steps_before + 1
    expect(page.locator(f"[data-break='{wanted}']")).to_contain_text("Measured on the spot: Number of steps")
    expect(page.locator(f"[data-break='{wanted}'] .why")).to_contain_text("Steps: 17")
    picture = card.locator("img")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=picture.element_handle())
    shot(page, "measured_phone_en")

    for language, told in (
        ("en", ["Step-free audit", "Monaco", "Signature or seal", "Number of steps", "auditor", "Pharmacy", "Method"]),
        ("zh", ["无障碍审计", "摩纳哥", "签字或盖章", "台阶级数", "auditor", "药店", "方法", "未实测"]),
    ):
        report = printed(auditor, page, language)
        text = "\n".join(each.extract_text() for each in report.pages)
        run = page.locator("#report-en").get_attribute("href").split("/")[2]  # type: ignore[union-attr]
        assert [word for word in [*told, run, "cn_recalled 2026-11"] if word not in text] == []
        assert f"1 / {len(report.pages)}" in report.pages[0].extract_text()
        fonts = [str(one.get_object()["/BaseFont"]) for one in report.pages[1]["/Resources"]["/Font"].values()]  # type: ignore[index]
        assert all("+" in name for name in fonts)  # a part of a font, in the file itself
    press(page, f"[data-measurement='{card.get_attribute('data-measurement')}'] [data-key^=remove]")
    expect(page.locator("#measured img")).to_have_count(0, timeout=PATIENCE_MS)
    expect(page.locator("#measured")).to_contain_text("Number of steps: 17")
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_nothing_and_list_map_and_tables_say_the_same(auditor: Auditor, language: str) -> None:
    page = auditor.open(f"lang={language}&theme=dark", SIZES[0], script=NO_WEBGL if language == "en" else "")
    assert page.locator("#map-message").is_visible() is (language == "en")
    for theme in ("dark", "light"):
        page.locator("#theme").select_option(theme)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert (theme, width, axe(page)) == (theme, width, [])
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            shot(page, f"{language}_{theme}_{width}")
    whole = int(page.locator("#breaks-count").inner_text())
    page.locator("#filter [name=people]").select_option("80+")
    some = int(page.locator("#breaks-count").inner_text())
    assert 0 < some <= whole
    page.locator("#filter [name=service]").select_option("pharmacy")
    assert page.locator("#services tbody tr").count() == 1
    assert int(page.locator("#breaks-count").inner_text()) <= some
    if page.locator("#more-breaks").is_visible():
        press(page, "#more-breaks")
    assert page.locator("#breaks li[data-break]").count() == int(page.locator("#breaks-count").inner_text())
    reads_aloud(auditor, page)
    finds_by_name(page, language)
    page.close()


def reads_aloud(auditor: Auditor, page: Page) -> None:
    """The browser has no voice: the server speaks, until the button is pressed again."""
    with page.expect_response("**/api/spoken/audit/wav?**", timeout=PATIENCE_MS) as heard:
        press(page, "#aloud")
    sound = auditor.context.request.get(heard.value.url)
    assert (sound.status, sound.headers["content-type"], sound.body()[:4]) == (200, "audio/wav", b"RIFF")
    assert len(sound.body()) > 200_000  # some seconds, not silence's header
    expect(page.locator("#aloud")).to_have_attribute("aria-pressed", "true")
    press(page, "#aloud")
    expect(page.locator("#aloud")).to_have_attribute("aria-pressed", "false")


def finds_by_name(page: Page, language: str) -> None:
    """By its street an element is found and chosen with the keyboard alone."""
    press(page, "#measure-any")
    page.keyboard.type("rue grimaldi")
    page.keyboard.press("Enter")
    expect(page.locator("#measure-choices input").first).to_be_focused(timeout=PATIENCE_MS)
    page.keyboard.press("ArrowDown")
    assert axe(page) == []
    shot(page, f"measure_{language}")
    page.keyboard.press("Escape")
    expect(page.locator("#measure")).to_be_hidden()
