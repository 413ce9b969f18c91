"""Accounts, sessions, tokens, and the audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from twin.tables.metadata import Table, big_serial, serial


class UserAccount(Table):
    """Who may sign in. 账号."""

    __tablename__ = "user_account"

    id: Mapped[int] = serial()
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    grids: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'"))
    password_hash: Mapped[str | None]
    subject: Mapped[str | None] = mapped_column(unique=True)
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]
    disabled: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class UserSession(Table):
    """One browser that is signed in. 会话."""

    __tablename__ = "user_session"
    __table_args__ = (Index("ix_user_session_account_id", "account_id"),)

    id: Mapped[int] = big_serial()
    account_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    started_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    used_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class UserToken(Table):
    """What a script signs in with. 令牌."""

    __tablename__ = "user_token"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[int] = serial()
    account_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    name: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    writes: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]


class AuditEntry(Table):
    """One thing that somebody did. 审计记录."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    role: Mapped[str]
    event: Mapped[str]
    detail: Mapped[dict[str, Any]]
    seal: Mapped[bytes] = mapped_column(LargeBinary)


class ClosedTable(Table):
    """A table that not all of the staff may read. 受限表."""

    __tablename__ = "closed_table"

    name: Mapped[str] = mapped_column(primary_key=True)
    read_by: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    written_by: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
