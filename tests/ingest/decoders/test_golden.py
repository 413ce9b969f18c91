"""Our own messages, written by each format's specification, with the readings they must give, message after message."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.commands import Command
from ingest.decoders import Asking, find
from ingest.quarantine import Unreadable
from twin.terms import Reading

GOLDEN = Path(__file__).parents[2] / "golden"
FORMATS = sorted(file.parent.name for file in GOLDEN.glob("*/messages.toml"))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RECEIVED_US = 1_795_507_210_000_000  # 2026-11-24T08:00:10Z


def _time_us(written: str, received_us: int) -> int:
    if written == "received":
        return received_us
    return (datetime.fromisoformat(written) - EPOCH) // timedelta(microseconds=1)


def _row(reading: Reading) -> str:
    """Write a reading, so that NaN equals NaN."""
    return f"{reading.thing_key} {reading.property} {reading.time_us} {reading.value!r} {reading.unit or ''}"


def _expected(message: dict[str, Any], received_us: int) -> list[str]:
    return [
        _row(Reading(key, name, _time_us(time, received_us), value, unit))
        for key, name, time, value, unit in message["readings"]
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_each_golden_message_gives_its_readings_or_its_reason(name: str) -> None:
    golden = tomllib.loads((GOLDEN / name / "messages.toml").read_text(encoding="utf-8"))
    decode = find(name, zone=golden.get("zone"))
    for position, message in enumerate(golden["message"]):
        payload = bytes.fromhex(message["hex"]) if "hex" in message else message["payload"].encode()
        received_us = RECEIVED_US + position
        try:
            found: list[str] | str = [_row(one) for one in decode(message["topic"], payload, received_us)]
        except Unreadable as why:
            found = why.code.value
        expected = message["refused"] if "refused" in message else _expected(message, received_us)
        assert found == expected, message["about"]
        commands: list[Command] = decode.take_commands() if isinstance(decode, Asking) else []
        assert [command.topic for command in commands] == ([message["asks"]] if "asks" in message else []), message[
            "about"
        ]
