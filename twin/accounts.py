"""Accounts, and how they sign in: passwords by argon2id, sessions and tokens by secrets that are kept as hashes."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import argon2
import sqlalchemy as sa

from twin import audit
from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.roles import Role, Who

__all__ = [
    "LOCK_MINUTES",
    "SHORTEST",
    "TRIES",
    "Account",
    "accounts",
    "change",
    "create",
    "end_session",
    "first_administrator",
    "from_session",
    "from_subject",
    "from_token",
    "make_token",
    "revoke",
    "set_password",
    "sign_in",
    "start_session",
]

# GB/T 22239-2019 level 3 as it is commonly read (V2): 5 failures lock for 30 minutes; 12 characters (A)
SHORTEST, LONGEST = 12, 256  # characters; a longer password only keeps the hash busy
TRIES, LOCK_MINUTES = 5, 30
SECRET_BYTES = 32
LONGEST_NAME = 80
MARK = "linli_"  # so that a token that was published is recognised
AT_ONCE = threading.Semaphore(2)  # each takes 64 MiB and all cores
# used_at is to the minute, so that reading does not write each time
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    id: int
    name: str
    role: Role
    grids: tuple[int, ...]
    locked_until: datetime | None
    disabled: bool


@cache
def _hasher() -> argon2.PasswordHasher:
    return argon2.PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """Give a hash to check a password against where there is no account: both take as long."""
    return _hasher().hash(secrets.token_urlsafe())


def create(
    connection: Connection, name: str, role: Role, password: str | None, *, grids: Iterable[int] = (), subject: str = ""
) -> int:
    """Make an account; password None: it signs in at a provider, as `subject`. Raises Refused."""
    if role in {Role.PUBLIC, Role.SIGN_IN}:
        raise Refused(f"{role} is nobody's account")
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise Refused(f"a name has 1 to {LONGEST_NAME} characters that can be seen")
    hashed = None if password is None else _hash(password)
    found = connection.execute(
        sa.text("""
        INSERT INTO user_account (name, role, grids, password_hash, subject)
        VALUES (:name, :role, :grids, :hash, nullif(:subject, ''))
        ON CONFLICT (name) DO NOTHING RETURNING id
        """),
        {"name": name, "role": role.value, "grids": list(grids), "hash": hashed, "subject": subject},
    ).scalar_one_or_none()
    if found is None:
        raise Refused(f"there is an account {name} already")
    audit.append(connection, "account made", account=name, role=role.value, grids=list(grids))
    return int(found)


def first_administrator(connection: Connection) -> tuple[str, str] | None:
    """Make the account `admin` where there is no account at all; give its name and password, this once."""
    if connection.scalar(sa.text("SELECT EXISTS (SELECT FROM user_account)")):
        return None
    password = secrets.token_urlsafe(15)
    create(connection, "admin", Role.ADMINISTRATOR, password)
    return "admin", password


def accounts(connection: Connection) -> list[Account]:
    """Give all accounts by name."""
    query = "SELECT id, name, role, grids, locked_until, disabled FROM user_account ORDER BY name"
    return [
        Account(row.id, row.name, Role(row.role), tuple(row.grids), row.locked_until, row.disabled)
        for row in connection.execute(sa.text(query))
    ]


def change(
    connection: Connection,
    name: str,
    *,
    role: Role | None = None,
    grids: Iterable[int] | None = None,
    disabled: bool | None = None,
) -> None:
    """Change what is given, unlock, and end the account's sessions and tokens; raises NotFound."""
    wanted = {"role": role and role.value, "grids": None if grids is None else list(grids), "disabled": disabled}
    row = connection.execute(
        sa.text("""
        UPDATE user_account SET role = coalesce(:role, role), grids = coalesce(:grids, grids),
            disabled = coalesce(:disabled, disabled), failures = 0, locked_until = NULL
        WHERE name = :name RETURNING id
        """),
        {"name": name, **wanted},
    ).one_or_none()
    if row is None:
        raise NotFound(f"no account {name}")
    revoke(connection, name)
    audit.append(connection, "account changed", account=name, **{k: v for k, v in wanted.items() if v is not None})


def set_password(connection: Connection, name: str, password: str) -> None:
    """Give an account another password, unlock it, and end its sessions and tokens; raises NotFound and Refused."""
    row = connection.execute(
        sa.text("""
        UPDATE user_account SET password_hash = :hash, failures = 0, locked_until = NULL WHERE name = :name RETURNING id
        """),
        {"name": name, "hash": _hash(password)},
    ).one_or_none()
    if row is None:
        raise NotFound(f"no account {name}")
    revoke(connection, name)
    audit.append(connection, "password changed", account=name)


def revoke(connection: Connection, name: str) -> int:
    """End all sessions and tokens of an account, at once; give how many there were."""
    ended = 0
    for table in ("user_session", "user_token"):
        query = f"DELETE FROM {table} USING user_account AS a WHERE a.id = account_id AND a.name = :name"
        ended += connection.execute(sa.text(query), {"name": name}).rowcount
    if ended:
        audit.append(connection, "sessions revoked", account=name, ended=ended)
    return ended


