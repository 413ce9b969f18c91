"""The page to sign in: a form that works without a script."""

from __future__ import annotations

from viz import pages, texts
from viz.ops import Wanted


def page(asked: dict[str, str], accepted_languages: str, *, static: str, wrong: bool) -> str:
    """Write the page for one reader; wrong: the last try was not right."""
    wanted = Wanted.choose(asked, accepted_languages)
    language = wanted.language
    other = "en" if language == "zh" else "zh"
    return pages.render(
        "signin.html.j2",
        language,
        html_lang=texts.HTML_LANGUAGES[language],
        lang=language,
        other_lang=other,
        other_html_lang=texts.HTML_LANGUAGES[other],
        other_name=texts.OWN_NAMES[other],
        theme=wanted.theme,
        size=wanted.size,
        static=static,
        wrong=wrong,
    )
