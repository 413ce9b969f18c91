"""Prometheus metrics: requests by route as they are answered, and the state of the twin as it is when asked.

Names follow Prometheus's own advice: units at the end, counters end in _total, no label without a bound on its values.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import alarm_rows, board
from twin import account, losses
from twin.db import Connection
from twin.places import Place

__all__ = ["MEDIA_TYPE", "Measured", "Measures"]

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0)


class Measures:
    """The counters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self.requests = Counter("linli_http_requests_total", "Requests answered", labels, registry=self.registry)
        self.seconds = Histogram(
            "linli_http_request_seconds",
            "Time to the end of an answer",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Note one answer."""
        self.requests.labels(route, method, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def text(self, connection: Connection, place: Place) -> bytes:
        """Write all of it in Prometheus's text format."""
        now = CollectorRegistry()
        now.register(_Twin(connection, place))
        return generate_latest(self.registry) + generate_latest(now)


class _Twin:
    """The twin's figures, read when they are asked for."""

    def __init__(self, connection: Connection, place: Place) -> None:
        self.connection, self.place = connection, place

    def describe(self) -> Iterable[Metric]:
        """Name nothing before it is asked."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Read account, devices, lifts, alarms and losses."""
        tally = account.total(self.connection)
        outcomes = {name: getattr(tally, name) for name in ("stored", "duplicate", "quarantined")}
        yield _gauge("linli_ingest_readings", "Readings in the account, by what became of them", "outcome", outcomes)
        figures = board.figures(self.connection, self.place)["all"]
        conditions = {name: n for name, n in figures["things"].items() if name != "total"}
        yield _gauge("linli_things", "Devices by condition", "condition", conditions)
        lifts = {name: n for name, n in figures["lifts"].items() if name != "total"}
        yield _gauge("linli_lifts", "Lifts by state", "state", lifts)
        open_losses = board.SECTIONS["losses"](self.connection, self.place)
        yield GaugeMetricFamily("linli_losses", "Open losses of a service", value=len(open_losses))
        alarms = alarm_rows.total(self.connection, self.place)
        yield _gauge("linli_alarms", "Alarms that stand, by severity and need", "count", alarms)
        yield from self._watch()

    def _watch(self) -> Iterator[Metric]:
        """Say how long ago the watch last looked; nothing where it never did."""
        total = losses.total(self.connection, self.place.id)
        if total is not None and total.checked_at is not None:
            age = (datetime.now(UTC) - total.checked_at).total_seconds()
            yield GaugeMetricFamily("linli_watch_age_seconds", "Since the watch last looked", value=age)


def _gauge(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, n in values.items():
        family.add_metric([value], n)
    return family


class Measured:
    """Count and time every answer by its route's template; what has no route is one more."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self.app, self.measures = app, measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, then note."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self.measures.count(route, scope["method"], status, time.perf_counter() - began)
