"""Measure the lift question on the demo place as the page asks it: `python -m bench.lift_question`.

A server of this machine holds Monaco; every public lift is closed in turn by POST /api/what-if, all services and groups,
one request after another over loopback. Prints the median and the slowest in ms, the goal beside them, and the same
change as a planner without a live network would get it: the coverage of all services and groups computed twice.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import httpx
import uvicorn

from api import server as serving
from api.app import create
from api.settings import ServeSettings
from deploy import services as running
from deploy.settings import ServiceSettings
from ingest.loaders.demo import load_demo
from simulations import asking
from simulations.coverage import coverage
from simulations.ranking import Set, street_lifts
from simulations.states import closing, element_id
from twin import db
from twin.roles import Role

GOAL_MS = 100.0
STARTED_S = 30


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        settings = ServiceSettings(data=Path(folder), engine="embedded", profile="small")
        services = running.up(settings)
        try:
            db.migrate(services.database_url)
            with db.opened(services.database_url) as engine:
                with engine.begin() as connection:
                    load_demo(connection, lambda _: None)
                ask(services.database_url, engine)
        finally:
            running.down(settings)


def ask(url: str, engine: db.Engine) -> None:
    """Ask about each lift, by HTTP and then of a network that is computed anew."""
    with engine.connect() as connection:
        asked = asking.load(connection)
    lifts = street_lifts(asked.community)
    bodies = [
        {"close": [{"kind": each.kind, "id": element_id(asked.community, each)} for each in some]} for some in lifts
    ]
    serve = ServeSettings(port=0, open_as=Role.OPERATOR)
    listening = serving.listen(serve)
    server = uvicorn.Server(uvicorn.Config(create(serve, url), log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    for _ in range(STARTED_S * 100):
        if server.started:
            break
        time.sleep(0.01)
    spent, cpu = [], []
    with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=60) as client:
        for body in [bodies[0], *bodies]:  # the first loads the place and the kernels
            start, begun = time.perf_counter(), time.process_time()
            client.post("/api/what-if", json=body).raise_for_status()
            spent.append((time.perf_counter() - start) * 1000)
            cpu.append((time.process_time() - begun) * 1000)
    server.should_exit = True
    thread.join()
    anew = [recompute_ms(asked, lifts[at]) for at in range(0, len(lifts), 10)]
    town = asked.community
    questions = len(town.services()) * len(town.groups())
    print(f"{len(bodies)} lifts of {town.place.name}, {town.graph.nodes:,} nodes, {questions} services × groups")
    print(f"  what-if over HTTP: median    {median(spent[1:]):8.1f} ms   goal {GOAL_MS:.0f}")
    print(
        f"  the same, processor time     {median(cpu[1:]):8.1f} ms   client and server, load {os.getloadavg()[0]:.0f}"
    )
    print(f"  what-if over HTTP: slowest   {max(spent[1:]):8.1f} ms")
    print(f"  first, with loading          {spent[0]:8.1f} ms")
    print(f"  computed anew: median        {median(anew):8.1f} ms   ratio {median(anew) / median(spent[1:]):.1f}")


def recompute_ms(asked: asking.Asked, lift: Set) -> float:
    """Compute the coverage before and after from nothing [ms]."""
    town, start = asked.community, time.perf_counter()
    for said in (asked.said, closing(asked.community, asked.said, lift)):
        for service in town.services():
            for group in town.groups():
                coverage(town, said, service, group, limit_s=town.norm.limits[service].limit_s)
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
