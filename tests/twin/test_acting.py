"""Who changes the twin is said to the transaction, and to no other."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from twin.acting import acting
from twin.db import opened

SAID = "SELECT current_setting('linli.actor', true), current_setting('linli.reason', true)"


def test_the_actor_holds_to_the_end_of_the_transaction_and_no_longer(database: str) -> None:
    with opened(database) as engine, engine.connect() as connection:
        acting(connection, "li.wei", "the lift was replaced")
        assert connection.execute(sa.text(SAID)).one() == ("li.wei", "the lift was replaced")
        connection.commit()
        assert connection.execute(sa.text(SAID)).one() == ("", "")


def test_an_actor_without_a_name_is_refused(database: str) -> None:
    with opened(database) as engine, engine.connect() as connection, pytest.raises(ValueError, match="needs an actor"):
        acting(connection, " ", "")
