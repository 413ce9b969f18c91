"""Say who may connect to the broker, and what each may read and write."""

import base64
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

ITERATIONS = 101  # mosquitto's own; the passwords are random, not chosen by people
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
PROBE = "doctor"  # logs in to see whether the broker answers

# "#" leaves out what begins with $: Huawei's $oc and OneNET's $sys are devices' topics all the same. Of the devices of
# Sparkplug B, ingest asks for their births again.
INGEST_READ = ("#", "$SYS/#", "$oc/#", "$sys/#")
INGEST_WRITE = ("linli/v1/+/ack", "spBv1.0/+/NCMD/+")

# Every account may write below its own name and read what is addressed to it.
OWN_WRITE = ("linli/v1/%u/up/#",)
OWN_READ = ("linli/v1/%u/ack", "linli/v1/%u/down/#")


class Account(BaseModel):
    """One client of the broker; its name is also its MQTT client id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    password: str
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


def create(name: str) -> Account:
    """Return a new account with a random password and the rights of its role."""
    if not NAME.fullmatch(name):
        raise ValueError(f"not a client name (letters, digits, _ . -, at most 64): {name!r}")
    read, write = _role(name)
    return Account(password=secrets.token_urlsafe(24), read=read, write=write)


def granted(account: Account, *, read: Iterable[str], write: Iterable[str]) -> Account:
    """Return the account with exactly these topics beside its own."""
    topics = {"read": tuple(read), "write": tuple(write)}
    for topic in (*topics["read"], *topics["write"]):
        if not topic.strip() or not topic.isprintable():
            raise ValueError(f"not a topic filter: {topic!r}")
    return account.model_copy(update=topics)


def write_files(folder: Path, accounts: Mapping[str, Account], *, mode: int = 0o600) -> None:
    """Write mosquitto's password file and access list, each in one step."""
    passwords = "".join(f"{name}:{_hash(one.password)}\n" for name, one in accounts.items())
    _replace(folder / "passwords", passwords, mode=mode)
    _replace(folder / "acl", _acl(accounts), mode=mode)


def _role(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a role reads and writes; `ingest-2` is the second process of `ingest`."""
    role = re.sub(r"-\d+$", "", name)
    if role == "ingest":
        return INGEST_READ, INGEST_WRITE
    if role == PROBE:
        return ("$SYS/#",), ()
    return (), ()


def _acl(accounts: Mapping[str, Account]) -> str:
    lines = []
    for name, account in accounts.items():
        lines.append(f"user {name}")
        lines += [f"topic read {topic}" for topic in account.read]
        lines += [f"topic write {topic}" for topic in account.write]
    lines += [f"pattern write {topic}" for topic in OWN_WRITE]
    lines += [f"pattern read {topic}" for topic in OWN_READ]
    return "\n".join(lines) + "\n"


def _hash(password: str) -> str:
    """Return mosquitto's $7$: PBKDF2 with SHA-512, what mosquitto_passwd writes."""
    salt = os.urandom(12)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    salt64, key64 = (base64.b64encode(part).decode() for part in (salt, key))
    return f"$7${ITERATIONS}${salt64}${key64}"


def _replace(path: Path, text: str, *, mode: int) -> None:
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text)
    new.chmod(mode)
    new.replace(path)
