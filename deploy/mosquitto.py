"""Run Mosquitto from the private root, with sessions and queues kept on disk."""

import os
import signal
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy import handshake, sandbox
from deploy.accounts import PROBE
from deploy.daemons import is_alive, launch, same_port, stop, tail, wait_ready
from deploy.errors import Unavailable
from deploy.settings import Door, Profile

USER = "mosquitto"  # in the private root
START_S = 30
STORE = f"{sandbox.INSIDE}/store"
STOP_S = 30
TRIES = 5
PORT_S = 5  # for the port it had; outgoing connections of others borrow one for as long as they last
# Ingest quarantines payloads over 256 KiB; the broker lets them through up to here, and
# disconnects who sends more.
PACKET_BYTES = 1 << 20
# A second's loss at most when the broker is killed. Devices that must lose nothing keep
# a message until linli acknowledges it after the commit: a PUBACK is not durability.
AUTOSAVE_S = 1
QUEUE_SMALL = 100_000
BYTES_QUEUED = 2_400  # memory a queued message takes (measured, 60,000 messages)
QUEUE_SHARE = 8  # an eighth of the memory for what waits
OWN = 0o600
INFLIGHT = 20_000  # a client's receive_maximum says less where it wants less


@dataclass(frozen=True, slots=True)
class Server:
    """Where one broker keeps its files and what it runs from."""

    root: Path
    base: Path
    profile: Profile

    @property
    def log(self) -> Path:
        """What the broker says."""
        return self.base / "mosquitto.log"


def start(server: Server, *, port: int | None, password: str, door: Door | None = None) -> int:
    """Start the broker, or find it running; return its port, `port` where that is free.

    `password` is the probe's: the broker is ready when it lets the probe in. `door` is as it was when it was started;
    its certificates are read anew. Raises Unavailable.
    """
    _bring(server, door)
    if pid(server) and port and answers(port, password):
        return port
    halt(server)
    (server.base / "store").mkdir(parents=True, exist_ok=True)
    for _ in range(TRIES):
        port = same_port(port, wait_s=PORT_S)
        conf = configuration(server.profile, port=port, folder=sandbox.INSIDE, store=STORE)
        conf += "" if door is None else entrance(door, folder=sandbox.INSIDE)
        (server.base / "mosquitto.conf").write_text(conf)
        (server.base / "store/mosquitto.pid").unlink(missing_ok=True)
        argv = ["mosquitto", "-c", f"{sandbox.INSIDE}/mosquitto.conf"]
        command = sandbox.command(server.root, server.base, argv, user=USER)
        watch = launch(command, log=server.log, env=sandbox.ENV)
        if wait_ready(watch, partial(_is_ready, server, port, password), timeout_s=START_S):
            return port
    raise Unavailable(f"Mosquitto did not start ({server.log}): {tail(server.log)}")


def _bring(server: Server, door: Door | None) -> None:
    """Copy the door's certificates to where the broker sees them; one that runs reads new ones at once."""
    is_new = False
    for name, path in ({} if door is None else door.files).items():
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Unavailable(f"the door's certificates cannot be read: {error}") from error
        kept = server.base / name
        if not kept.is_file() or kept.read_bytes() != content:
            kept.touch(mode=OWN)
            kept.write_bytes(content)
            is_new = True
    if is_new:
        reload(server)


def halt(server: Server) -> None:
    """Stop the broker in order, so that it writes its sessions and queues to disk."""
    broker = pid(server)
    if broker and not stop(broker, signal.SIGTERM, inside=server.base, timeout_s=STOP_S):
        raise Unavailable(f"Mosquitto {broker} did not stop in {STOP_S} s ({server.log})")


def reload(server: Server) -> None:
    """Make a running broker read its accounts again."""
    broker = pid(server)
    if broker:
        os.kill(broker, signal.SIGHUP)


def pid(server: Server) -> int | None:
    """Return the broker's process id, None where it does not run."""
    try:
        said = (server.base / "store/mosquitto.pid").read_text().strip()
    except FileNotFoundError:
        return None
    return int(said) if said.isdigit() and is_alive(int(said), inside=server.base) else None


def answers(port: int, password: str) -> bool:
    """Tell whether a broker on this port lets the probe in with this password."""
    try:
        code = handshake.login("127.0.0.1", port, name=PROBE, password=password)
    except OSError:
        return False
    return code == handshake.ACCEPTED


def configuration(profile: Profile, *, port: int, folder: str, store: str, bind: str = "127.0.0.1") -> str:
    """Return mosquitto.conf; `folder` and `store` are where the broker sees its files."""
    values = {
        "listener": f"{port} {bind}",
        "allow_anonymous": "false",
        "password_file": f"{folder}/passwords",
        "acl_file": f"{folder}/acl",
        # without it any client takes over or wipes another's session by its client id
        "use_username_as_clientid": "true",
        "persistence": "true",
        "persistence_location": f"{store}/",
        "autosave_interval": AUTOSAVE_S,
        "persistent_client_expiration": "7d",  # forgotten sessions fill the memory
        "max_packet_size": PACKET_BYTES,
        "max_queued_messages": queue_limit(profile),
        "max_inflight_messages": INFLIGHT,
        "set_tcp_nodelay": "true",
        "sys_interval": 5,
        "pid_file": f"{store}/mosquitto.pid",
        "log_dest": "stderr",
        "log_timestamp_format": "%Y-%m-%dT%H:%M:%SZ",
    }
    lines = [f"{name} {value}" for name, value in values.items()]
    lines += [f"log_type {kind}" for kind in ("error", "warning", "notice", "subscribe", "unsubscribe")]
    lines.append("log_dest topic")  # below $SYS/broker/log: who subscribes to what, for `linli notify`
    return "\n".join(lines) + "\n"


def entrance(door: Door, *, folder: str) -> str:
    """Return what mosquitto.conf says of the door; the accounts are those of everybody."""
    values: dict[str, object] = {"listener": f"{door.port} {door.address}"}
    if door.cert_file:
        values |= {"certfile": f"{folder}/door.pem", "keyfile": f"{folder}/door.key", "tls_version": "tlsv1.2"}
    if door.ca_file:
        values |= {"cafile": f"{folder}/door-ca.pem", "require_certificate": "true", "use_identity_as_username": "true"}
    return "".join(f"{name} {value}\n" for name, value in values.items())


def queue_limit(profile: Profile) -> int:
    """Return how many messages may wait for one absent client before they are dropped."""
    if profile == "small":
        return QUEUE_SMALL
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(QUEUE_SMALL, memory // QUEUE_SHARE // BYTES_QUEUED)


def _is_ready(server: Server, port: int, password: str) -> bool:
    return pid(server) is not None and answers(port, password)
