"""Log in to an MQTT broker, by the bytes of MQTT 3.1.1, to see whether it answers.

The full client lives in `ingest`; this one only connects. It opens a clean session, and
under `use_username_as_clientid` that ends the session of the same name: use it with a
name that nobody else connects by.
"""

import socket

ACCEPTED = 0
REFUSED = {1: "protocol", 2: "client id", 3: "unavailable", 4: "password", 5: "not authorised"}
CLEAN, WITH_PASSWORD, WITH_NAME = 0x02, 0x40, 0x80
KEEPALIVE_S = 10
CONNACK, CONNACK_BYTES = 0x20, 4
DISCONNECT = b"\xe0\x00"


def login(host: str, port: int, *, name: str | None, password: str | None, timeout_s: float = 3) -> int:
    """Return the broker's CONNACK code, 0 where it lets us in; OSError where none answers."""
    with socket.create_connection((host, port), timeout=timeout_s) as link:
        link.settimeout(timeout_s)
        link.sendall(_connect(name, password))
        answer = link.recv(CONNACK_BYTES)
        if len(answer) < CONNACK_BYTES or answer[0] != CONNACK:
            raise ConnectionError(f"not an MQTT broker: it said {answer!r}")
        if answer[3] == ACCEPTED:
            link.sendall(DISCONNECT)
        return answer[3]


def _connect(name: str | None, password: str | None) -> bytes:
    flags = CLEAN | (WITH_NAME if name else 0) | (WITH_PASSWORD if password else 0)
    body = _text("MQTT") + bytes([4, flags]) + KEEPALIVE_S.to_bytes(2, "big") + _text(name or "")
    for word in (name, password):
        body += _text(word) if word else b""
    return b"\x10" + _length(len(body)) + body


def _text(word: str) -> bytes:
    raw = word.encode()
    return len(raw).to_bytes(2, "big") + raw


def _length(count: int) -> bytes:
    """Return MQTT's variable byte integer."""
    out = bytearray()
    while True:
        count, digit = divmod(count, 128)
        out.append(digit | (0x80 if count else 0))
        if not count:
            return bytes(out)
