"""The database: engines and migrations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError as Lost

from twin.patience import patient

__all__ = ["REFUSED", "UNAVAILABLE", "Connection", "Engine", "Lost", "engine", "migrate", "missing", "opened"]

# What a database that is away, starting or out of room raises; COPY speaks to psycopg without SQLAlchemy between.
UNAVAILABLE = (Lost, sa.exc.InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
# What it raises for values that it will never take.
REFUSED = (sa.exc.DataError, sa.exc.IntegrityError, psycopg.DataError, psycopg.IntegrityError)

CONNECT_S = 5
# A link that has gone dead without a word is noticed within some 10 s.
ALIVE: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

MIGRATIONS = Path(__file__).with_name("migrations")
JOURNAL = """
CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())
"""
MIGRATION_LOCK = 0x6C696E6C69  # "linli": two migrations at once wait for each other


def engine(url: str, *, patience_s: float | None = None) -> Engine:
    """Open an engine on a PostgreSQL URL; plain `postgresql://` means psycopg 3.

    patience_s: how long to wait for one answer, then Lost is raised; None: for ever.
    """
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    opening = sa.create_engine(
        parsed,
        pool_pre_ping=True,
        hide_parameters=True,  # values of people would stand in the log with every error
        connect_args={"connect_timeout": CONNECT_S, **ALIVE},
    )
    if patience_s is not None:
        kind = patient(patience_s)
        sa.event.listen(opening, "do_connect", lambda _dialect, _record, args, named: kind.connect(*args, **named))
    return opening


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """Open an engine and close its connections at the end."""
    opening = engine(url)
    try:
        yield opening
    finally:
        opening.dispose()


def migrate(url: str) -> list[str]:
    """Apply the migrations that are missing, in name order, and give their names.

    Each file is one transaction with its line in the journal, so a failure leaves whole files only. After them, the
    history of each kept table gets the columns that the table got.
    """
    with opened(url) as opening, opening.connect() as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(sa.text(JOURNAL))
        connection.commit()
        to_apply = missing(connection)
        for name in to_apply:
            path = MIGRATIONS / f"{name}.sql"
            connection.exec_driver_sql(path.read_text(encoding="utf-8").replace("%", "%%"))  # %s would be a parameter
            connection.execute(sa.text("INSERT INTO migration (name) VALUES (:name)"), {"name": name})
            connection.commit()
        if to_apply:
            connection.execute(sa.text("SELECT keep_history(kept) FROM kept_table AS kept"))
            connection.execute(sa.text("SELECT grant_roles()"))
        connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
    return to_apply


def missing(connection: Connection) -> list[str]:
    """Give the names of the migrations that a database has not had, in order."""
    done = set(connection.scalars(sa.text("SELECT name FROM migration")))
    return [path.stem for path in sorted(MIGRATIONS.glob("*.sql")) if path.stem not in done]
