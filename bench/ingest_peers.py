"""Peers that bench.ingest runs beside linli: mq-bridge (PyPI) and Node-RED (npm), installed into a scratch folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from bench.ingest_worker import BATCH, WINDOW, Job

__all__ = ["install", "mq_bridge", "node_red"]

MQ_BRIDGE = """
import json, sys, mq_bridge
with mq_bridge.Route.from_config(json.loads(sys.argv[1]), "bench") as route:
    route.join()
"""
# A row that is there already is left alone; this is as near as it comes to "once".
ROW = "INSERT INTO observation (time, datastream_id, value) VALUES (to_timestamp(${payload:t}), ${payload:id}, ${payload:v}) ON CONFLICT DO NOTHING"
# Its COPY cannot refuse a row that is there, nor call a function: a table of its own, without a key.
COPIED = "INSERT INTO bench_copied (id, t, v) VALUES (${payload:id}, ${payload:t}, ${payload:v})"

GATHER = """
const held = context.get("held") || [];
context.set("held", held);
const store = () => {
    if (context.get("busy") || held.length === 0) return;
    context.set("busy", true);
    const rows = held.splice(0, held.length);
    const pool = global.get("pool");
    pool.query(`INSERT INTO observation (time, datastream_id, value)
        SELECT to_timestamp(t), d, v FROM unnest($1::float8[], $2::int[], $3::float8[]) AS r(t, d, v) ON CONFLICT DO NOTHING`,
        [rows.map(r => r.t), rows.map(r => r.d), rows.map(r => r.v)])
        .catch(error => node.error(error))
        .finally(() => { context.set("busy", false); if (held.length >= MOST) store(); });
};
const [record] = JSON.parse(msg.payload);
held.push({t: record.t, d: parseInt(record.bn.slice(7, -1)), v: record.v});
if (held.length >= MOST) store();
clearTimeout(context.get("timer"));
context.set("timer", setTimeout(store, 50));
return null;
"""
SETTINGS = """
const {Pool} = require("pg");
module.exports = {
    flowFile: "flows.json", credentialSecret: false, httpAdminRoot: false, httpNodeRoot: false, uiPort: 0,
    uiHost: "127.0.0.1", contextStorage: {default: {module: "memory"}},
    functionGlobalContext: {pool: new Pool(DATABASE)},
};
"""


def install(folder: Path) -> None:
    """Install the peers where they are not there yet. Raises CalledProcessError where a registry does not answer."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "python/mq_bridge").exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder / "python"), "mq-bridge"]
        subprocess.run(pip, check=True)
    if not (folder / "node_modules/node-red").exists():
        npm = ["npm", "install", "--no-fund", "--no-audit", "--silent", "--prefix", str(folder), "node-red", "pg"]
        subprocess.run(npm, check=True)


def mq_bridge(folder: Path, job: Job, *, copy: bool) -> subprocess.Popen[bytes]:
    """Start mq-bridge: typed rows, each once, or its COPY into a table without a key."""
    where = _pool(job.url)
    url = f"postgresql://{where['user']}:{where['password']}@127.0.0.1:{where['port']}/{where['database']}"
    database = {"url": url, "table": "bench_copied" if copy else "observation", "max_connections": 2}
    database |= {"insert_query": COPIED if copy else ROW, "bulk_copy": copy}
    broker = {
        "url": f"tcp://127.0.0.1:{job.port}",
        "topic": "flat/#",
        "username": job.username,
        "password": job.password,
        "client_id": job.username,
        "max_inflight": WINDOW,
        "queue_capacity": WINDOW,
        "session_expiry_interval": 600,
    }
    route = {"input": {"mqtt": broker}, "output": {"sqlx": database}, "batch_size": BATCH}
    environment = os.environ | {"PYTHONPATH": str(folder / "python")}
    argv = [sys.executable, "-c", MQ_BRIDGE, json.dumps({"bench": route})]
    return subprocess.Popen(argv, env=environment, cwd=folder)


def node_red(folder: Path, job: Job, *, together: int) -> subprocess.Popen[bytes]:
    """Start Node-RED with a flow of two nodes: MQTT in, and an INSERT of so many rows at a time."""
    base = folder / f"node-red-{job.username}"
    base.mkdir(exist_ok=True)
    (base / "settings.js").write_text(SETTINGS.replace("DATABASE", json.dumps(_pool(job.url))))
    (base / "flows.json").write_text(json.dumps(_flow(job, together)))
    (base / "flows_cred.json").write_text(json.dumps({"broker": {"user": job.username, "password": job.password}}))
    argv = ["node", str(folder / "node_modules/node-red/red.js"), "--userDir", str(base)]
    environment = os.environ | {"NODE_PATH": str(folder / "node_modules")}
    return subprocess.Popen(argv, env=environment, cwd=base, stdout=subprocess.DEVNULL)


def _flow(job: Job, together: int) -> list[dict[str, object]]:
    broker: dict[str, object] = {"id": "broker", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(job.port)}
    broker |= {"clientid": job.username, "protocolVersion": "5", "cleansession": False, "keepalive": "600"}
    broker |= {"autoConnect": True, "sessionExpiry": "600"}
    hear: dict[str, object] = {
        "id": "hear",
        "type": "mqtt in",
        "z": "tab",
        "topic": "senml/#",
        "qos": "1",
        "datatype": "utf8",
    }
    hear |= {"broker": "broker", "wires": [["store"]], "inputs": 0}
    store: dict[str, object] = {
        "id": "store",
        "type": "function",
        "z": "tab",
        "func": GATHER.replace("MOST", str(together)),
    }
    store |= {"outputs": 0, "wires": [], "x": 0, "y": 0}
    return [{"id": "tab", "type": "tab", "label": "bench"}, broker, hear, store]


def _pool(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "host": query["host"][0] if "host" in query else parts.hostname,
        "port": int(query["port"][0]) if "port" in query else parts.port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": parts.path.removeprefix("/"),
        "max": 2,
    }
