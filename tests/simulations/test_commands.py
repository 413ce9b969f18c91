"""`linli simulate` on Monaco: what it prints, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from simulations.commands import simulating
from twin.errors import Refused


def ask(url: str, *words: str) -> Any:
    found = CliRunner().invoke(simulating, [*words, "--json"], obj=lambda: url, catch_exceptions=False)
    assert found.exit_code == 0
    return json.loads(found.stdout)


def test_coverage_names_its_norm_network_and_group(monaco_database: str) -> None:
    answer = ask(monaco_database, "coverage", "--service", "pharmacy", "--group", "adult", "--group", "wheelchair")
    assert (answer["place"], answer["norm"]["id"]) == ("monaco", "cn_recalled")
    adult, wheelchair = answer["coverage"]
    assert (adult["limit_s"], adult["counts_if_needed"], wheelchair["counts_if_needed"]) == (600, False, True)
    assert wheelchair["total"]["residents"] == 38_420
    assert 0 < adult["total"]["share"] <= adult["total"]["share_possible"] <= 1


def test_what_if_closes_a_lift_by_its_openstreetmap_id(monaco_database: str) -> None:
    answer = ask(monaco_database, "what-if", "--close", "edge:n4226573525", "--group", "wheelchair")
    assert {part["kind"] for part in answer["close"]} == {"edge"}
    assert answer["outcomes"]
    assert all(outcome["counts_if_needed"] for outcome in answer["outcomes"])


def test_failures_are_ranked(monaco_database: str) -> None:
    totals = [each["total"] for each in ask(monaco_database, "failures")["failures"]]
    shown = [total for total in totals if total is not None]
    assert shown == sorted(shown, reverse=True)
    assert shown[0] > 100


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["coverage", "--service", "casino"], "'casino' is not a valid Service; one of pharmacy, "),
        (["what-if", "--close", "edge:nowhere"], "not in the twin: edge:nowhere"),
    ],
)
def test_a_word_that_is_not_known_is_refused(monaco_database: str, words: list[str], why: str) -> None:
    with pytest.raises(Refused, match=why):
        CliRunner().invoke(simulating, words, obj=lambda: monaco_database, catch_exceptions=False)
