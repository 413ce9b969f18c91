"""Every command, question and edit is in the users' page, in both languages."""

from pathlib import Path

import pytest

from simulations.commands import simulating
from simulations.edits import Edit
from simulations.questions import QUESTIONS
from simulations.siting_goals import GOALS

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", ["simulations.md", "simulations.zh-CN.md"])
def test_every_command_question_and_edit_is_documented(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    commands = {command.name for command in simulating.registered_commands}
    assert {goal for goal in GOALS if f"`{goal}`" not in text and f"--goal {goal}`" not in text} == set()
    edits = {kind.__struct_config__.tag for kind in Edit.__args__}
    assert set(QUESTIONS) <= commands
    assert {command for command in commands if f"`linli simulate {command}`" not in text} == set()
    assert {edit for edit in edits if f"`{edit}`" not in text and f'"{edit}"' not in text} == set()
