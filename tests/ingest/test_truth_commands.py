"""The commands on the quarantine and the account, on a real database."""

from __future__ import annotations

import json

import sqlalchemy as sa
import typer
from typer.testing import CliRunner

from ingest.truth_commands import account, quarantining
from tests import sensors
from tests.ingest.test_retrying import PACK, SETTINGS, arrive, enrol
from twin import db

app = typer.Typer()
app.add_typer(account, name="account")
app.add_typer(quarantining(lambda: SETTINGS), name="quarantine")


def run(database: str, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(words), obj=lambda: database)
    assert result.exit_code == code, result.output
    return result.stdout


def test_what_was_set_aside_is_listed_shown_and_tried_again_and_the_account_stays_true(database: str) -> None:
    with db.opened(database) as engine, engine.begin() as connection:
        sensors.community(connection)
        arrive(connection, "senml/roof", PACK, 0)
        enrol(connection)
    (row,) = json.loads(run(database, "quarantine", "list", "--json"))
    assert (row["reason_code"], row["thing_key"], row["count"], row["can_retry"]) == ("unknown_device", "roof", 2, True)
    assert "no device is enrolled as roof" in run(database, "quarantine", "list", "--reason", "unknown_device")
    number = str(row["id"])
    assert json.loads(run(database, "quarantine", "show", number))["payload"] == PACK.decode()
    gone, missing = json.loads(run(database, "quarantine", "retry", number, "99", "--json"))
    assert gone == {"id": row["id"], "stored": 2, "duplicate": 0, "refused": 0, "left": 0, "reason": ""}
    assert missing == {"id": 99, "reason": "nothing in the quarantine has the id 99"}
    answer = json.loads(run(database, "account", "--json"))
    assert (answer["stored"], answer["stored_in_tables"], answer["quarantined"], answer["true"]) == (2, 2, 0, True)
    with db.opened(database) as engine, engine.begin() as connection:
        connection.execute(sa.text("UPDATE account SET stored = 3, received = 3"))
    assert not json.loads(run(database, "account", "--json", code=1))["true"]
