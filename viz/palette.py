"""The colours, once, for map and page: dark for the wall, light for the desk by day, contrast for who needs it.

Text keeps 4.5:1 to what it stands on, marks and borders 3:1 (WCAG 2.2, 1.4.3 and 1.4.11), in the theme contrast text
7:1 (1.4.6); tests/viz holds all three.
The coverage ramp runs from cold blue to warm light with luminance rising or falling steadily, as cividis does
(Nunez et al. 2018, doi:10.1371/journal.pone.0199239), so that it reads without telling red from green. Red stays for faults.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

THEMES = ("dark", "light", "contrast")


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #rrggbb."""

    ground: str  # behind everything on the map
    land: str
    water: str
    green: str
    rail: str
    street_casing: str
    street: str
    street_main: str
    path: str
    building: str
    building_line: str
    boundary: str
    label: str
    label_water: str
    halo: str
    ramp: tuple[str, str, str, str, str]  # share covered: <50, <70, <85, <95, >=95 per cent
    cut_off: str
    cut_off_possible: str
    affected: str
    facility: str
    facility_ink: str
    open: str
    closed: str
    unknown: str
    silent: str
    marker: str  # the disc a device's shape stands on
    page: str
    panel: str
    panel_raised: str
    ink: str
    ink_quiet: str
    line: str
    control: str
    control_line: str
    accent: str
    accent_ink: str
    critical: str
    major: str
    notice: str
    focus: str


DARK = Palette(
    ground="#0c1320",
    land="#121b2b",
    water="#0a2036",
    green="#14302c",
    rail="#33405a",
    street_casing="#0d1522",
    street="#2c3850",
    street_main="#435272",
    path="#3a4763",
    building="#1e2940",
    building_line="#33425f",
    boundary="#7f93bb",
    label="#c9d5ea",
    label_water="#7fa6cf",
    halo="#0d1522",
    ramp=("#5f7ee0", "#8593b8", "#b5a986", "#e0c26c", "#ffe9a6"),
    cut_off="#ff7361",
    cut_off_possible="#ffab9e",
    affected="#ff8fd0",
    facility="#8fd3ff",
    facility_ink="#08131f",
    open="#66d9a6",
    closed="#ff7361",
    unknown="#f7b24a",
    silent="#a9b6cc",
    marker="#0a111d",
    page="#0a101b",
    panel="#0f1827",
    panel_raised="#172235",
    ink="#eef3fb",
    ink_quiet="#aebcd3",
    line="#26344d",
    control="#172338",
    control_line="#6880ab",
    accent="#7cc4ff",
    accent_ink="#06121f",
    critical="#ff7361",
    major="#f7b24a",
    notice="#8fd3ff",
    focus="#ffe45c",
)

LIGHT = Palette(
    ground="#eceae4",
    land="#f6f4ef",
    water="#bcd8ea",
    green="#d3e5c8",
    rail="#b3afa6",
    street_casing="#cfcac0",
    street="#ffffff",
    street_main="#fff3d6",
    path="#d9d3c7",
    building="#e2ddd3",
    building_line="#b9b1a3",
    boundary="#4a5a7a",
    label="#2b313c",
    label_water="#1f5f8f",
    halo="#ffffff",
    ramp=("#1d2f7e", "#46568d", "#727076", "#8f7a48", "#b07c12"),
    cut_off="#c01f2e",
    cut_off_possible="#c9505b",
    affected="#a3157a",
    facility="#0b5394",
    facility_ink="#ffffff",
    open="#0a6b46",
    closed="#c01f2e",
    unknown="#9a5b00",
    silent="#5a6474",
    marker="#ffffff",
    page="#ffffff",
    panel="#ffffff",
    panel_raised="#f3f5f9",
    ink="#12161d",
    ink_quiet="#4a5462",
    line="#d5dae3",
    control="#ffffff",
    control_line="#737d8d",
    accent="#0b5cad",
    accent_ink="#ffffff",
    critical="#b3202c",
    major="#8a5200",
    notice="#0b5394",
    focus="#0b5cad",
)

# White and few clear colours on black; what is quiet elsewhere is as strong as the rest here.
CONTRAST = Palette(
    ground="#000000",
    land="#000000",
    water="#001a33",
    green="#00190a",
    rail="#8a8a8a",
    street_casing="#000000",
    street="#5a5a5a",
    street_main="#8a8a8a",
    path="#6e6e6e",
    building="#262626",
    building_line="#9a9a9a",
    boundary="#ffffff",
    label="#ffffff",
    label_water="#8fd0ff",
    halo="#000000",
    ramp=("#5c7cff", "#8f9fd0", "#c4b48a", "#f0d070", "#fff3b8"),
    cut_off="#ff8a7a",
    cut_off_possible="#ffc0b8",
    affected="#ff9cdb",
    facility="#9adcff",
    facility_ink="#000000",
    open="#5ff0b0",
    closed="#ff8a7a",
    unknown="#ffc040",
    silent="#d0d0d0",
    marker="#000000",
    page="#000000",
    panel="#000000",
    panel_raised="#0d0d0d",
    ink="#ffffff",
    ink_quiet="#e0e0e0",
    line="#9a9a9a",
    control="#000000",
    control_line="#ffffff",
    accent="#7fd4ff",
    accent_ink="#000000",
    critical="#ff8a7a",
    major="#ffc040",
    notice="#9adcff",
    focus="#ffff00",
)

PALETTES = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST}


def rgb(colour: str, alpha: int | None = None) -> list[int]:
    """Turn #rrggbb into [r, g, b], or [r, g, b, alpha] with alpha 0..255, as deck.gl wants it."""
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return channels if alpha is None else [*channels, alpha]


def css() -> str:
    """Write the palettes as custom properties, so that no colour is said twice."""
    return "\n".join(f":root[data-theme={theme}]{{{_properties(PALETTES[theme])}}}" for theme in THEMES)


def _properties(palette: Palette) -> str:
    parts: list[str] = []
    for field in fields(palette):
        value = getattr(palette, field.name)
        if field.name == "ramp":
            parts.extend(f"--ramp-{i}:{colour}" for i, colour in enumerate(value))
        else:
            parts.append(f"--{field.name.replace('_', '-')}:{value}")
    return ";".join(parts)
