// Two decks, one over the other: the base repaints when the view or the coverage changes, the live one at the feed's rate.

import { functions, marks, shares } from "./styles.js";
import { fitting, streetNames } from "./labels.js";
import { atlas } from "./glyphs.js";
import { address } from "./store.js";
import { boot, t } from "./text.js";

const CLASSES = ["GeoJsonLayer", "MVTLayer", "IconLayer", "TextLayer", "MapView", "PathStyleExtension"]; // all that the spec may name
const FETCHED = ["land", "green", "water", "rail", "street", "grids", "buildings"];
const KEPT = ["grids", "buildings"]; // of these the twin keeps what was
const TILES = "ogc/collections/buildings/tiles/WebMercatorQuad/{z}/{y}/{x}";
// Relative to the page: of an absolute address loaders.gl makes a blob, which the page's policy does not run.
const WORKER = new URL("../vendor/mvt-worker.js", import.meta.url).href.replace(new URL(".", document.baseURI).href, "");
const ASKED_AT_ONCE = 400; // footprints by id in one address
const EMPTY = { type: "FeatureCollection", features: [] };
const FLY_MS = 600;
const PAD = 24, TOOLS = 44; // pixels: around the place, and above it for the search
const ZOOM_STEPS = 4; // a zoom level's parts at which names are chosen anew

