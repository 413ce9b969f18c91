"""The door for devices elsewhere: TLS, certificates of clients, and nothing in the clear unless it is said."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import ValidationError

from deploy import daemons
from deploy import services as running
from deploy.errors import Unavailable
from deploy.services import Services
from deploy.settings import Door, ServiceSettings
from tests.tls_broker import Authority

WAIT_S = 10
ACCEPTED, DENIED = 0, 135
CONNACK = b"\x20"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("authority"))
    made.found()
    made.issue("broker")
    made.issue("lamp")
    return made


def settings(folder: Path, door: Door) -> ServiceSettings:
    return ServiceSettings(data=folder, engine="embedded", profile="small", door=door)


def door(authority: Authority, *, asks: bool) -> Door:
    folder = authority.folder
    return Door(
        address="127.0.0.1",
        port=daemons.free_port(),
        cert_file=folder / "broker.pem",
        key_file=folder / "broker.key",
        ca_file=folder / "ca.pem" if asks else None,
    )


@pytest.fixture(scope="module")
def open_to_passwords(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    wanted = settings(tmp_path_factory.mktemp("passwords"), door(authority, asks=False))
    yield running.up(wanted)
    running.down(wanted)


@pytest.fixture(scope="module")
def open_to_certificates(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    wanted = settings(tmp_path_factory.mktemp("certificates"), door(authority, asks=True))
    yield running.up(wanted)
    running.down(wanted)


def port(services: Services) -> int:
    found = services.broker.settings.door
    assert found is not None
    return found.port


def connected(client: Client, where: int) -> int:
    """Connect, and give the broker's reason code."""
    told = threading.Event()
    codes: list[int] = []

    def heard(_c: object, _u: object, _f: object, code: ReasonCode, _p: object) -> None:
        codes.append(code.value)
        told.set()

    client.on_connect = heard
    client.connect("localhost", where)
    client.loop_start()
    assert told.wait(WAIT_S)
    return codes[0]


def answered(link: socket.socket) -> bytes:
    """Say CONNECT, and give what is said to it; nothing where the link is cut."""
    try:
        link.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")
        return link.recv(4)
    except (ssl.SSLError, ConnectionError):
        return b""


def client(authority: Authority, name: str | None = None) -> Client:
    made = Client(CallbackAPIVersion.VERSION2)
    folder = authority.folder
    own = (str(folder / f"{name}.pem"), str(folder / f"{name}.key")) if name else (None, None)
    made.tls_set(str(folder / "ca.pem"), *own)
    return made


def test_a_device_comes_in_under_tls_with_its_account_and_with_no_other(
    authority: Authority, open_to_passwords: Services
) -> None:
    name, password = open_to_passwords.broker.credentials("lamp-1")
    for word, code in ((password, ACCEPTED), ("wrong", DENIED)):
        made = client(authority)
        made.username_pw_set(name, word)
        assert connected(made, port(open_to_passwords)) == code
        made.disconnect()
        made.loop_stop()


def test_nobody_speaks_in_the_clear_at_the_door(open_to_passwords: Services) -> None:
    with socket.create_connection(("127.0.0.1", port(open_to_passwords)), WAIT_S) as link:
        assert not answered(link).startswith(CONNACK)


def test_a_certificate_names_the_account_and_without_one_nobody_comes_in(
    authority: Authority, open_to_certificates: Services
) -> None:
    open_to_certificates.broker.credentials("lamp")
    where = port(open_to_certificates)
    lamp = client(authority, "lamp")
    assert connected(lamp, where) == ACCEPTED
    taken = threading.Semaphore(0)
    lamp.on_publish = lambda *_: taken.release()
    lamp.publish("linli/v1/lamp/up/lift", b"1", qos=1)
    assert taken.acquire(timeout=WAIT_S)
    lamp.disconnect()
    lamp.loop_stop()
    bare = ssl.create_default_context(cafile=str(authority.folder / "ca.pem"))
    with (
        socket.create_connection(("127.0.0.1", where), WAIT_S) as link,
        bare.wrap_socket(link, server_hostname="localhost") as wrapped,
    ):
        assert answered(wrapped) == b""


def test_a_new_certificate_is_taken_by_up_without_a_stop(authority: Authority, open_to_passwords: Services) -> None:
    def shown() -> bytes:
        context = ssl.create_default_context(cafile=str(authority.folder / "ca.pem"))
        with (
            socket.create_connection(("127.0.0.1", port(open_to_passwords)), WAIT_S) as link,
            context.wrap_socket(link, server_hostname="localhost") as wrapped,
        ):
            return wrapped.getpeercert(binary_form=True) or b""

    before = shown()
    authority.issue("broker")
    running.up(open_to_passwords.broker.settings)
    renewed = ssl.PEM_cert_to_DER_cert((authority.folder / "broker.pem").read_text())
    deadline = threading.Event()
    for _ in range(100):
        if shown() == renewed:
            break
        deadline.wait(0.1)
    assert shown() == renewed != before


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "cert_file and key_file, or plain = true"),
        ({"cert_file": "a.pem"}, "a certificate needs its key"),
        ({"ca_file": "a.pem", "plain": True}, "ca_file needs both"),
        ({"plain": True, "port": 0}, "greater than or equal to 1"),
    ],
)
def test_a_door_that_is_not_shut_is_refused(given: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Door.model_validate(given)


def test_certificates_that_are_not_there_are_one_line(tmp_path: Path) -> None:
    missing = Door(address="127.0.0.1", port=daemons.free_port(), cert_file=tmp_path / "a", key_file=tmp_path / "b")
    with pytest.raises(Unavailable, match="the door's certificates cannot be read"):
        running.up(settings(tmp_path / "place", missing))
    running.down(settings(tmp_path / "place", missing))
