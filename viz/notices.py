"""The page of notices: what is said to the public now and soon, and the form for a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twin.addresses import Address
from twin.places import Place
from viz import screens
from viz.screens import Reader
from viz.words import N_

__all__ = ["WRONG", "Line", "Screen", "page"]

# What can be wrong with a notice, for the catalogues; anything else is said in English.
WRONG = (
    N_("a notice says something"),
    N_("a notice has at most 500 characters"),
    N_("a notice ends after it begins"),
    N_("a notice is for a grid or for a building"),
    N_("the times are not dates with an hour"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A notice as it is listed; whose: a building's address or a grid's code, None: the whole place. Local times."""

    id: int
    text: str
    text_zh: str
    whose: str | None
    begins: str
    ends: str
    by: str


@dataclass(frozen=True, slots=True)
class Written:
    """What the form begins with: the usual, or what was sent and not kept."""

    words: str
    words_zh: str
    grid: int | None
    begins: str
    ends: str


@dataclass(frozen=True, slots=True)
class Screen:
    """What the page shows; building: whom the new notice is for, found: buildings that were searched for."""

    rows: Sequence[Line]
    grids: Sequence[tuple[int, str]]
    building: Address | None
    text: str
    found: Sequence[Address]
    written: Written
    wrong: str


def page(place: Place, reader: Reader, shown: Screen) -> str:
    """Write the page for one reader."""
    wanted = reader.wanted
    kept = {"lang": wanted.language, "theme": wanted.theme, "size": wanted.size}
    return screens.render("notices.html.j2", place, reader, "/notices", {}, shown=shown, kept=kept)
