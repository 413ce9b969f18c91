"""The audit on the real database: added to, sealed, and found out where one byte was changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from twin import audit, db
from twin.account_commands import auditing, show_first_administrator, users
from twin.acting import acting
from twin.errors import NotFound, Refused
from twin.retention import retain
from twin.settings import StorageSettings

WRITTEN = 6
TAMPERED = {
    "one byte of the detail": "UPDATE audit_entry SET detail = '{\"n\": 4}' WHERE id = 3",
    "who it was": "UPDATE audit_entry SET actor = 'nobody' WHERE id = 3",
    "when it was": "UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE id = 3",
    "an entry taken out": "DELETE FROM audit_entry WHERE id = 3",
    "two that changed places": "UPDATE audit_entry SET id = CASE id WHEN 3 THEN 4 ELSE 3 END WHERE id IN (3, 4)",
    "one put in": "INSERT INTO audit_entry SELECT 7, at, actor, role, event, detail, seal FROM audit_entry WHERE id = 6",
}


def write(url: str, number: int) -> None:
    with db.opened(url) as engine, engine.begin() as connection:
        acting(connection, "wang", "a test")
        audit.append(connection, "seen", n=number)


def tamper(url: str, statement: str) -> None:
    """Change what stands, as its owner could who takes the guard away first."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_stands")
        connection.execute("ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_pkey")
        connection.execute(statement)


def verify(url: str, *words: str) -> tuple[int, str]:
    found = CliRunner().invoke(auditing, ["verify", *words], obj=lambda: url)
    return found.exit_code, found.output.strip()


def only(app: object, url: str, *words: str) -> str:
    found = CliRunner().invoke(app, list(words), obj=lambda: url, catch_exceptions=False)  # type: ignore[arg-type]
    assert found.exit_code == 0
    return found.output


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
def test_what_was_changed_is_found(database: str, statement: str) -> None:
    for number in range(1, WRITTEN + 1):
        write(database, number)
    tamper(database, statement)
    code, said = verify(database)

    assert code == 1
    assert said.startswith("entry ")


def test_a_chain_that_was_cut_off_is_found_by_what_was_kept_elsewhere(database: str) -> None:
    for number in range(1, WRITTEN + 1):
        write(database, number)
    code, said = verify(database)
    assert code == 0
    kept = said.rpartition(" ")[2]
    assert kept.startswith(f"{WRITTEN}:")
    assert verify(database, "--head", kept)[0] == 0
    tamper(database, "DELETE FROM audit_entry WHERE id = 6")

    assert verify(database)[0] == 0
    assert verify(database, "--head", kept) == (1, "entry 6: it is not the entry it was")


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET actor = ''", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
)
def test_an_entry_stands_for_its_owner_too(database: str, statement: str) -> None:
    write(database, 1)
    with psycopg.connect(database) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_no_setting_lets_an_entry_go_before_180_days_or_ever(database: str) -> None:
    """GB/T 22239 asks for six months: linli removes none, however short the settings keep all else."""
    write(database, 1)
    shortest = StorageSettings(raw_days=32, welfare_days=2, quarantine_days=1)
    with db.opened(database) as engine:
        for days in (179, 181, 3_650):
            with engine.begin() as connection:
                retain(connection, shortest, datetime.now(UTC) + timedelta(days=days))
        with engine.connect() as connection:
            assert [entry.id for entry in audit.entries(connection)] == [1]
            assert audit.broken(connection) == []
    with pytest.raises(ValidationError, match="audit_days"):
        StorageSettings.model_validate({"audit_days": 30})


def test_many_who_write_at_once_make_one_chain_without_gaps(database: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write(database, number), range(24)))
    with db.opened(database) as engine, engine.connect() as connection:
        assert audit.broken(connection) == []
        assert [entry.id for entry in audit.entries(connection)] == list(range(24, 0, -1))
        assert {entry.actor for entry in audit.entries(connection)} == {"wang"}


def test_accounts_are_made_changed_and_listed_from_the_command_line(database: str) -> None:
    said: list[str] = []
    show_first_administrator(database, said.append)
    show_first_administrator(database, said.append)
    made = only(users, database, "add", "li", "--role", "operator")
    again = only(users, database, "password", "li")
    only(users, database, "change", "li", "--role", "planner", "--disable")

    assert len(said) == 1
    assert said[0].startswith("the first account is admin, an administrator; its password")
    assert made.split()[-1] != again.split()[-1]
    assert only(users, database, "list").splitlines() == [
        "admin                    administrator",
        "li                       planner           disabled",
    ]
    assert only(users, database, "revoke", "li") == "0 ended\n"
    newest = only(auditing, database, "list", "--last", "1")
    assert newest.endswith("command line (none): account changed role=planner account=li disabled=True\n")
    with pytest.raises(Refused, match="'king' is no role"):
        only(users, database, "add", "ma", "--role", "king")
    with pytest.raises(NotFound, match="no grid 007"):
        only(users, database, "add", "ma", "--role", "grid_worker", "--grid", "007")