def sign_in(connection: Connection, name: str, password: str) -> Who | None:
    """Check a password; None where it is not right, or the account is locked or disabled: the caller says no more.

    The TRIES-th failure in a row locks the account for LOCK_MINUTES, in which the right password is not taken either.
    Commit whatever comes: the failures are counted in this transaction.
    """
    row = connection.execute(
        sa.text("""
        SELECT id, name, role, grids, password_hash, disabled, coalesce(locked_until > now(), false) AS is_locked
        FROM user_account WHERE name = :name FOR UPDATE
        """),
        {"name": name},
    ).one_or_none()
    is_right = _is_right(row.password_hash if row and row.password_hash else _nobodys_hash(), password)
    if row is None or row.password_hash is None:
        audit.append(connection, "sign-in refused", why="no such account")
        return None
    if row.disabled or row.is_locked:
        audit.append(connection, "sign-in refused", account=row.name, why="disabled" if row.disabled else "locked")
        return None
    if not is_right:
        _count_failure(connection, row.id, row.name)
        return None
    connection.execute(
        sa.text("UPDATE user_account SET failures = 0, locked_until = NULL WHERE id = :id"), {"id": row.id}
    )
    audit.append(connection, "signed in", account=row.name)
    return Who(row.name, Role(row.role), row.id, tuple(row.grids))


def from_subject(connection: Connection, subject: str) -> Who | None:
    """Give whose account has signed in at a provider as this subject; None where nobody's may."""
    row = connection.execute(
        sa.text("SELECT id, name, role, grids FROM user_account WHERE subject = :subject AND NOT disabled"),
        {"subject": subject},
    ).one_or_none()
    if row is None:
        audit.append(connection, "sign-in refused", why="no account for the provider's subject")
        return None
    audit.append(connection, "signed in", account=row.name, by="provider")
    return Who(row.name, Role(row.role), row.id, tuple(row.grids))


def start_session(connection: Connection, account_id: int) -> str:
    """Begin a session and give its secret, which is kept nowhere else."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    connection.execute(
        sa.text("INSERT INTO user_session (account_id, secret_hash) VALUES (:account, :hash)"),
        {"account": account_id, "hash": _secret_hash(secret)},
    )
    return secret


def from_session(connection: Connection, secret: str, *, idle: timedelta, longest: timedelta) -> Who | None:
    """Give whose session this is; None where there is none, or it lay idle or lasted too long: then it ends."""
    limits = {"hash": _secret_hash(secret), "idle": idle, "longest": longest}
    connection.execute(
        sa.text("""
        DELETE FROM user_session
        WHERE secret_hash = :hash AND (used_at < now() - :idle OR started_at < now() - :longest)
        """),
        limits,
    )
    row = connection.execute(sa.text(BY_SESSION), limits).one_or_none()
    if row is None:
        return None
    connection.execute(
        sa.text("UPDATE user_session SET used_at = now() WHERE secret_hash = :hash AND used_at < now() - :every"),
        {"hash": limits["hash"], "every": USED_EVERY},
    )
    return Who(row.name, Role(row.role), row.id, tuple(row.grids))


def end_session(connection: Connection, secret: str) -> None:
    """End one session."""
    query = "DELETE FROM user_session WHERE secret_hash = :hash RETURNING account_id"
    if connection.execute(sa.text(query), {"hash": _secret_hash(secret)}).one_or_none():
        audit.append(connection, "signed out")


def make_token(connection: Connection, account_id: int, name: str, *, days: int, writes: bool) -> str:
    """Make a token for an account's scripts, and give it, this once; raises Refused where its name is taken."""
    secret = MARK + secrets.token_urlsafe(SECRET_BYTES)
    made = connection.execute(
        sa.text("""
        INSERT INTO user_token (account_id, name, secret_hash, writes, expires_at)
        VALUES (:account, :name, :hash, :writes, now() + make_interval(days => :days))
        ON CONFLICT (account_id, name) DO NOTHING RETURNING id
        """),
        {"account": account_id, "name": name, "hash": _secret_hash(secret), "writes": writes, "days": days},
    ).one_or_none()
    if made is None:
        raise Refused(f"there is a token {name} already")
    audit.append(connection, "token made", token=name, days=days, writes=writes)
    return secret


def from_token(connection: Connection, secret: str) -> Who | None:
    """Give whose token this is; None where there is none, or it has expired."""
    row = connection.execute(sa.text(SCRIPT), {"hash": _secret_hash(secret)}).one_or_none()
    return None if row is None else Who(row.name, Role(row.role), row.id, tuple(row.grids), row.writes)


def _hash(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused(f"a password has {SHORTEST} to {LONGEST} characters")
    with AT_ONCE:
        return _hasher().hash(password)


def _is_right(hashed: str, password: str) -> bool:
    if len(password) > LONGEST:
        return False
    with AT_ONCE:
        try:
            return _hasher().verify(hashed, password)
        except argon2.exceptions.VerifyMismatchError:
            return False


def _count_failure(connection: Connection, account_id: int, name: str) -> None:
    is_locked = connection.scalar(
        sa.text("""
        UPDATE user_account SET failures = CASE WHEN failures + 1 >= :tries THEN 0 ELSE failures + 1 END,
            locked_until = CASE WHEN failures + 1 >= :tries THEN now() + make_interval(mins => :minutes) END
        WHERE id = :id RETURNING locked_until IS NOT NULL
        """),
        {"id": account_id, "tries": TRIES, "minutes": LOCK_MINUTES},
    )
    audit.append(connection, "sign-in refused", account=name, why="locked now" if is_locked else "wrong password")


def _secret_hash(secret: str) -> bytes:
    """Hash a secret of SECRET_BYTES: nothing to guess, so nothing slow is needed."""
    return hashlib.sha256(secret.encode()).digest()


BY_SESSION = """
SELECT a.id, a.name, a.role, a.grids FROM user_session AS s JOIN user_account AS a ON a.id = s.account_id
WHERE s.secret_hash = :hash AND NOT a.disabled
"""

SCRIPT = """
SELECT a.id, a.name, a.role, a.grids, t.writes FROM user_token AS t JOIN user_account AS a ON a.id = t.account_id
WHERE t.secret_hash = :hash AND t.expires_at > now() AND NOT a.disabled
"""
