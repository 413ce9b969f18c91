"""The page to sign in: a form that works without a script."""

from __future__ import annotations

from urllib.parse import urlencode

from viz import pages, texts
from viz.screens import Wanted


def page(asked: dict[str, str], accepted_languages: str, *, static: str, wrong: bool, is_provided: bool) -> str:
    """Write the page for one reader; wrong: the last try was not right; is_provided: there is a provider too."""
    wanted = Wanted.choose(asked, accepted_languages)
    language = wanted.language
    other = "en" if language == "zh" else "zh"
    return pages.render(
        "signin.html.j2",
        language,
        html_lang=texts.HTML_LANGUAGES[language],
        kept=urlencode({**asked, "lang": language}),
        other=urlencode({**asked, "lang": other}),
        other_html_lang=texts.HTML_LANGUAGES[other],
        other_name=texts.OWN_NAMES[other],
        theme=wanted.theme,
        size=wanted.size,
        static=static,
        wrong=wrong,
        is_provided=is_provided,
    )


def done(accepted_languages: str, *, home: str) -> str:
    """Write the page that goes on to the map by itself; home: its relative address."""
    language = Wanted.choose({}, accepted_languages).language
    return pages.render("signedin.html.j2", language, html_lang=texts.HTML_LANGUAGES[language], home=home)
