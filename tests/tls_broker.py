"""A broker that certificates open, and the authority that issues them, for the tests."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy import daemons, mosquitto, rootfs, sandbox
from deploy.services import Services
from ingest.settings import Broker, IngestSettings, Subscription, Tls

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
persistence true
persistence_location {inside}/store/
max_queued_messages 0
pid_file {inside}/store/mosquitto.pid
log_dest stderr
"""
ACCESS = "user ingest\ntopic read #\npattern write senml/%u\n"


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
        self._server = mosquitto.Server(rootfs.path(services.broker.settings.cache), base, "small")
        self.start()

    def start(self) -> None:
        """Begin, or begin again after a stop with the sessions kept."""
        argv = ["mosquitto", "-c", f"{sandbox.INSIDE}/mosquitto.conf"]
        command = sandbox.command(self._server.root, self._server.base, argv, user=mosquitto.USER)
        watch = daemons.launch(command, log=self._server.log, env=sandbox.ENV)
        assert daemons.wait_ready(watch, lambda: mosquitto.pid(self._server) is not None, timeout_s=10)

    def settings(self, tls: Tls) -> IngestSettings:
        """A worker's settings for it."""
        broker = Broker(host="localhost", port=self.port, tls=tls, session_expiry_s=60)
        return IngestSettings(broker=broker, subscriptions=(Subscription(filter="senml/#", decoder="senml"),))

    def stop(self) -> None:
        mosquitto.halt(self._server)