/** Say whether this browser can draw the map at all. */
export function drawable() {
  try {
    return Boolean(globalThis.deck && document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
}

const DRAG_PX = 6; // a pointer that moved further was moving the map

export class TwinMap {
  /** @param heard {pick(layerId, object)?, hover(layerId, object, x, y), ready()} */
  constructor(base, live, heard) {
    const deck = globalThis.deck;
    this.deck = deck;
    this.heard = heard;
    this.tiled = boot.tiled || address.get("tiles") === "1";
    this.data = { tiles: this.tiled ? TILES : null, names: [], highlights: EMPTY, facilities: [], things: [] };
    this.frame = base;
    this.off = new Set();
    this.isLit = true;
    this.moving = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    const classes = Object.fromEntries(CLASSES.map((name) => [name, deck[name]]));
    this.converter = new deck.JSONConverter({ configuration: { classes, functions, constants: {}, enumerations: {} } });
    this.signs = atlas();
    const views = this.convert(boot.scene).views;
    this.view = this.whole();
    const shared = { viewState: this.view, useDevicePixels: Math.min(2, devicePixelRatio), layers: [] };
    this.base = new deck.Deck({
      ...shared, id: "map-canvas", parent: base, views, controller: true,
      onViewStateChange: ({ viewState, interactionState }) => {
        if (interactionState.isDragging || interactionState.isZooming || interactionState.isPanning) this.home = false;
        this.look(viewState);
      },
      getCursor: ({ isDragging, isHovering }) => (isDragging ? "grabbing" : isHovering ? "pointer" : "default"),
      onHover: (info) => this.point(info, heard.hover),
      onLoad: () => this.describe(base), onAfterRender: () => this.drawn(),
    });
    this.live = new deck.Deck({
      ...shared, id: "live-canvas", parent: live, views: [new deck.MapView({ controller: false })], controller: false,
      onLoad: () => live.querySelector("canvas").removeAttribute("tabindex"),
    });
    new ResizeObserver(() => { if (this.home) this.look(this.whole()); }).observe(base);
    this.home = true;
    this.hearClicks(base);
    this.fetch();
  }

  /** deck.gl's own clicks are lost while it draws slowly, as without a GPU: the browser's are not. */
  hearClicks(frame) {
    let from = null;
    frame.addEventListener("pointerdown", (event) => { from = [event.clientX, event.clientY]; });
    frame.addEventListener("click", (event) => {
      if (!from || !this.heard.pick || !this.base.isInitialized || Math.hypot(event.clientX - from[0], event.clientY - from[1]) > DRAG_PX) return;
      const box = frame.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
      this.point(this.base.pickObject({ x, y }) ?? { x, y }, this.heard.pick);
    });
  }

  describe(base) {
    const canvas = base.querySelector("canvas");
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", t("Map of {place}", { place: boot.place.title }));
    canvas.setAttribute("aria-describedby", "map-help");
  }

  convert(scene) {
    const props = this.converter.convert(scene);
    this.layers = new Map(props.layers.map((layer) => [layer.id, layer]));
    return props;
  }

  /** Draw the same data in another theme's colours. */
  retheme(scene) {
    this.signs = atlas();
    this.convert(scene);
    for (const [source, held] of Object.entries(this.data)) if (held?.features) this.data[source] = { ...held }; // colours by function are asked for again
    this.push();
  }

  /** Read what may have been another at that moment; null: now. */
  async reread(at) {
    await this.fetch(KEPT, at);
  }

  async fetch(sources = FETCHED, at = null) {
    const then = at ? `?at=${encodeURIComponent(at.toISOString())}` : "";
    await Promise.all(sources.filter((source) => !(this.tiled && source === "buildings")).map(async (source) => {
      const answer = await fetch(`map/${source}.geojson${then}`);
      if (!answer.ok) return;
      const collection = await answer.json();
      this.data[source] = collection;
      if (source === "street") this.names = streetNames(collection);
      if (source === "buildings") this.footprints = new Map(collection.features.map((feature) => [feature.id, feature]));
    }));
    this.complete = true;
    this.name(this.view.zoom);
    this.mark(marks);
    this.push();
  }

  drawn() {
    if (!this.complete || this.told) return;
    this.told = true;
    requestAnimationFrame(() => this.heard.ready());
  }

  /** Draw; before all data is here there is nothing worth a frame. */
  push(only) {
    if (!this.complete) return;
    for (const canvas of ["base", "live"]) {
      if (only && only !== canvas) continue;
      const layers = [...this.layers.values()].filter((layer) => (layer.props.canvas ?? "base") === canvas && !this.off.has(layer.id) && this.has(layer.props.source));
      this[canvas].setProps({ layers: layers.map((layer) => layer.clone(this.extra(layer))) });
    }
  }

  has(source) {
    const data = this.data[source];
    return Boolean(data && (source === "tiles" || (data.features ?? data).length));
  }

  /** What the spec leaves open: data, the painted signs, and what makes deck.gl ask the colour functions again. */
  extra(layer) {
    const data = this.data[layer.props.source];
    if (layer.id === "facilities" || layer.id === "things") return { data, iconAtlas: this.signs.atlas, iconMapping: this.signs.mapping, sizeScale: this.signScale() };
    if (layer.id === "tiles") return { data: new URL(data, document.baseURI).href.replaceAll("%7B", "{").replaceAll("%7D", "}"), loadOptions: { mvt: { workerUrl: WORKER } }, updateTriggers: { getFillColor: this.covered } };
    if (layer.id === "highlights") return { data, updateTriggers: { getFillColor: this.marked, getLineColor: this.marked } };
    return { data, updateTriggers: { getFillColor: this.covered } };
  }

  /** Colour grids and buildings by share covered: rows of {id, share}, share null where nobody lives. */
  cover(answer) {
    this.answer = answer;
    for (const kind of ["grids", "buildings"]) {
      shares[kind].clear();
      for (const row of this.isLit && answer ? answer[kind] : []) shares[kind].set(row.id, row.share);
    }
    this.covered = (this.covered ?? 0) + 1;
    this.push("base");
  }

  /** Hide layers by id; coverage unlit leaves grids and buildings plain. */
  hide(ids, isLit) {
    const relit = isLit !== this.isLit;
    Object.assign(this, { off: ids, isLit });
    if (relit) this.cover(this.answer);
    this.push();
  }

  /** Outline buildings: a map of building id to "certain", "possible" or "what_if". */
  mark(next) {
    const held = new Map(next);
    marks.clear();
    for (const [id, why] of held) marks.set(id, why);
    this.marked = (this.marked ?? 0) + 1;
    if (this.tiled) this.footprint([...marks.keys()]);
    const features = [...marks.keys()].map((id) => this.footprints?.get(id)).filter(Boolean);
    this.data.highlights = { type: "FeatureCollection", features };
    this.push("live");
  }

  /** With tiles, the outlines of what is marked are asked for by id, each once. */
  async footprint(ids) {
    this.footprints ??= new Map();
    const missing = ids.filter((id) => !this.footprints.has(id)).slice(0, ASKED_AT_ONCE);
    if (!missing.length) return;
    for (const id of missing) this.footprints.set(id, null);
    const answer = await fetch(`ogc/collections/buildings/items?f=json&limit=${ASKED_AT_ONCE}&filter=${encodeURIComponent(`id IN (${missing.join(",")})`)}`);
    if (answer.ok) for (const feature of (await answer.json()).features) this.footprints.set(Number(feature.id), { ...feature, id: Number(feature.id) });
    this.mark(marks);
  }

  /** Replace the signs of a layer, "facilities" or "things": [{position, icon, size, row}]. */
  sign(layer, rows) {
    this.data[layer] = rows;
    this.push("live");
  }

  whole() {
    const [west, south, east, north] = boot.place.bounds;
    const { clientWidth: width, clientHeight: height } = this.frame;
    const port = new this.deck.WebMercatorViewport({ width: Math.max(width, 80), height: Math.max(height, 80) });
    const side = Math.min(PAD, width / 8, height / 8), pad = { left: side, right: side, bottom: side, top: Math.min(TOOLS + side, height / 4) };
    const { longitude, latitude, zoom } = port.fitBounds([[west, south], [east, north]], { padding: pad });
    return { ...boot.scene.initialViewState, longitude, latitude, zoom, pitch: 0, bearing: 0 };
  }

  /** The frame has another size: the whole place in it again, where that was shown. */
  fit() {
    requestAnimationFrame(() => { if (this.home) this.look(this.whole()); });
  }

  /** While it flies the lower deck says where it is: the upper one follows it, so that they always lie on each other. */
  look(viewState) {
    this.view = viewState;
    this.name(viewState.zoom);
    this.base.setProps({ viewState });
    if (!viewState.transitionDuration) this.live.setProps({ viewState });
  }

  /** Signs are smaller when the whole place is in view, or they would hide it. */
  signScale() {
    return Math.max(0.6, Math.min(1, 0.6 + (this.view.zoom - 14) * 0.2));
  }

  /** Choose the names anew when the zoom has changed enough to matter. */
  name(zoom) {
    const step = Math.round(zoom * ZOOM_STEPS) / ZOOM_STEPS;
    if (!this.names || step === this.namedAt) return;
    this.namedAt = step;
    this.data.names = fitting(this.names, step);
    if (this.told) this.push();
  }

  fly(to) {
    this.home = to.home === true;
    const more = this.moving ? { transitionDuration: FLY_MS, transitionInterpolator: new this.deck.LinearInterpolator(["longitude", "latitude", "zoom"]) } : {};
    this.look({ ...this.view, ...to, ...more });
  }

  goto(position, zoom = 16.4) {
    this.fly({ longitude: position[0], latitude: position[1], zoom: Math.max(this.view.zoom, zoom) });
  }

  zoom(by) {
    this.fly({ zoom: Math.max(this.view.minZoom, Math.min(this.view.maxZoom, this.view.zoom + by)) });
  }

  /** Signs lie on the upper deck, which takes no pointer: ask it first. */
  point(info, then) {
    const top = this.live.isInitialized && this.live.pickObject({ x: info.x, y: info.y, radius: 6, layerIds: ["things", "facilities"] });
    const found = top?.object ? top : info.object ? info : null;
    then(found?.layer.id, found?.object, info);
  }
}
