"""`linli simulate scenario` and `runs`: a what-if from a file, and what is kept."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from simulations.command_options import AsJson, PlaceCode, asked_of, hearing, keeping, show, simulating


@simulating.command("scenario")
def simulate_scenario(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Edits as TOML (.toml) or JSON; - reads JSON from standard input.")],
    *,
    place: PlaceCode = None,
    as_json: AsJson = False,
) -> None:
    """Make the edits of a file and compare with the moment it names; kept under the hash of its inputs. 情景"""
    from simulations import questions
    from simulations.edits import read

    text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    plan = read(text, is_toml=file.suffix == ".toml")
    with hearing() as heard, asked_of(context, place, None if plan.at is None else plan.at.isoformat()) as asked:
        found = questions.ask(asked, "scenario", plan, heard)
        show(keeping(asked, "scenario", plan, found), as_json=as_json)


@simulating.command("runs")
def simulate_runs(
    context: typer.Context,
    run: Annotated[str | None, typer.Argument(metavar="[HASH]", help="A run's hash, or its beginning.")] = None,
    *,
    again: Annotated[bool, typer.Option("--again", help="Compute it again from its inputs, and compare.")] = False,
    place: PlaceCode = None,
    as_json: AsJson = False,
) -> None:
    """List what is kept, show one run, or compute one again from its inputs. 模拟记录"""
    from twin import places, runs

    with asked_of(context, place) as asked:
        here = asked.community.place.id
        if run is None:
            show({"runs": [_line(each) for each in runs.listed(asked.connection, here)]}, as_json=as_json)
            return
        found = runs.get(asked.connection, places.get(asked.connection, place).id, run)
    if again:
        show(_again(context, place, found), as_json=as_json)
        return
    show({**_line(found), "inputs": found.inputs, "progress": found.progress, "answer": found.answer}, as_json=as_json)


def _line(run: Any) -> dict[str, Any]:
    return {
        "run": run.hash,
        "question": run.question,
        "state": run.state,
        "network_version": run.network_version,
        "created_at": run.created_at.isoformat(),
        "created_by": run.created_by,
    }


def _again(context: typer.Context, place: str | None, run: Any) -> dict[str, Any]:
    """Ask the kept question of the kept inputs; same says whether the answer is the kept one."""
    import json

    from simulations import asking, questions

    question = questions.read(run.question, json.dumps(run.inputs["question"]).encode())
    with hearing() as heard, asked_of(context, place, run.inputs["at"]) as asked:
        then = asking.again(asked, run.inputs)
        found = questions.ask(then, run.question, question, heard)
    return {**_line(run), "same": json.loads(json.dumps(found)) == run.answer, "answer": found}
