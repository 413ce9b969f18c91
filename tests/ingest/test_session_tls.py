"""Certificates decide who gets in: a broker with an authority of its own, and sessions with good and bad ones."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from deploy import daemons, mosquitto, rootfs, sandbox
from deploy.services import Services
from ingest.mqtt import Session
from ingest.settings import Broker, IngestSettings, Subscription, Tls
from tests.workplace import wait_until
from twin.errors import Refused

CONFIGURATION = """
listener {port} 127.0.0.1
cafile {inside}/ca.pem
certfile {inside}/{broker}.pem
keyfile {inside}/{broker}.key
require_certificate true
use_identity_as_username true
use_username_as_clientid true
allow_anonymous false
acl_file {inside}/acl
pid_file {inside}/store/mosquitto.pid
log_dest stderr
"""
ACCESS = "user ingest\ntopic read #\nuser lamp\npattern write senml/%u\n"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority in a folder."""

    folder: Path

    def found(self, name: str = "ca") -> None:
        """Make the authority's own certificate."""
        self._openssl("req", "-x509", "-days", "2", "-subj", f"/CN={name}", *self._new(name), "-out", f"{name}.pem")

    def issue(self, name: str, *, days: int = 2, host: str = "localhost", by: str = "ca") -> Tls:
        """Issue a certificate to a common name and host; of no days it is out of date when it is made."""
        self._openssl("req", "-subj", f"/CN={name}", *self._new(name), "-out", f"{name}.csr")
        (self.folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{host}\n")
        signed = ("-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial", "-extfile", f"{name}.ext")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-days", str(days), *signed, "-out", f"{name}.pem")
        return Tls(
            ca_file=self.folder / "ca.pem", cert_file=self.folder / f"{name}.pem", key_file=self.folder / f"{name}.key"
        )

    def _new(self, name: str) -> list[str]:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key"]

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)


class TlsBroker:
    """A Mosquitto that lets in who has a certificate, `broker` being the name of its own."""

    def __init__(self, authority: Authority, services: Services, broker: str = "broker") -> None:
        base = authority.folder
        (base / "store").mkdir(exist_ok=True)
        self.port = daemons.free_port()
        (base / "mosquitto.conf").write_text(CONFIGURATION.format(port=self.port, inside=sandbox.INSIDE, broker=broker))
        (base / "acl").write_text(ACCESS)
        root = rootfs.path(services.broker.settings.cache)
        self._server = mosquitto.Server(root, base, "small")
        argv = ["mosquitto", "-c", f"{sandbox.INSIDE}/mosquitto.conf"]
        watch = daemons.launch(
            sandbox.command(root, base, argv, user=mosquitto.USER), log=self._server.log, env=sandbox.ENV
        )
        assert daemons.wait_ready(watch, lambda: mosquitto.pid(self._server) is not None, timeout_s=10)

    def settings(self, tls: Tls) -> IngestSettings:
        """A worker's settings for it."""
        broker = Broker(host="localhost", port=self.port, tls=tls, session_expiry_s=60)
        return IngestSettings(broker=broker, subscriptions=(Subscription(filter="senml/#", decoder="senml"),))

    def stop(self) -> None:
        mosquitto.halt(self._server)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    made.found()
    return made


@pytest.fixture
def broker(authority: Authority, services: Services) -> Iterator[TlsBroker]:
    authority.issue("broker")
    made = TlsBroker(authority, services)
    yield made
    made.stop()


def refusal(settings: IngestSettings) -> str:
    """Poll until the session gives up, and say why."""
    session = Session(settings)

    def is_refused() -> bool:
        session.poll(0.05)
        return False

    with pytest.raises(Refused) as refused:
        wait_until(is_refused, 10)
    session.close()
    return str(refused.value)


@pytest.mark.parametrize("reader", ["bulk", "stock"])
def test_a_good_certificate_opens_a_session_and_names_it(authority: Authority, broker: TlsBroker, reader: str) -> None:
    settings = broker.settings(authority.issue("ingest")).model_copy(update={"bulk_reader": reader == "bulk"})
    session = Session(settings)

    def is_in() -> bool:
        session.poll(0.05)
        return session.is_connected

    wait_until(is_in)
    for _ in range(5):
        session.poll(0.05)  # the subscription
    lamp = authority.issue("lamp")
    publish(broker, lamp, "senml/other", b"spoofed")  # the pattern lets a lamp write to its own topic only
    publish(broker, lamp, "senml/lamp", b"own")

    def is_there() -> bool:
        session.poll(0.05)
        return session.waiting > 0

    wait_until(is_there)
    (message,) = session.take(2)
    assert (message.topic, message.payload) == ("senml/lamp", b"own")
    session.close()


def publish(broker: TlsBroker, tls: Tls, topic: str, payload: bytes) -> None:
    """Publish one message of QoS 1 with a certificate and nothing else."""
    done = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2)
    client.tls_set(str(tls.ca_file), str(tls.cert_file), str(tls.key_file))
    client.on_publish = lambda *_: done.set()
    client.connect("localhost", broker.port)
    client.loop_start()
    client.publish(topic, payload, qos=1)
    assert done.wait(10)
    client.disconnect()
    client.loop_stop()


def test_no_certificate_is_refused(authority: Authority, broker: TlsBroker) -> None:
    bare = Tls(ca_file=authority.folder / "ca.pem")
    assert "refuses our certificate: certificate_required" in refusal(broker.settings(bare))


def test_a_certificate_of_another_authority_is_refused(authority: Authority, broker: TlsBroker) -> None:
    authority.found("other")
    assert "refuses our certificate: unknown_ca" in refusal(broker.settings(authority.issue("ingest", by="other")))


def test_a_certificate_signed_by_itself_is_refused(authority: Authority, broker: TlsBroker) -> None:
    authority.found("ingest")
    own = Tls(
        ca_file=authority.folder / "ca.pem",
        cert_file=authority.folder / "ingest.pem",
        key_file=authority.folder / "ingest.key",
    )
    assert "refuses our certificate: unknown_ca" in refusal(broker.settings(own))


def test_a_certificate_out_of_date_is_refused(authority: Authority, broker: TlsBroker) -> None:
    tls = authority.issue("ingest", days=0)
    threading.Event().wait(1.1)  # its last second
    assert "refuses our certificate: certificate_expired" in refusal(broker.settings(tls))


def test_a_broker_with_the_certificate_of_another_host_is_refused(authority: Authority, services: Services) -> None:
    authority.issue("stranger", host="elsewhere.example")
    broker = TlsBroker(authority, services, "stranger")
    try:
        assert "is not good: Hostname mismatch" in refusal(broker.settings(authority.issue("ingest")))
    finally:
        broker.stop()


def test_a_certificate_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    tls = Tls(ca_file=tmp_path / "none.pem")
    with pytest.raises(Refused, match="certificates for the broker cannot be read"):
        Session(IngestSettings(broker=Broker(tls=tls)))
