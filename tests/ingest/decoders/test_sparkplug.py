import tomllib
from pathlib import Path

import pytest

from ingest.decoders import find_all
from ingest.decoders.sparkplug import REBIRTH_EVERY_US, Payload, Sparkplug, start
from ingest.quarantine import Unreadable

GOLDEN = Path(__file__).parents[2] / "golden/sparkplug/messages.toml"
NOW = 1_795_507_200_000_000
TOPIC = "spBv1.0/g/{}/e"


def _data(seq: int) -> bytes:
    message = Payload(seq=seq)
    message.metrics.add(name=b"level", double_value=1.5)
    written: bytes = message.SerializeToString()
    return written


def _born(seq: int) -> Sparkplug:
    decode = start()
    message = Payload(seq=seq)
    message.metrics.add(name=b"level", datatype=10, double_value=1.0)
    decode(TOPIC.format("NBIRTH"), message.SerializeToString(), NOW)
    return decode


def test_a_rebirth_request_is_the_command_of_the_specification() -> None:
    decode = start()
    with pytest.raises(Unreadable, match="no birth of g/e"):
        decode(TOPIC.format("NDATA"), _data(1), NOW)
    (command,) = decode.take_commands()
    asked = Payload.FromString(command.payload)
    assert command.topic == "spBv1.0/g/NCMD/e"
    assert asked.timestamp == NOW // 1000
    assert [(one.name, one.datatype, one.boolean_value) for one in asked.metrics] == [
        (b"Node Control/Rebirth", 11, True)
    ]
    assert decode.take_commands() == []


def test_a_rebirth_is_asked_for_again_after_a_minute() -> None:
    decode = start()
    asked = []
    for later_us in (0, REBIRTH_EVERY_US - 1, REBIRTH_EVERY_US):
        with pytest.raises(Unreadable):
            decode(TOPIC.format("NDATA"), _data(1), NOW + later_us)
        asked.append(len(decode.take_commands()))
    assert asked == [1, 0, 1]


def test_the_sequence_runs_from_255_to_0() -> None:
    decode = _born(254)
    for position, seq in enumerate((255, 0, 1)):
        assert [one.value for one in decode(TOPIC.format("NDATA"), _data(seq), NOW + 1 + position)] == [1.5]
    assert decode.take_commands() == []


def test_a_gap_in_the_sequence_asks_for_a_rebirth_and_still_reads() -> None:
    decode = _born(0)
    assert [one.value for one in decode(TOPIC.format("NDATA"), _data(2), NOW + 1)] == [1.5]
    assert [command.topic for command in decode.take_commands()] == ["spBv1.0/g/NCMD/e"]


def test_a_message_delivered_twice_is_no_gap() -> None:
    decode = _born(0)
    for later_us, seq in enumerate((1, 1, 2), start=1):
        decode(TOPIC.format("NDATA"), _data(seq), NOW + later_us)
    assert decode.take_commands() == []


def test_subscriptions_of_one_format_share_what_was_heard() -> None:
    golden = tomllib.loads(GOLDEN.read_text(encoding="utf-8"))["message"]
    first, second, other = find_all([("sparkplug", None, None), ("sparkplug", None, None), ("homie", None, None)])
    assert first is second is not other
    birth, data = golden[3], golden[4]
    first(birth["topic"], bytes.fromhex(birth["hex"]), NOW)
    assert [one.value for one in second(data["topic"], bytes.fromhex(data["hex"]), NOW + 1)] == [-40.0, 0.0]
