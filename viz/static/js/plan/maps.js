// Today's map, and over it the scenario's, cut at the swipe: two decks that look at the same place with their own colours.

import { TwinMap } from "../map.js";
import { byId } from "../dom.js";
import { shares } from "../styles.js";

/** A deep copy of a scene whose coverage is looked up under other names, so that two maps can differ. */
function renamed(value, side) {
  if (Array.isArray(value)) return value.map((one) => renamed(one, side));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, one]) => [key, key === "of" ? `${one}_${side}` : renamed(one, side)]);
  return Object.fromEntries(entries);
}

export class SideMap extends TwinMap {
  /** side: "today" or "then"; heard.first: the map whose data this one shares. */
  convert(scene) {
    for (const kind of ["grids", "buildings"]) shares[`${kind}_${this.heard.side}`] ??= new Map();
    return super.convert(renamed(scene, this.heard.side));
  }

  describe(base) {
    super.describe(base);
    if (this.heard.first) base.querySelector("canvas").tabIndex = -1; // the first map moves both
  }

  async fetch(...asked) {
    const { first } = this.heard;
    if (!first) return super.fetch(...asked);
    this.data = { ...first.data, highlights: { type: "FeatureCollection", features: [] } };
    this.names = first.names;
    this.footprints = first.footprints;
    this.complete = true;
    await null; // the decks are made after this is called
    this.look(first.view);
    this.push();
  }

  cover(side) {
    for (const kind of ["grids", "buildings"]) {
      const held = shares[`${kind}_${this.heard.side}`];
      held.clear();
      for (const row of side[kind]) held.set(row.id, row.share);
    }
    this.covered = (this.covered ?? 0) + 1;
    this.push("base");
  }

  look(viewState) {
    super.look(viewState);
    if (!viewState.transitionDuration) this.heard.moved?.(viewState, this);
  }

  /** What lies at a point of the frame, in pixels: {layer, object, coordinate}; the upper deck is asked first. */
  at(x, y) {
    const sign = this.live.pickObject({ x, y, radius: 8, layerIds: ["facilities"] });
    const way = sign ? null : this.base.pickObject({ x, y, radius: 8, layerIds: ["ways"] });
    const [viewport] = this.base.getViewports();
    return { layer: (sign ?? way)?.layer.id, object: (sign ?? way)?.object, coordinate: viewport.unproject([x, y]) };
  }

  /** What is put into a layer of its own: "ways" or "numbers". */
  fill(source, data) {
    this.data[source] = data;
    this.push();
  }
}

/** Keep two maps on one view without each answering the other. */
export function tied(maps) {
  let moving = false;
  return (viewState, from) => {
    if (moving) return;
    moving = true;
    for (const map of maps()) if (map && map !== from && map.base && map.live) map.look({ ...viewState, transitionDuration: 0 });
    moving = false;
  };
}

/** The swipe: a line that is dragged, a slider and three buttons; all say the same share of the width. */
export function swipe(resized) {
  const at = byId("swipe-at"), frame = byId("map-frame"), divider = byId("divider");
  const set = (share) => {
    at.value = String(share);
    byId("map-then").style.clipPath = `inset(0 0 0 ${share}%)`;
    divider.style.left = `${share}%`;
    byId("side-today").hidden = byId("swipe").hidden || share < 12;
    byId("side-then").hidden = byId("swipe").hidden || share > 88;
    for (const [id, value] of [["only-today", 100], ["both-sides", 50], ["only-then", 0]]) byId(id).setAttribute("aria-pressed", String(share === value));
  };
  at.oninput = () => set(Number(at.value));
  byId("only-today").onclick = () => set(100);
  byId("both-sides").onclick = () => set(50);
  byId("only-then").onclick = () => set(0);
  divider.onpointerdown = (event) => {
    divider.setPointerCapture(event.pointerId);
    divider.onpointermove = (move) => {
      const box = frame.getBoundingClientRect();
      set(Math.round(Math.max(0, Math.min(100, ((move.clientX - box.left) / box.width) * 100))));
    };
    divider.onpointerup = () => { divider.onpointermove = null; };
  };
  return (shown) => {
    if (byId("swipe").hidden === !shown) return;
    for (const id of ["swipe", "map-then", "divider"]) byId(id).hidden = !shown;
    set(50);
    resized(shown);
  };
}
