"""Who asks: the roles, and the database role and settings that each transaction runs under.

A connection of an interface begins as `linli_api`, which may read nothing at all. Only the transaction of somebody whose
role is known becomes that role, by itself, as it begins: code that forgets to ask who it is for gets no rows. What each
role may see is in the migration 0033_roles.sql.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from psycopg import errors
from sqlalchemy.engine import ExceptionContext

from twin.db import Connection, Engine
from twin.errors import Forbidden

__all__ = ["BASE", "NOBODY", "Role", "Who", "asking", "guard", "who"]

BASE = "linli_api"  # the database role of a connection before anybody is known


class Role(StrEnum):
    """What an account is for; one account has one."""

    OPERATOR = "operator"  # 值班员
    PLANNER = "planner"  # 规划员
    AUDITOR = "auditor"  # 审计员
    CARE = "care"  # 照护员
    GRID_WORKER = "grid_worker"  # 网格员
    INTEGRATOR = "integrator"  # 集成员
    ADMINISTRATOR = "administrator"  # 系统管理员
    SECURITY_AUDITOR = "security_auditor"  # 安全审计员
    PUBLIC = "public"  # 公众
    SIGN_IN = "sign_in"  # 登录: linli itself, finding out who somebody is


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who asks; account_id None: nobody's account, as the public or linli itself."""

    name: str
    role: Role
    account_id: int | None = None
    grids: tuple[int, ...] = ()
    writes: bool = True  # False: by a token that may only read


NOBODY = Who("public", Role.PUBLIC)
_asking: ContextVar[Who | None] = ContextVar("linli_who", default=None)


def who() -> Who | None:
    """Tell who the present request, or thread, is for; None: nobody has said."""
    return _asking.get()


@contextlib.contextmanager
def asking(someone: Who) -> Iterator[None]:
    """Let every transaction that begins inside be this person's."""
    token = _asking.set(someone)
    try:
        yield
    finally:
        _asking.reset(token)


def guard(engine: Engine) -> Engine:
    """Make every transaction of an engine begin as the role of who asks; without one it stays BASE.

    What the role has no right to raises Forbidden.
    """
    sa.event.listen(engine, "begin", _begin)
    sa.event.listen(engine, "handle_error", _denied)
    return engine


def _denied(context: ExceptionContext) -> None:
    if isinstance(context.original_exception, errors.InsufficientPrivilege):
        raise Forbidden("this is not for your role") from None


def _begin(connection: Connection) -> None:
    someone = _asking.get()
    role = BASE if someone is None else f"linli_{someone.role}"
    values = {
        "role": role,
        "name": "" if someone is None else someone.name,
        "plain": "" if someone is None else someone.role.value,
        "account": "" if someone is None or someone.account_id is None else str(someone.account_id),
        "grids": "{}" if someone is None else "{" + ",".join(map(str, someone.grids)) + "}",
    }
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute(SET, values)


SET = """
SELECT set_config('role', %(role)s, true), set_config('linli.actor', %(name)s, true),
       set_config('linli.role', %(plain)s, true), set_config('linli.account_id', %(account)s, true),
       set_config('linli.grids', %(grids)s, true)
"""
