"""Norms as data: within how many minutes a service should be reached, by which clause, how certain."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from twin.errors import Refused
from twin.terms import Service

__all__ = ["Limit", "Norm", "load"]

FILE = Path(__file__).with_name("services.toml")


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit for one service; certainty "recalled" and "A" must never be called quoted."""

    minutes: float  # minutes on the network, asked of each group at its own speed
    metres: float  # radius the norm gives; for comparison only
    clause: str
    level: str  # 应 shall, 宜 should, 可 may, - none
    certainty: str

    @property
    def limit_s(self) -> int:
        """The limit in whole seconds."""
        return round(self.minutes * 60)


@dataclass(frozen=True, slots=True)
class Norm:
    """One file of limits; id and version stand in every result."""

    id: str
    version: str
    name: str
    name_zh: str
    limits: dict[Service, Limit]


def load(path: Path = FILE) -> Norm:
    """Read a norm file; refuses one that lacks a service or a field, or has one that is not known."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        limits = {Service(name): Limit(**table) for name, table in tables["services"].items()}
        norm = Norm(**tables["norm"], limits=limits)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"{path}: {error}") from error
    missing = set(Service) - set(limits)
    if missing:
        raise Refused(f"{path}: no limit for {', '.join(sorted(missing))}")
    return norm
