"""`linli simulate` on Monaco: what it prints, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from simulations.commands import simulating
from twin.errors import NotFound, Refused


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
    answer = ask(monaco_database, "failures", "--most", "5")
    totals = [each["total"] for each in answer["failures"]]
    assert totals == sorted(totals, reverse=True)
    assert totals[0] > 100
    assert (answer["tried"] >= answer["matter"] > 5, len(totals)) == (True, 5)


def test_coverage_stands_in_minutes_metres_and_circle_by_area_and_hour(monaco_database: str) -> None:
    words = ("--service", "clinic", "--group", "adult", "--by", "grid", "--day", "Mo")
    (found,) = ask(monaco_database, "coverage", *words)["coverage"]
    assert found["metres"]["within"] <= found["circle"]["within"]  # no way is shorter than the line
    assert (found["metres"]["limit_m"], found["norm"]["id"], found["certainty"]) == (300, "cn_recalled", "recalled")
    assert sum(area["residents"] for area in found["areas"]) == found["total"]["residents"]
    assert sum(area["certain"] for area in found["areas"]) == found["total"]["certain"]
    by_hour = {hour["moment"]: hour for hour in found["hours"]}
    assert by_hour["Mo 10:00"]["possible"] == found["total"]["possible"]
    # at night only those near a clinic of unknown hours may still have one
    assert by_hour["Mo 03:00"]["certain"] == 0 < by_hour["Mo 03:00"]["possible"] < found["total"]["possible"]
    at_night = ask(monaco_database, "coverage", "--service", "clinic", "--group", "adult", "--moment", "Mo 03:00")
    assert at_night["coverage"][0]["total"]["possible"] == by_hour["Mo 03:00"]["possible"]


def test_districts_give_the_coverage_that_is_given_whole(monaco_database: str, tmp_path: Path) -> None:
    words = ("coverage", "--service", "pharmacy", "--group", "wheelchair")
    whole = ask(monaco_database, *words)["coverage"][0]
    cut = ask(monaco_database, *words, "--store", str(tmp_path), "--districts", "5")
    assert cut["districts"] == 5
    assert (cut["coverage"][0]["total"], cut["coverage"][0]["bands"]) == (whole["total"], whole["bands"])


def test_schools_take_in_whom_they_have_room_for(monaco_database: str, tmp_path: Path) -> None:
    with psycopg.connect(monaco_database, autocommit=True) as connection:
        connection.execute("UPDATE facility SET capacity = 800 WHERE service = 'school'")
    answer = ask(monaco_database, "shelters", "--stage", "5", "--stage-minutes", "10", "--most", "3")
    assert answer["taken"] == sum(shelter["filled"] for shelter in answer["shelters"])
    assert answer["taken"] + answer["left"] == answer["everyone"]
    assert all(shelter["filled"] <= 800 for shelter in answer["shelters"])
    full = sum(shelter["filled"] == 800 for shelter in answer["shelters"])
    assert full >= len(answer["shelters"]) - 1  # one is reached by few without lifts
    assert (len(answer["stages"]), len(answer["bottlenecks"])) == (2, 3)


def test_the_audit_says_where_it_breaks_by_which_clause_and_whose_measure_that_is(monaco_database: str) -> None:
    answer = ask(monaco_database, "audit", "--service", "pharmacy", "--mends", "2", "--cost", "steps=4", "--most", "20")
    (found,) = answer["services"]
    counted = sum(found["breaks"].values()) + found["no_way"]
    assert counted == found["residents"]
    assert found["step_free_within"] <= found["step_free"] == found["breaks"]["0"]
    assert answer["breaks"]
    for one in answer["breaks"]:
        assert one["fails"], one
        assert one["measured_by"]["who"]
        assert sum(one["people"].values()) > 0
    assert answer["mends"]["proven"]
    assert answer["mends"]["people_services"] == answer["mends"]["bound"]


def test_the_front_goes_from_cheap_and_few_to_dear_and_many(monaco_database: str) -> None:
    answer = ask(monaco_database, "front", "--service", "clinic", "--new", "2")
    costs = [point["cost"] for point in answer["front"]]
    people = [point["within_limit"] for point in answer["front"]]
    assert (costs, people) == (sorted(costs), sorted(people))
    assert costs[:2] == [0.0, 1.0]
    assert all(point["proven"] for point in answer["front"])


def test_a_scenario_is_kept_and_computed_again_to_the_same_answer(monaco_database: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text("""
        title = "A clinic on the rock, its lift shut"
        services = ["clinic"]
        [[edits]]
        edit = "close"
        element = "edge:n4226573525"
        [[edits]]
        edit = "add"
        service = "clinic"
        lon = 7.4246
        lat = 43.7311
        capacity = 30
        """)
    answer = ask(monaco_database, "scenario", str(file))
    assert sum(sum(one["gained"].values()) for one in answer["outcomes"]) > 0
    assert {one["norm"]["id"] for one in answer["outcomes"]} == {"cn_recalled"}
    (kept,) = ask(monaco_database, "runs")["runs"]
    assert (kept["run"], kept["question"], kept["state"]) == (answer["run"], "scenario", "done")
    shown = ask(monaco_database, "runs", kept["run"][:8])
    assert {"run": kept["run"], **shown["answer"]} == answer
    assert ask(monaco_database, "runs", kept["run"][:8], "--again")["same"] is True


@pytest.mark.parametrize("word", ["capacity", "siting", "coverage"])
def test_any_answer_can_be_kept(monaco_database: str, word: str) -> None:
    words = {"siting": ["--service", "clinic", "--new", "1"]}.get(word, ["--service", "clinic", "--group", "adult"])
    first, second = (ask(monaco_database, word, *words, "--keep") for _ in range(2))
    assert first["run"] == second["run"]


def test_ctrl_c_ends_a_question_in_order(monaco_database: str) -> None:
    threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()
    found = CliRunner().invoke(simulating, ["failures", "--kind", "path"], obj=lambda: monaco_database)
    assert (found.exit_code, found.stderr.startswith("linli: stopped after ")) == (130, True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["coverage", "--service", "casino"], "'casino' is not a valid Service; one of pharmacy, "),
        (["what-if", "--close", "edge:nowhere"], "not in the twin: edge:nowhere"),
        (["failures", "--kind", "bridge"], "'bridge' is no kind of element"),
        (["coverage", "--moment", "noon"], "not a weekday and a time"),
        (["coverage", "--by", "country"], "coverage: Invalid enum value 'country'"),
        (["capacity", "--measure", "love"], "'love' is no measure; one of capacity, office_m2"),
        (["audit", "--cost", "steps"], "'steps' has no number; write it as steps=4"),
        (
            ["siting", "--service", "clinic", "--cluster", "tcp://127.0.0.1:9"],
            "siting is one search over the whole place",
        ),
        (["capacity", "--cluster", "tcp://127.0.0.1:9"], "no scheduler answers at tcp://127.0.0.1:9"),
        (["outages"], "no lift has been heard of in the 365 days"),
        (["runs", "ffff"], "no run ffff"),
        (["coverage", "--cluster", "tcp://127.0.0.1:9"], "a cluster needs --store"),
    ],
)
def test_a_word_that_is_not_known_is_refused(monaco_database: str, words: list[str], why: str) -> None:
    with pytest.raises((NotFound, Refused), match=why):
        CliRunner().invoke(simulating, words, obj=lambda: monaco_database, catch_exceptions=False)
