"""Texts: every one shown has a translation, and none is written into a template or a module."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from scripts.texts import extracted
from twin.terms import AlarmKind, Condition, MobilityGroup, Service, Severity, State, ThingKind
from viz import texts, words

VIZ = Path(texts.__file__).parent.parent
CJK = re.compile(r"[\u3400-\u9fff]")
FIELDS = re.compile(r"\{(\w+)\}|%\((\w+)\)")
OWN_NAMES = {"邻里 linli", "·"}


@pytest.mark.parametrize("language", texts.languages())
def test_every_text_shown_has_a_translation_and_no_other_is_kept(language: str) -> None:
    with (texts.FOLDER / f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    shown = {message.id for message in extracted() if message.id}

    assert {message.id for message in catalog if message.id} == shown
    assert [message.id for message in catalog if message.id and not message.string] == []


def test_there_are_chinese_and_english() -> None:
    assert texts.languages() == ("en", "zh")


@pytest.mark.parametrize("language", texts.languages())
def test_a_translation_has_the_same_fields_as_its_text(language: str) -> None:
    wrong = [
        key for key, text in texts.texts(language).items() if set(FIELDS.findall(key)) != set(FIELDS.findall(text))
    ]

    assert wrong == []


def test_chinese_differs_from_english_but_for_names_and_units() -> None:
    same = {key for key, text in texts.texts("zh").items() if key == text}

    assert same == {"<{n}", "OpenStreetMap", "PM10", "PM2.5"}


def test_every_term_has_a_word_in_both_languages() -> None:
    for language in texts.languages():
        spoken = words.spoken(texts.translations(language).gettext)
        assert set(spoken["service"]) == {term.value for term in Service}
        assert set(spoken["group"]) == {term.value for term in MobilityGroup}
        assert set(spoken["thing_kind"]) == {term.value for term in ThingKind}
        assert set(spoken["severity"]) == {term.value for term in Severity}
        assert set(spoken["alarm_kind"]) == {term.value for term in AlarmKind}
        assert set(spoken["thing_state"]) == {term.value for kind in (State, Condition) for term in kind}


class Bare(HTMLParser):
    """Collect the text nodes and spoken attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data.strip())

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.extend(
            value for name, value in attrs if value and name in ("title", "alt", "placeholder", "aria-label")
        )


@pytest.mark.parametrize("template", sorted((VIZ / "pages").glob("*.j2")), ids=lambda path: path.name)
def test_no_text_is_written_into_a_template(template: Path) -> None:
    source = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", template.read_text(encoding="utf-8"), flags=re.DOTALL)
    page = Bare()
    page.feed(source)
    bare = [text for text in page.found if re.search(r"[^\W\d_]", text)]

    assert [text for text in bare if text.strip("· ") not in OWN_NAMES and text not in {"0", "api/state"}] == []


@pytest.mark.parametrize("module", sorted((VIZ / "static" / "js").rglob("*.js")), ids=lambda path: path.name)
def test_no_text_is_written_into_a_module(module: Path) -> None:
    source = re.sub(r"/\*.*?\*/|(?<![:\"'])//.*", "", module.read_text(encoding="utf-8"))
    shown = re.findall(r"""(?<![\w.])(?<!t\()(?<!\[)["'`]([A-Z][a-z]+ [a-z][^"'`]*)["'`]""", source)

    assert [text for text in shown if f't("{text}"' not in source] == []
    assert CJK.findall(source) == []


def test_every_text_a_module_asks_for_is_found_by_the_extraction() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (VIZ / "static" / "js").rglob("*.js")]
    asked = {text for source in sources for text in re.findall(r'\bt\("([^"]+)"', source)}

    assert asked - {message.id for message in extracted()} == set()


def test_what_the_reader_is_shown_by_a_module_goes_through_the_catalogue() -> None:
    """Assigning a literal to what is shown or spoken would slip past the catalogue."""
    for module in (VIZ / "static" / "js").rglob("*.js"):
        source = module.read_text(encoding="utf-8")
        assert (
            re.findall(r"""(?:textContent|innerText|title|"aria-label")\s*[:=]\s*["'`][^"'`$]*[A-Za-z]{3}""", source)
            == []
        ), module.name
        assert "innerHTML" not in source, module.name
