"""The commands on the alarms, on the real database."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from tests.sensors import community, stream
from twin import db
from twin.alarm_commands import alarming
from twin.errors import NotFound, Refused


def run(database: str, *words: str) -> str:
    return CliRunner().invoke(alarming, list(words), obj=lambda: database, catch_exceptions=False).output


def test_rules_are_listed_and_switched_and_gateways_and_absences_are_told(database: str) -> None:
    with db.opened(database) as engine, engine.begin() as connection:
        community(connection)
        for key in ("gateway", "one", "two"):
            stream(connection, key, "volume")
    rules = json.loads(run(database, "rules", "--json"))["rules"]
    deep = next(rule for rule in rules if rule["name"] == "water closes the road")
    assert (deep["severity"], deep["above"], deep["certainty"]) == ("critical", 25, "V2")
    assert "Shanghai" in deep["source"]
    assert run(database, "switch", str(deep["id"]), "--off") == f"rule {deep['id']} is off\n"
    assert "water closes the road: above 25  [closing depth" in run(database, "rules")
    assert run(database, "rules").count("(off)") == 1
    assert run(database, "behind", "gateway", "one", "two") == "2 devices are behind gateway\n"
    assert run(database, "away", "one", "2126-01-02T03:04:05", "--by", "Li") == "away until 2126-01-02 03:04 UTC\n"
    with pytest.raises(Refused):
        run(database, "away", "one", "2020-01-02T03:04:05", "--by", "Li")
    with pytest.raises(NotFound):
        run(database, "switch", "99999", "--on")
    with db.opened(database) as engine, engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM thing_gateway")) == 2
        assert connection.scalar(sa.text("SELECT noted_by FROM away")) == "Li"
