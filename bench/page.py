"""Measure the operations room in Chromium, beside pydeck's own page and beside objects sent whole: `python -m bench.page`.

It needs Debian's Chromium and the embedded services (it starts its own). Software rendering: use the ratios.
"""

from __future__ import annotations

import functools
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

import psycopg
import pydeck as pdk
from playwright.sync_api import Browser, Page, sync_playwright

from api.server import listen, server
from api.settings import ServeSettings
from bench.table import Results
from deploy import services as running
from deploy.settings import ServiceSettings
from ingest.loaders.demo import load_demo
from twin import db, features, places
from twin.roles import Role

CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-quic", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
ROUNDS = 5
SENSORS, HERTZ, FEED_S = 2_000, 10, 10
SETTLE_MS = 8_000  # until the first answer has coloured all buildings
ROOM, MANY = 20_000, 200_000  # buildings
FIRST_MAP_MS, CHANGE_MS, INPUT_MS = 3_000, 300, 100  # the goals

# More buildings: copies of the place's own, moved a little each time, in its own grids.
COPIES = """
INSERT INTO building (place_id, source_id, grid_id, kind, residential, floors, floors_assumed, footprint_m2, point, geom)
SELECT place_id, source_id || '-' || n, grid_id, kind, false, floors, floors_assumed, footprint_m2,
    ST_Translate(point, moved.x, moved.y), ST_Translate(geom, moved.x, moved.y)
FROM (SELECT * FROM building WHERE source_id NOT LIKE '%%-%%') AS b CROSS JOIN generate_series(1, %s) AS n
CROSS JOIN LATERAL (SELECT 0.0006 * (n %% 13 - 6) AS x, 0.0006 * (n / 13 - 6) AS y) AS moved
ON CONFLICT DO NOTHING
"""
# What the stream says ten times a second, made before it is sent so that the page alone is measured.
FEED = """
(() => {
  const sensors = %d, hertz = %d, west = 7.41, south = 43.725;
  const row = (i, tick) => ({ id: 1000000 + i, key: `s${i}`, name: `Sensor ${i}`, name_zh: null, kind: "pm", simulated: true, interval_s: 1,
    position: [west + (i %% 50) * 0.0006, south + Math.floor(i / 50) * 0.0006], state: (i + tick) %% 97 ? "ok" : "silent", time: new Date().toISOString(),
    readings: [{ property: "pm2_5", unit: "ug/m3", value: (i * 7 + tick) %% 80 }], closes: [] });
  const sent = [...Array(10)].map((_, tick) => JSON.stringify({ at_ms: Date.now(), whole: false, rows: Object.fromEntries([...Array(sensors)].map((_, i) => [1000000 + i, row(i, tick)])) }));
  const Real = EventSource;
  globalThis.feed = { ticks: 0, begin(run) { this.timer = setInterval(() => { run(new MessageEvent("things", { data: sent[this.ticks++ %% 10] })); }, 1000 / hertz); }, end() { clearInterval(this.timer); } };
  globalThis.EventSource = class extends Real {
    addEventListener(name, run) { super.addEventListener(name, run); if (name === "things") globalThis.feed.run = run; }
  };
})();
"""
WATCH_INPUT = """() => {
  globalThis.waits = [];
  new PerformanceObserver((list) => { for (const one of list.getEntries()) if (one.name === "keydown") globalThis.waits.push(one.duration); })
    .observe({ type: "event", durationThreshold: 16, buffered: false });
}"""


PEER = """<!doctype html><meta charset="utf-8"><body style="margin:0"><input id="typed"><div id="map" style="position:relative;width:820px;height:600px"></div>
<script src="deck.js"></script><script>
const began = performance.now(); let ticks = 0;
const d = new deck.Deck({ parent: document.getElementById("map"), initialViewState: { longitude: 7.425, latitude: 43.738, zoom: 14 }, controller: true, layers: [],
  onLoad: () => begin() });
async function begin() {
  const text = await (await fetch("buildings.geojson")).text();
  const draw = (tick) => d.setProps({ layers: [
    new deck.GeoJsonLayer({ id: "b", data: JSON.parse(text), getFillColor: [95, 126, 224], getLineWidth: 1 }),
    new deck.ScatterplotLayer({ id: "s", data: [...Array(%d)].map((_, i) => ({ p: [7.41 + (i %% 50) * 0.0006, 43.725 + Math.floor(i / 50) * 0.0006], v: (i + tick) %% 80 })), getPosition: (r) => r.p, getRadius: 8, getFillColor: (r) => [r.v * 3, 200, 120] }) ] });
  draw(0);
  globalThis.feed = { get ticks() { return ticks; }, begin() { this.timer = setInterval(() => draw(++ticks), %d); }, end() { clearInterval(this.timer); } };
  document.documentElement.dataset.map = "ready";
}
</script>"""


