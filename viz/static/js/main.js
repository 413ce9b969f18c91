// The operations room: joins the stream, the map, the lists and what the reader does.

import { alarms } from "./alarms.js";
import { aloud } from "./aloud.js";
import { coverage } from "./coverage.js";
import { byId } from "./dom.js";
import { clockwork, header } from "./header.js";
import { layout, open } from "./layout.js";
import { legend, tipText } from "./legend.js";
import { connect } from "./live.js";
import { TwinMap, drawable } from "./map.js";
import { now as nowPanel } from "./now.js";
import { look, places } from "./places.js";
import { replay } from "./replay.js";
import { search } from "./search.js";
import { address, board, on, view } from "./store.js";
import { hidden, isShown, services, switches } from "./switches.js";
import { wall } from "./wall.js";
import { idOf } from "./styles.js";
import { question, signs, things } from "./things.js";
import { boot, t } from "./text.js";
import { ask, draw as drawWhatIf, end } from "./whatif.js";

const root = document.documentElement;
const BUILDINGS = new Set(["highlights", "buildings", "tiles"]);
const TEXT = { waiting: t("Connecting"), live: t("Live"), lost: t("Connection lost, trying again") };
let map = null, facilities = { features: [] }, seen = null, revision = boot.revision;

const frame = layout();
const goto = (position) => map?.goto(position);

/** Outline what is cut off now, or, while a question is open, what it would cut off. */
function outline() {
  if (!map) return;
  const marks = new Map();
  if (view.whatIf) for (const id of seen ?? view.whatIf.buildings) marks.set(id, "what_if");
  else for (const [key, row] of board.losses) {
    if (key === "total") continue;
    for (const id of row.buildings) if (row.certain || !marks.has(id)) marks.set(id, row.certain ? "certain" : "possible");
  }
  map.mark(marks);
}

function asked(buildings) {
  seen = buildings;
  outline();
}

function inquire(device) {
  open("what-if");
  if (device.position) goto(device.position);
  ask(device, asked);
}

function showFacilities() {
  const chosen = services();
  const rows = facilities.features.filter((feature) => chosen.includes(feature.properties.service));
  map?.sign("facilities", rows.map(({ id, geometry, properties }) => ({ position: geometry.coordinates, icon: `${properties.service}:facility`, size: chosen.length > 2 ? 24 : 32, row: { ...properties, id } })));
  legend();
}

const showThings = () => map?.sign("things", signs(isShown));

function showLayers() {
  showFacilities();
  showThings();
  map?.hide(hidden(), isShown("coverage"));
}

/** What a click or a tap is on is looked into. */
function picked(layer, object) {
  if (layer === "things") look("thing", object.row.id);
  else if (layer === "facilities") look("facility", object.row.id);
  else if (BUILDINGS.has(layer)) look("building", idOf(object));
}

async function readFacilities(at = null) {
  const answer = await fetch(`map/facilities.geojson${at ? `?at=${encodeURIComponent(at.toISOString())}` : ""}`);
  if (answer.ok) facilities = await answer.json();
  showFacilities();
}

/** The moment that is shown has changed; where the map was another then, that one is read. */
function moved(then = boot.revision) {
  byId("now-title").textContent = view.at ? t("Cut off then") : t("Cut off now");
  end(asked);
  if (then === revision) return;
  revision = then;
  readFacilities(view.at);
  map?.reread(view.at);
}

function hovered(layer, object, info) {
  const text = object ? tipText(layer, object) : null, tip = byId("tip");
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  const left = info.x > info.viewport.width - 250;
  tip.style.left = `${info.x + (left ? -14 : 14)}px`;
  tip.style.top = `${Math.min(info.y + 14, info.viewport.height - 90)}px`;
  tip.style.translate = left ? "-100% 0" : "none";
}

function startMap() {
  if (!drawable()) {
    root.dataset.map = "none";
    byId("map-message").hidden = false;
    byId("map-message").textContent = t("This browser cannot draw the map (no WebGL). The lists beside it say the same.");
    return;
  }
  map = new TwinMap(byId("map-base"), byId("map-live"), {
    pick: picked,
    hover: hovered,
    ready: () => { root.dataset.map = "ready"; performance.mark("map-ready"); },
  });
  byId("zoom-in").onclick = () => map.zoom(1);
  byId("zoom-out").onclick = () => map.zoom(-1);
  byId("whole").onclick = () => map.fly({ ...map.whole(), home: true });
}

async function retheme(theme) {
  const answer = await fetch(`viz/scene?theme=${theme}`);
  if (answer.ok) map?.retheme(await answer.json());
}

nowPanel({ show: (buildings) => { end(asked); const first = map?.footprints?.get(buildings[0]); if (first) goto(middle(first)); }, ask: inquire });
alarms({ goto });
things({ ask: inquire, goto, look });
places({ goto, opened: () => open("places") });
search({ goto, look });
switches();
startMap();
header({ resized: frame.fit, themed: retheme });
clockwork();
aloud(byId("aloud"), () => ({ about: "now" }));
coverage({ covered: (answer) => map?.cover(answer) });
on(["losses"], outline);
on(["things"], showThings);
on(["things", "tab", "moment"], () => { if (!view.asking && !byId("what-if").hidden) drawWhatIf(asked); });
on(["coverage"], showFacilities);
on(["layers"], showLayers);
showLayers();
replay({ moved });
wall({ resized: () => { frame.fit(); map?.fit(); } });
addEventListener("keydown", (event) => { if (event.key === "Escape" && view.asking) end(asked); });
connect((state) => {
  if (byId("connection").dataset.state === state) return;
  byId("connection").dataset.state = state;
  byId("connection-text").textContent = TEXT[state];
});
if (!address.get("at")) readFacilities();

function middle(feature) {
  const ring = feature.geometry.type === "Polygon" ? feature.geometry.coordinates[0] : feature.geometry.coordinates[0][0];
  return [0, 1].map((axis) => ring.reduce((sum, point) => sum + point[axis], 0) / ring.length);
}

