"""Who is cut off now, as the board shows it."""

from __future__ import annotations

from typing import Any

from twin.db import Connection
from twin.places import Place


def alarms(connection: Connection, place: Place) -> dict[str, dict[str, Any]]:
    return {}