@contextmanager
def served(url: str) -> Iterator[str]:
    """Serve the application as users get it, and give its address."""
    settings = ServeSettings(port=0, open_as=Role.OPERATOR)
    listening = listen(settings)
    ours = server(settings, url)
    thread = threading.Thread(target=ours.run, args=([listening],))
    thread.start()
    while not ours.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    ours.should_exit = True
    thread.join(timeout=20)


def opened(browser: Browser, url: str, script: str = "") -> Page:
    """Open a page in a browser without a cache; nothing but this machine may be asked."""
    context = browser.new_context(viewport={"width": 1600, "height": 900}, bypass_csp=True)
    context.route("**/*", lambda route: route.continue_() if is_here(route.request.url) else route.abort())
    if script:
        context.add_init_script(script)
    page = context.new_page()
    page.goto(url, wait_until="commit")
    return page


def is_here(url: str) -> bool:
    """Whether an address is of this machine."""
    return url.startswith(("http://127.0.0.1", "file:", "data:", "blob:"))


def first_map(browser: Browser, url: str) -> tuple[float, int]:
    """Give the time from the address to the first whole map [ms], and the bytes that came for it."""
    page = opened(browser, url)
    page.wait_for_selector("html[data-map=ready]", state="attached", timeout=120_000)
    took = float(page.evaluate("performance.getEntriesByName('map-ready')[0].startTime"))
    weight = page.evaluate("performance.getEntriesByType('resource').reduce((sum, one) => sum + one.transferSize, 0)")
    page.context.close()
    return took, int(weight)


def pydeck_page(url: str, folder: Path) -> Path:
    """Write the same layers with their data as pydeck's own page."""
    with db.opened(url) as engine, engine.connect() as connection:
        found = places.get(connection)
        names = ("land", "green", "water", "street", "buildings", "grids")
        data = {name: json.loads(features.geojson(connection, found.id, name)) for name in names}
    layers = [pdk.Layer("GeoJsonLayer", data=data[name], id=name, get_fill_color=[60, 80, 120, 200]) for name in names]
    view = pdk.ViewState(longitude=7.425, latitude=43.738, zoom=14)
    path = folder / "pydeck.html"
    deck = pdk.Deck(layers, map_provider=None, map_style=None, initial_view_state=view)
    deck.to_html(str(path), offline=True, open_browser=False)
    return path


def pydeck_first(browser: Browser, path: Path) -> float:
    """Give the time until pydeck's page has all its layers [ms]."""
    page = opened(browser, path.as_uri())
    page.wait_for_function(
        "() => { try { return deckInstance.layerManager.getLayers().length > 6 && deckInstance.layerManager.getLayers().every((l) => l.isLoaded); }"
        " catch { return false; } }",
        timeout=120_000,
    )
    took = float(page.evaluate("new Promise((done) => requestAnimationFrame(() => done(performance.now())))"))
    page.context.close()
    return took


def change(page: Page, url: str, mark: str) -> float:
    """Give the time from a commit to the change on the screen [ms], by this machine's clock."""
    page.evaluate(
        """(mark) => { globalThis.shown = new Promise((done) => new MutationObserver((_, watcher) => {
          if (document.getElementById("thing-list").textContent.includes(mark)) { watcher.disconnect(); requestAnimationFrame(() => done(Date.now())); }
        }).observe(document.getElementById("thing-list"), { childList: true, subtree: true })); }""",
        mark,
    )
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE thing SET name = %s WHERE id = (SELECT min(id) FROM thing WHERE kind = 'lift')", (mark,)
        )
        connection.execute('SELECT pg_notify(\'linli\', \'{"kind": "latest", "ids": []}\')')
        connection.commit()
    committed = time.time() * 1000
    return float(page.evaluate("globalThis.shown")) - committed


def under_load(page: Page, field: str) -> tuple[float, float]:
    """Type while the feed runs; give the updates a second that were taken, and the p95 of a key's wait [ms]."""
    page.wait_for_selector("html[data-map=ready]", state="attached", timeout=180_000)
    page.wait_for_timeout(SETTLE_MS)
    page.evaluate(WATCH_INPUT)
    page.evaluate("feed.begin(feed.run)")
    page.focus(field)
    began = time.perf_counter()
    keys = 0
    while time.perf_counter() - began < FEED_S:
        page.keyboard.press("a" if keys % 2 else "Backspace")
        keys += 1
        page.wait_for_timeout(100)
    rate = page.evaluate("feed.ticks") / (time.perf_counter() - began)
    page.evaluate("feed.end()")
    page.wait_for_timeout(500)
    waits = sorted(page.evaluate("waits"))
    all_waits = [8.0] * max(0, keys - len(waits)) + waits  # those under 16 ms are not reported one by one
    return float(rate), float(all_waits[int(len(all_waits) * 0.95)])


