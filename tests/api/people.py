"""Somebody of each role, and clients that act for them."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient

from twin import accounts, db
from twin.roles import Role, Who

PASSWORD = "correct horse battery"  # of people who are not
ROOT = "http://127.0.0.1"
ROLES = tuple(role for role in Role if role not in {Role.PUBLIC, Role.SIGN_IN})


def enrol(database: str, role: Role, *, grids: tuple[int, ...] = ()) -> Who:
    """Make an account named as its role."""
    with db.opened(database) as engine, engine.begin() as connection:
        number = accounts.create(connection, role.value, role, PASSWORD, grids=grids)
    return Who(role.value, role, number, grids)


def token(database: str, who: Who, *, writes: bool = True, name: str = "test") -> dict[str, str]:
    """Make a token, as the header a script sends."""
    assert who.account_id is not None
    with db.opened(database) as engine, engine.begin() as connection:
        secret = accounts.make_token(connection, who.account_id, name, days=1, writes=writes)
    return {"Authorization": f"Bearer {secret}"}


def browser(app: FastAPI) -> TestClient:
    """A client that keeps cookies, on an application that runs already."""
    return TestClient(app, base_url=ROOT, headers={"Origin": ROOT})
