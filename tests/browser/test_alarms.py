"""Somebody on duty, with the keyboard alone: hears a new critical alarm, takes it on, hands it over, notes, closes it."""

from __future__ import annotations

import re
import signal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.system import Open, System, calm
from tests.browser.test_page import gravest_lift, shot
from twin import db

PATIENCE_MS = 40_000
MANY = """
INSERT INTO alarm (place_id, kind, subject, severity, detail, raised_at, thing_id)
SELECT t.place_id, 'wrong_unit', 'datastream:many' || i, (ARRAY['major', 'notice'])[1 + mod(i, 2)],
       jsonb_build_object('value', 20.5, 'property', 'depth', 'unit', 'cm', 'above', 15), now(), t.id
  FROM generate_series(1, 130) i CROSS JOIN (SELECT id, place_id FROM thing WHERE kind = 'water_level' LIMIT 1) t
"""
NOTIFY = """SELECT pg_notify('linli', '{"kind": "alarms", "ids": []}')"""


def press(page: Page, what: Locator) -> None:
    """Use a control as the keyboard does."""
    what.focus()
    page.keyboard.press("Enter")


def axe(page: Page) -> list[tuple[str, list[str]]]:
    broken = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in broken]


@pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("zh", "light")])
def test_an_alarm_is_taken_from_its_sound_to_its_closing_note(
    opened: Open, system: System, language: str, theme: str
) -> None:
    calm(system)
    page = opened(f"lang={language}&theme={theme}")
    page.keyboard.press("Tab")  # a browser lets a page sound only after somebody has touched it
    expect(page.locator("#cut-off")).to_have_text("0", timeout=PATIENCE_MS)
    lift = gravest_lift(page)
    system.report(lift["key"], "in_service", 0)
    first = page.locator("#alarm-list li[data-severity=critical] [data-key^=case]").first
    expect(first).to_be_visible(timeout=PATIENCE_MS)
    alarm = page.locator("#alarm-list li", has=page.locator(f"[data-key='{first.get_attribute('data-key')}']"))
    expect(page.locator("html[data-sounded]")).to_be_attached()
    expect(page.locator("#alerted")).not_to_be_empty()
    press(page, page.locator("#sound"))
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "false")
    sounded = page.locator("html").get_attribute("data-sounded")

    press(page, alarm.locator("[data-key^=acknowledge]"))
    expect(alarm.locator("[data-key^=acknowledge]")).to_have_count(0, timeout=PATIENCE_MS)
    press(page, alarm.locator("[data-key^=case]"))
    dialog = page.locator("#alarm-case")
    expect(dialog.locator("#alarm-life li")).to_have_count(2)
    dialog.locator("#alarm-to").focus()
    page.keyboard.type("Lift company")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog.locator("#alarm-life li")).to_have_count(3)
    dialog.locator("#alarm-note").focus()
    page.keyboard.type("on their way")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog.locator("#alarm-life")).to_contain_text("on their way")
    assert axe(page) == []
    shot(page, f"alarm_case_{language}_{theme}")
    page.keyboard.press("Escape")
    expect(alarm).to_contain_text("Lift company", timeout=PATIENCE_MS)
    shot(page, f"alarms_{language}_{theme}")

    system.report(lift["key"], "in_service", 1)
    expect(page.locator("#alarm-list li[data-severity=critical]")).to_have_count(0, timeout=PATIENCE_MS)
    press(page, page.locator("#alarms-cleared"))
    expect(alarm).to_contain_text("Lift company", timeout=PATIENCE_MS)
    press(page, alarm.locator("[data-key^=case]"))
    dialog.locator("#alarm-note").focus()
    page.keyboard.type("a fuse")
    press(page, dialog.locator(".main-act"))
    expect(dialog).to_be_hidden()
    expect(alarm).to_have_count(0, timeout=PATIENCE_MS)
    assert page.locator("html").get_attribute("data-sounded") == sounded  # muted since


def test_more_alarms_than_the_stream_holds_are_read_by_page_and_taken_on_together(opened: Open, system: System) -> None:
    calm(system)
    page = opened("lang=en")
    engine = db.engine(system.database)
    with engine.begin() as connection:
        connection.exec_driver_sql(MANY)
        connection.exec_driver_sql(NOTIFY)
    try:
        expect(page.locator("#alarm-totals")).to_contain_text("Major 65", timeout=PATIENCE_MS)
        expect(page.locator("#alarm-list li")).to_have_count(100)
        expect(page.locator("#alarm-list li").first).to_contain_text("depth 20.5 cm, limit 15 cm")
        press(page, page.locator("#alarms-more"))
        expect(page.locator("#alarm-list li")).to_have_count(130, timeout=PATIENCE_MS)
        assert axe(page) == []
        press(page, page.locator("#acknowledge-all"))
        expect(page.locator("#alarm-count")).to_have_text("0", timeout=PATIENCE_MS)
        expect(page.locator("#alarm-list li").first).to_contain_text(re.compile("acknowledged .* by duty desk"))
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM alarm WHERE subject LIKE 'datastream:many%%'")
        engine.dispose()


def test_the_page_says_since_when_nobody_has_counted_and_that_it_is_counted_again(opened: Open, system: System) -> None:
    calm(system)
    page = opened("lang=zh")
    expect(page.locator("#cut-off")).to_have_text("0", timeout=PATIENCE_MS)
    expect(page.locator("#watched")).to_be_hidden()
    watch = system.processes[1]
    watch.send_signal(signal.SIGSTOP)
    try:
        expect(page.locator("#watched")).to_contain_text("起无人计算", timeout=PATIENCE_MS)
        shot(page, "not_watched")
        assert axe(page) == []
    finally:
        watch.send_signal(signal.SIGCONT)
    expect(page.locator("#watched")).to_be_hidden(timeout=PATIENCE_MS)