def grow(url: str, buildings: int) -> int:
    """Let the place have so many buildings, and give how many it has."""
    with psycopg.connect(url, autocommit=True) as connection:
        own = connection.execute("SELECT count(*) FROM building WHERE source_id NOT LIKE '%-%'").fetchone()
        assert own
        connection.execute(COPIES, (buildings // own[0] - 1,))
        connection.execute("ANALYZE building")
        found = connection.execute("SELECT count(*) FROM building").fetchone()
        assert found
        return int(found[0])


def demo(browser: Browser, url: str, results: Results, folder: Path) -> None:
    """Measure the demo place as it is."""
    with served(url) as address:
        path = pydeck_page(url, folder)
        ours, theirs, weight = [], [], 0
        for _ in range(ROUNDS):
            took, weight = first_map(browser, address)
            ours.append(took)
            theirs.append(pydeck_first(browser, path))
        results.head("The demo place: 1,283 buildings, 112 devices")
        results.beside("first map", median(ours), "pydeck's to_html(offline), same layers", median(theirs))
        results.alone("first map", median(ours), "ms", goal=FIRST_MAP_MS)
        results.alone("page weight, compressed", weight / 1e3, "kB")
        results.alone("pydeck's page", path.stat().st_size / 1e3, "kB", note="not compressed: it is a file")
        page = opened(browser, f"{address}?lang=en&tab=things")
        page.wait_for_selector("#thing-list li[data-state]", timeout=60_000)
        waits = [change(page, url, f"changed {n}") for n in range(4 * ROUNDS)]
        begun = time.perf_counter()
        pydeck_first(browser, pydeck_page(url, folder))
        whole = (time.perf_counter() - begun) * 1000
        results.beside("a change: commit to screen, median", median(waits), "pydeck's page made and drawn again", whole)
        results.alone("a change: commit to screen, worst", max(waits), "ms", goal=CHANGE_MS)
        page.context.close()


def crowded(browser: Browser, url: str, results: Results, folder: Path) -> None:
    """Measure many buildings with a fast feed, then very many."""
    number = grow(url, ROOM)
    (folder / "deck.js").write_bytes(Path("viz/static/vendor/deck.js").read_bytes())
    with served(url) as address:
        page = opened(browser, f"{address}?lang=en", FEED % (SENSORS, HERTZ))
        (folder / "buildings.geojson").write_bytes(page.request.get(f"{address}map/buildings.geojson").body())
        ours = under_load(page, "#search")
        page.context.close()
        with files(folder) as root:
            (folder / "peer.html").write_text(PEER % (SENSORS, 1000 // HERTZ), encoding="utf-8")
            page = opened(browser, f"{root}peer.html")
            theirs = under_load(page, "#typed")
            page.context.close()
        results.head(f"{number} buildings, {SENSORS} sensors {HERTZ} times a second, for {FEED_S} s")
        results.beside("time for an update", 1000 / ours[0], "all objects anew each tick", 1000 / max(theirs[0], 0.05))
        results.beside("a key's wait, p95", ours[1], "all objects anew each tick", theirs[1])
        results.alone("a key's wait, p95", ours[1], "ms", goal=INPUT_MS)
    number = grow(url, MANY)
    with served(url) as address:
        took, weight = first_map(browser, f"{address}?lang=en")
        results.head(f"{number} buildings by tiles")
        results.alone("first map", took, "ms", goal=FIRST_MAP_MS)
        results.alone("came for it, compressed", weight / 1e3, "kB")


@contextmanager
def files(folder: Path) -> Iterator[str]:
    """Serve a folder, and give its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    serving = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_port}/"
    serving.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that says nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # named by http.server
        """Say nothing."""


def main() -> None:
    """Start services of its own, measure, and stop them."""
    results = Results()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        settings = ServiceSettings(data=folder / "services", engine="embedded", profile="small")
        url = running.up(settings).database_url
        try:
            db.migrate(url)
            with db.opened(url) as engine, engine.begin() as connection:
                load_demo(connection, lambda _: None)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            demo(browser, url, results, folder)
            crowded(browser, url, results, folder)
            browser.close()
        finally:
            running.down(settings)
    results.close()


if __name__ == "__main__":
    main()
