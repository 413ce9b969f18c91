"""Accounts, for the administrator: make one, change its role and grids, lock it, give it a new password."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from api import acts
from api.asked import Db, ThePlace
from api.tags import matched
from twin import accounts, grids
from twin.errors import Refused
from twin.roles import Role

router = APIRouter(prefix="/api/users")

PASSWORD_BYTES = 15
Name = Annotated[str, Path(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Grids = Annotated[list[Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]], Field(max_length=500)]
ACCOUNT = [matched("account", "name")]


class Body(BaseModel):
    """A body that takes no unknown name."""

    model_config = ConfigDict(extra="forbid")


class New(Body):
    """An account: its name, its role, the numbers of a grid worker's grids, and the subject where it signs in elsewhere."""

    name: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")
    role: Role
    grids: Grids = []
    subject: str = Field(default="", max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")


class Changed(Body):
    """What is to be otherwise."""

    role: Role | None = None
    grids: Grids | None = None
    disabled: StrictBool | None = None


@router.get("/grids")
def places(connection: Db, place: ThePlace) -> dict[str, Any]:
    """Give the grids that a grid worker can have, by code."""
    found = grids.load(connection, place.id)
    rows = sorted(zip(found.codes, found.ids.tolist(), found.names, found.names_zh, strict=True))
    return {"grids": [{"id": number, "code": code, "name": name, "name_zh": zh} for code, number, name, zh in rows]}


@router.post("", status_code=201)
def make(connection: Db, new: New) -> dict[str, Any]:
    """Make an account and show its first password, this once; null where it signs in at the provider."""
    acts.by(connection, f"account {new.name} made")
    password = None if new.subject else secrets.token_urlsafe(PASSWORD_BYTES)
    accounts.create(connection, new.name, new.role, password, grids=new.grids, subject=new.subject)
    return {"name": new.name, "role": new.role, "password": password}


@router.patch("/{name}", dependencies=ACCOUNT)
def change(connection: Db, name: Name, changed: Changed) -> dict[str, Any]:
    """Change role or grids, lock or unlock; its sessions and tokens end."""
    if acts.by(connection, f"account {name} changed") == name and (changed.disabled or changed.role is not None):
        raise Refused("nobody locks or demotes the account that asks: another administrator does")
    accounts.change(connection, name, role=changed.role, grids=changed.grids, disabled=changed.disabled)
    return {"name": name}


@router.post("/{name}/password", dependencies=ACCOUNT)
def reset(connection: Db, name: Name) -> dict[str, str]:
    """Give an account a new password and show it, this once; its sessions and tokens end."""
    acts.by(connection, f"password of {name} reset")
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    accounts.set_password(connection, name, password)
    return {"name": name, "password": password}


@router.post("/{name}/revoke", dependencies=ACCOUNT)
def revoke(connection: Db, name: Name) -> dict[str, Any]:
    """End all sessions and tokens of an account, at once."""
    acts.by(connection, f"sessions of {name} ended")
    return {"name": name, "ended": accounts.revoke(connection, name)}
