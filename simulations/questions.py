"""Every question that can be put to the twin, by name: the command line, the interfaces and a notebook ask these.

To add one, write its struct and its function in a file, and add a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from simulations import (
    answers,
    questions_audit,
    questions_coverage,
    questions_place,
    questions_risk,
    questions_scenario,
)
from simulations.asking import Asked, Heard
from simulations.edits import Plan
from simulations.edits import read as read_plan
from twin.errors import NotFound, Refused

__all__ = ["QUESTIONS", "Kind", "ask", "read"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of question: the struct that says it, what answers it, and whether that may take more than a moment.

    in_parts: whether a cluster can share it; else it is one search over the whole place, and no cluster makes it quicker.
    """

    asks: type[msgspec.Struct]
    answers: Callable[[Asked, Any, Heard], dict[str, Any]]
    is_long: bool = False
    in_parts: bool = False


QUESTIONS = {
    "coverage": Kind(questions_coverage.CoverageQuestion, questions_coverage.answer),
    "failures": Kind(questions_risk.FailuresQuestion, questions_risk.failures, is_long=True, in_parts=True),
    "outages": Kind(questions_risk.OutagesQuestion, questions_risk.outages, is_long=True, in_parts=True),
    "shelters": Kind(questions_risk.ShelterQuestion, questions_risk.shelters, is_long=True),
    "audit": Kind(questions_audit.AuditQuestion, questions_audit.answer, is_long=True, in_parts=True),
    "capacity": Kind(questions_place.CapacityQuestion, questions_place.capacity, in_parts=True),
    "siting": Kind(questions_place.SitingQuestion, questions_place.siting, is_long=True),
    "scenario": Kind(Plan, questions_scenario.answer),
    "front": Kind(questions_place.FrontQuestion, questions_place.pareto, is_long=True),
}


def read(name: str, text: bytes) -> msgspec.Struct:
    """Read a question of a kind from JSON; NotFound where there is no such kind, Refused where it is none of it."""
    if name not in QUESTIONS:
        raise NotFound(f"no question {name!r}; one of {', '.join(QUESTIONS)}")
    if name == "scenario":
        return read_plan(text, is_toml=False)
    try:
        return msgspec.json.decode(text or b"{}", type=QUESTIONS[name].asks)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(f"{name}: {error}") from None


def ask(asked: Asked, name: str, question: msgspec.Struct, heard: Heard = lambda _: True) -> dict[str, Any]:
    """Answer a question whole: what it rests on, then the answer. Raises InterruptedError where heard stops it."""
    return {
        **answers.frame(asked.community, asked.said),
        "at": None if asked.at is None else asked.at.isoformat(),
        **QUESTIONS[name].answers(asked, question, heard),
    }
