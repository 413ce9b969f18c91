"""A storm of devices with certificates: each has a key of its own, all come back at once, and nothing is lost."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests import sensors
from tests.ingest.test_faults_many import LINGERS_S, STORM, many_files, total  # noqa: F401 - a fixture
from tests.load import THINGS, settled
from tests.rawmqtt import ACCEPTED, login, publication
from tests.tls_broker import Authority, TlsBroker
from tests.workplace import Workplace, senml, stored, wait_until
from twin import account
from twin.db import Engine

AT_ONCE = 200  # handshakes that one device program has under way


def context(authority: Authority, name: str) -> ssl.SSLContext:
    """A key of a device's own with the authority's certificate for its name."""
    root = x509.load_pem_x509_certificate((authority.folder / "ca.pem").read_bytes())
    sealing = serialization.load_pem_private_key((authority.folder / "ca.key").read_bytes(), None)
    assert isinstance(sealing, ec.EllipticCurvePrivateKey)
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(
            root.subject, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key()
        )
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(sealing, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = authority.folder / f"{name}.both.pem"
    file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(pem))
    made = ssl.create_default_context(cafile=str(authority.folder / "ca.pem"))
    made.load_cert_chain(file)
    file.unlink()
    return made


class Lamp:
    """One device with a certificate, a socket and nothing else."""

    def __init__(self, authority: Authority, number: int) -> None:
        name = f"lamp-{number}"
        self._context = context(authority, name)
        payload = senml(number % THINGS + 1, time.time() - number / THINGS, number)
        self._login, self._said = login(name, ""), publication(f"senml/{name}", payload, 6)

    async def connect(self, port: int, turns: asyncio.Semaphore) -> None:
        """Connect again and again until the broker lets it in."""
        while True:
            async with turns:
                with suppress(OSError, EOFError):
                    self._reader, self._writer = await asyncio.open_connection(
                        "127.0.0.1", port, ssl=self._context, server_hostname="localhost"
                    )
                    self._writer.write(self._login)
                    if await self._reader.readexactly(4) in ACCEPTED:
                        return
                    self._writer.close()
            await asyncio.sleep(0.05)

    async def lost(self) -> None:
        """Wait until the broker has gone."""
        with suppress(OSError):
            await self._reader.read()
        self._writer.close()

    async def say(self) -> None:
        """Publish once and wait for the acknowledgement."""
        self._writer.write(self._said)
        assert await self._reader.readexactly(4) == b"\x40\x02\x00\x07"
        self._writer.close()


@pytest.mark.slow_fault
@pytest.mark.usefixtures("many_files")
def test_two_thousand_devices_with_certificates_that_reconnect_at_once_lose_nothing(
    authority: Authority,
    broker: TlsBroker,
    workplace: Workplace,
    engine: Engine,
    record_property: Callable[[str, object], None],
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    lamps = [Lamp(authority, number) for number in range(STORM)]

    async def storm() -> None:
        turns = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(one.connect(broker.port, turns) for one in lamps))
        gone = asyncio.gather(*(one.lost() for one in lamps))
        await asyncio.to_thread(broker.stop)
        await gone
        begun_s = time.monotonic()
        await asyncio.to_thread(broker.start)
        await asyncio.gather(*(one.connect(broker.port, turns) for one in lamps))
        record_property("seconds_until_all_are_back", time.monotonic() - begun_s)
        await asyncio.gather(*(one.say() for one in lamps))

    with workplace.working(broker.settings(authority.issue("ingest"))):
        asyncio.run(asyncio.wait_for(storm(), LINGERS_S))
        wait_until(lambda: settled(engine) == STORM, LINGERS_S)
    assert sorted(value for _, value in stored(engine)) == [float(number) for number in range(STORM)]
    assert total(engine) == account.Tally(messages=STORM, stored=STORM)
