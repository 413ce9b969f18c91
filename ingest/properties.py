"""The two properties of an MQTT 5 PUBLISH that linli reads: response topic and correlation data (3.3.2.3)."""

from __future__ import annotations

__all__ = ["answer"]

RESPONSE_TOPIC, CORRELATION_DATA, USER_PROPERTY, SUBSCRIPTION_ID = 0x08, 0x09, 0x26, 0x0B
FIXED = {0x01: 1, 0x02: 4, 0x23: 2}  # payload format, message expiry, topic alias: how many bytes each has
STRINGS = {0x03: 1, RESPONSE_TOPIC: 1, CORRELATION_DATA: 1, USER_PROPERTY: 2}  # how many counted strings
MORE = 0x80  # the bit that says that a number of varying length goes on


def answer(properties: bytes) -> tuple[str | None, bytes | None]:
    """Give response topic and correlation data; None for what is not there, and both where the bytes make no sense."""
    found: dict[int, bytes] = {}
    at = 0
    try:
        while at < len(properties):
            kind, at = properties[at], at + 1
            if kind in FIXED:
                at += FIXED[kind]
            elif kind == SUBSCRIPTION_ID:
                while properties[at] & MORE:
                    at += 1
                at += 1
            else:
                for _ in range(STRINGS[kind]):
                    length = properties[at] << 8 | properties[at + 1]
                    found[kind] = properties[at + 2 : at + 2 + length]
                    at += 2 + length
        topic = found.get(RESPONSE_TOPIC)
        return None if topic is None else topic.decode(), found.get(CORRELATION_DATA)
    except (LookupError, UnicodeDecodeError):
        return None, None
