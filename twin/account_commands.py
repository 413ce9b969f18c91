"""Accounts and the audit from the command line: `linli users …`, `linli audit verify`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from twin.db import Connection
    from twin.roles import Role

users = typer.Typer(help="Accounts: who may sign in, and as what. 账号", no_args_is_help=True)
auditing = typer.Typer(help="The audit: who did what. 审计", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The account's name.")]
RoleName = Annotated[
    str | None,
    typer.Option(help="operator, planner, auditor, care, grid_worker, integrator, administrator or security_auditor."),
]
Grids = Annotated[list[str] | None, typer.Option("--grid", help="Code of a grid worker's own grid; may be repeated.")]


def show_first_administrator(url: str, say: Callable[[str], None]) -> None:
    """Make the first account where there is none, and say its password, this once."""
    import sqlalchemy as sa

    from twin import accounts, db

    with db.opened(url) as engine, engine.begin() as connection:
        if connection.scalar(sa.text("SELECT to_regclass('user_account') IS NULL")):
            return  # before `linli migrate`
        made = accounts.first_administrator(connection)
    if made is not None:
        say(f"the first account is {made[0]}, an administrator; its password, shown only now: {made[1]}")


@users.command("add")
def add(
    context: typer.Context,
    name: Name,
    *,
    role: RoleName = None,
    grid: Grids = None,
    subject: Annotated[str, typer.Option(help="ISSUER SUB: signs in at that provider, and has no password.")] = "",
) -> None:
    """Make an account and print its password, this once. 新建账号"""
    from twin import accounts
    from twin.errors import Refused

    if role is None:
        raise Refused("an account needs a role: --role")
    password = None if subject else secrets.token_urlsafe(15)
    with _connected(context) as connection:
        accounts.create(connection, name, _role(role), password, grids=_grids(connection, grid), subject=subject)
    how = f"the password, shown only now: {password}" if password else f"signs in as {subject}"
    typer.echo(f"{name}, {role}; {how}")


@users.command("list")
def show(context: typer.Context) -> None:
    """List the accounts. 账号列表"""
    from twin import accounts

    with _connected(context) as connection:
        for account in accounts.accounts(connection):
            state = "disabled" if account.disabled else "locked" if account.locked_until else ""
            typer.echo(f"{account.name:<24} {account.role:<17} {state}".rstrip())


@users.command("change")
def change(
    context: typer.Context,
    name: Name,
    *,
    role: RoleName = None,
    grid: Grids = None,
    disable: Annotated[bool | None, typer.Option("--disable/--enable", help="May it sign in?")] = None,
) -> None:
    """Change an account's role or grids, disable or unlock it; its sessions and tokens end. 修改账号"""
    from twin import accounts

    with _connected(context) as connection:
        wanted = None if role is None else _role(role)
        grids = None if grid is None else _grids(connection, grid)
        accounts.change(connection, name, role=wanted, grids=grids, disabled=disable)


@users.command("password")
def password(context: typer.Context, name: Name) -> None:
    """Give an account a new password and print it, this once; its sessions and tokens end. 重置密码"""
    from twin import accounts

    new = secrets.token_urlsafe(15)
    with _connected(context) as connection:
        accounts.set_password(connection, name, new)
    typer.echo(f"{name}; the password, shown only now: {new}")


@users.command("revoke")
def revoke(context: typer.Context, name: Name) -> None:
    """End all sessions and tokens of an account, at once. 注销会话与令牌"""
    from twin import accounts

    with _connected(context) as connection:
        typer.echo(f"{accounts.revoke(connection, name)} ended")


@auditing.command("verify")
def verify(
    context: typer.Context,
    head: Annotated[str | None, typer.Option(help="NUMBER:SEAL as an earlier run printed it.")] = None,
) -> None:
    """Check that no entry was changed, removed or put in; exit code 1 where one was. 校验审计链"""
    from twin import audit
    from twin.errors import Refused

    with _connected(context) as connection:
        wrong = audit.broken(connection)
        newest = audit.head(connection)
        if head is not None:
            number, _, seal = head.partition(":")
            if not number.isdecimal():
                raise Refused(f"{head!r} is no NUMBER:SEAL")
            found = audit.head(connection, int(number))
            if found is None or found.seal != seal:
                wrong.append(audit.Broken(int(number), "it is not the entry it was"))
    for each in wrong:
        typer.echo(f"entry {each.id}: {each.why}")
    if wrong:
        raise typer.Exit(1)
    typer.echo(f"the chain holds; keep this elsewhere: {newest.id}:{newest.seal}" if newest else "no entries")


@auditing.command("list")
def entries(context: typer.Context, last: Annotated[int, typer.Option(min=1, help="How many.")] = 20) -> None:
    """Show the newest entries, the newest first. 审计记录"""
    from twin import audit

    with _connected(context) as connection:
        for entry in audit.entries(connection, limit=last):
            about = " ".join(f"{name}={value}" for name, value in entry.detail.items())
            typer.echo(f"{entry.id} {entry.at:%Y-%m-%dT%H:%M:%SZ} {entry.actor} ({entry.role}): {entry.event} {about}")


@contextmanager
def _connected(context: typer.Context) -> Iterator[Connection]:
    """Open one transaction, of whoever is at the command line."""
    from twin import db
    from twin.acting import acting

    with db.opened(context.obj()) as engine, engine.begin() as connection:
        acting(connection, "command line", " ".join(context.command_path.split()[1:]))
        yield connection


def _role(name: str) -> Role:
    from twin.errors import Refused
    from twin.roles import Role

    try:
        return Role(name)
    except ValueError:
        raise Refused(f"{name!r} is no role") from None


def _grids(connection: Connection, codes: list[str] | None) -> list[int]:
    import sqlalchemy as sa

    from twin.errors import NotFound

    wanted = codes or []
    rows = connection.execute(sa.text("SELECT code, id FROM grid WHERE code = ANY(:codes)"), {"codes": wanted}).all()
    missing = set(wanted) - {row.code for row in rows}
    if missing:
        raise NotFound(f"no grid {', '.join(sorted(missing))}")
    return [row.id for row in rows]
