"""The screen's texts by language: gettext catalogues (.po) beside this file, compiled in memory when first used.

The key of a text is its English wording, so that templates and modules read as what they show.
A new language is one more .po file; `python scripts/texts.py` brings new keys into all of them.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

FOLDER = Path(__file__).parent
FALLBACK = "en"
HTML_LANGUAGES = {"zh": "zh-CN", "en": "en"}
OWN_NAMES = {"zh": "中文", "en": "English"}


def languages() -> tuple[str, ...]:
    """Give the languages there is a catalogue for."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.po")))


@cache
def translations(language: str) -> Translations:
    """Give the compiled catalogue; a text without a translation stays English."""
    compiled = BytesIO()
    with (FOLDER / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


@cache
def texts(language: str) -> dict[str, str]:
    """Give {English text: text} for the page's modules."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        found = read_po(file, locale=language)
    return {str(message.id): str(message.string) for message in found if message.id and message.string}
