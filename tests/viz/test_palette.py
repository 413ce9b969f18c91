"""Colours: what must be read can be read, and the ramp does not need red and green to be told apart."""

from itertools import pairwise

import pytest

from viz.palette import PALETTES, THEMES, Palette, css

TEXT = 4.5
HIGH = 7.0
MARK = 3.0


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.fixture(params=THEMES)
def palette(request: pytest.FixtureRequest) -> Palette:
    return PALETTES[request.param]


def test_black_on_white_is_21_to_1() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


def test_text_keeps_4_5_to_what_it_stands_on(palette: Palette) -> None:
    grounds = (palette.page, palette.panel, palette.panel_raised, palette.control)
    inks = (
        "ink",
        "ink_quiet",
        "accent",
        "critical",
        "major",
        "notice",
        "open",
        "closed",
        "unknown",
        "silent",
        "cut_off",
    )
    poor = [(ink, ground) for ink in inks for ground in grounds if contrast(getattr(palette, ink), ground) < TEXT]

    assert poor == []
    assert contrast(palette.accent_ink, palette.accent) >= TEXT
    assert contrast(palette.page, palette.critical) >= TEXT
    assert contrast(palette.label, palette.halo) >= TEXT
    assert contrast(palette.facility_ink, palette.facility) >= TEXT


def test_in_the_theme_contrast_all_text_keeps_7_to_what_it_stands_on() -> None:
    palette = PALETTES["contrast"]
    grounds = (palette.page, palette.panel, palette.panel_raised, palette.control)
    inks = (
        "ink",
        "ink_quiet",
        "accent",
        "critical",
        "major",
        "notice",
        "open",
        "closed",
        "unknown",
        "silent",
        "cut_off",
    )

    assert [(ink, ground) for ink in inks for ground in grounds if contrast(getattr(palette, ink), ground) < HIGH] == []
    assert contrast(palette.accent_ink, palette.accent) >= HIGH
    assert contrast(palette.page, palette.critical) >= HIGH
    assert contrast(palette.label, palette.halo) >= HIGH
    assert contrast(palette.affected, palette.panel_raised) >= HIGH


def test_marks_and_borders_keep_3_to_what_they_stand_on(palette: Palette) -> None:
    signs = (palette.open, palette.closed, palette.unknown, palette.silent, palette.facility)

    assert [sign for sign in signs if contrast(sign, palette.land) < MARK] == []
    assert [sign for sign in signs if contrast(sign, palette.marker) < MARK] == []
    assert [
        line
        for line in (palette.cut_off, palette.cut_off_possible, palette.affected)
        if contrast(line, palette.land) < MARK
    ] == []
    assert contrast(palette.control_line, palette.panel) >= MARK
    assert contrast(palette.control_line, palette.control) >= MARK
    assert contrast(palette.focus, palette.panel) >= MARK


def test_every_step_of_the_ramp_keeps_3_to_the_land(palette: Palette) -> None:
    assert [step for step in palette.ramp if contrast(step, palette.land) < MARK] == []


def test_the_ramp_rises_or_falls_in_luminance_at_every_step(palette: Palette) -> None:
    steps = [luminance(step) for step in palette.ramp]

    assert steps in (sorted(steps), sorted(steps, reverse=True))
    assert all(abs(a - b) > 0.02 for a, b in pairwise(steps))


def test_the_stylesheet_says_every_colour_of_every_theme() -> None:
    text = css()

    assert all(f":root[data-theme={theme}]" in text for theme in THEMES)
    assert text.count("--ramp-4:") == len(THEMES)
