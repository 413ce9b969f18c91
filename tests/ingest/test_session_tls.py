"""Certificates decide who gets in: a broker with an authority of its own, and sessions with good and bad ones."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from deploy.services import Services
from ingest.mqtt import Session
from ingest.settings import Broker, IngestSettings, Tls
from tests.tls_broker import Authority, TlsBroker
from tests.workplace import wait_until
from twin.errors import Refused


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
