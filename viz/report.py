"""The audit's report as PDF, by WeasyPrint from a template of the pages: no browser, no network, fonts of the system."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from twin.errors import Refused
from twin.lift_months import LiftMonth
from twin.measurements import Kept
from twin.places import Place
from twin.runs import Run
from twin.terms import Service
from viz import audit, audit_words, pages, texts, words
from viz.assets import STATIC
from viz.sketch import Mark, sketch
from viz.words import N_

__all__ = ["Report", "html", "pdf"]

ONE_AT_A_TIME = threading.Lock()  # one takes a processor for a second or two
FONTS = {"zh": "zh-cn", "en": "en"}
MAPPED = 40  # breaks with a number on the map; the tables have all


@dataclass(frozen=True, slots=True)
class Report:
    """What a report is made of: the run, the lines of its edges by id, layers of the map, months of the lifts, measurements."""

    place: Place
    run: Run
    language: str
    services: tuple[Service, ...]  # those asked for; empty: all
    lines: Mapping[int, tuple[str, str | None, Sequence[Sequence[float]]]]
    layers: dict[str, Any]
    months: Sequence[LiftMonth]
    measured: Sequence[Kept]
    account: str
    printed_at: datetime


def html(report: Report) -> str:
    """Fill the template."""
    answer = report.run.answer
    if answer is None:
        raise ValueError("a report is of a run that has an answer")
    translate = texts.translations(report.language).gettext
    breaks = _breaks(report, answer)
    mended = {one["id"] for one in answer["mends"]["chosen"] if "id" in one}
    marks = [
        Mark(one["number"], "mend" if one["id"] in mended else "break", report.lines[one["id"]][2])
        for one in reversed(breaks[:MAPPED])
        if one["id"] in report.lines
    ]
    title = translate(N_("Where step-free ways break"))
    numbers = {one["id"]: one["number"] for one in breaks}
    zone = ZoneInfo(report.place.timezone)
    return pages.render(
        "report.html.j2",
        report.language,
        html_lang=texts.HTML_LANGUAGES[report.language],
        css=(STATIC / "css" / "report.css").read_text(encoding="utf-8"),
        place_name=(report.place.name_zh if report.language == "zh" else report.place.name) or report.place.name,
        attribution=report.place.attribution,
        summary=audit.summary(report.place, answer, report.language, report.services),
        drawing=sketch(report.place.bounds, report.layers, marks, title),
        answer=answer,
        services=[one for one in answer["services"] if _is_asked(report, one["service"])],
        breaks=breaks,
        mends=[
            {**one, "number": numbers.get(one.get("id"), "–"), "called": _called(report, one)}
            for one in answer["mends"]["chosen"]
        ],
        months=sorted({one.month for one in report.months}),
        lifts=_lifts(report),
        measured=report.measured,
        words=words.spoken(translate) | audit_words.spoken(translate),
        run=report.run,
        network_version=report.run.network_version,
        moment=report.run.created_at.astimezone(zone),
        printed=report.printed_at.astimezone(zone),
        account=report.account,
        mapped=MAPPED,
        zone=zone,
    )


def pdf(report: Report) -> bytes:
    """Print the report; raises Refused where this machine has no Pango, or no font for the language."""
    document = html(report)
    with ONE_AT_A_TIME:
        printer = _printer()
        _needs_font(report.language)
        made: bytes = printer.HTML(string=document, url_fetcher=_no_fetching).write_pdf(
            pdf_identifier=report.run.hash.encode(), full_fonts=False
        )
    return made


def _printer() -> Any:
    try:
        import weasyprint  # type: ignore[import-untyped]  # its libraries are looked up only here
    except OSError:
        raise Refused("no PDF here: Pango is missing; apt-get install libpango-1.0-0 libpangoft2-1.0-0") from None
    return weasyprint


def _needs_font(language: str) -> None:
    found = subprocess.run(["fc-list", f":lang={FONTS[language]}", "family"], capture_output=True, check=False)
    if not found.stdout.strip():
        raise Refused("no PDF here: no font has these letters; apt-get install fonts-noto-cjk")


def _no_fetching(url: str, *_: object, **__: object) -> NoReturn:
    """Refuse every address: a report is made of what the twin holds."""
    raise ValueError(f"a report fetches nothing: {url[:80]}")


def _lifts(report: Report) -> list[tuple[LiftMonth, dict[str, LiftMonth]]]:
    """Give each lift once, with its months by name."""
    found: dict[str, tuple[LiftMonth, dict[str, LiftMonth]]] = {}
    for one in report.months:
        found.setdefault(one.key, (one, {}))[1][one.month] = one
    return list(found.values())


def _is_asked(report: Report, service: str) -> bool:
    return not report.services or Service(service) in report.services


def _breaks(report: Report, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the breaks on ways to the services asked for, those with most people behind them first, numbered."""
    found: list[dict[str, Any]] = []
    for one in answer["breaks"]:
        people = {service: n for service, n in one["people"].items() if _is_asked(report, service)}
        if people:
            found.append({**one, "people": people, "most": max(people.values()), "called": _called(report, one)})
    found.sort(key=lambda one: -one["most"])
    return [{**one, "number": number} for number, one in enumerate(found, start=1)]


def _called(report: Report, one: Mapping[str, Any]) -> str:
    """Name an element: by its street or the nearest one, else by its id in the source."""
    line = report.lines.get(one.get("id", -1))
    names: Iterable[str | None] = (line[1] if line else None, one.get("name"), one.get("source_id"))
    return next((name for name in names if name), "–")
