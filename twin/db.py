"""The database: engines and migrations."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url

__all__ = ["Connection", "Engine", "engine", "migrate"]

MIGRATIONS = Path(__file__).with_name("migrations")
MIGRATION_LOCK = 0x6C696E6C69  # "linli": two migrations at once wait for each other


def engine(url: str) -> Engine:
    """Open an engine on a PostgreSQL URL; plain `postgresql://` means psycopg 3."""
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return sa.create_engine(parsed, pool_pre_ping=True)


def migrate(url: str) -> list[str]:
    """Apply the migrations that are missing, in name order, and give their names.

    Each file is one transaction with its line in the journal, so a failure leaves whole files only.
    """
    applied: list[str] = []
    with engine(url).connect() as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(sa.text("CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"))
        connection.commit()
        done = set(connection.scalars(sa.text("SELECT name FROM migration")))
        for path in sorted(MIGRATIONS.glob("*.sql")):
            if path.stem in done:
                continue
            connection.exec_driver_sql(path.read_text(encoding="utf-8"))
            connection.execute(sa.text("INSERT INTO migration (name) VALUES (:name)"), {"name": path.stem})
            connection.commit()
            applied.append(path.stem)
        connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
    return applied
