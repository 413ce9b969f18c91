// Signs as outlines on a 24 x 24 field, drawn the same way in lists (SVG) and on the map (an atlas painted on a canvas).

import { boot } from "./text.js";

const STROKES = {
  lift: "M7 3.5h10v17H7zM12 3.5v17M9 8l.8-1.4L10.6 8M13.4 16l.8 1.4.8-1.4",
  gate: "M4 20V5M20 20V5M4 8h16M4 16h16M9 8v8M15 8v8",
  water_level: "M12 3c3 4 5 6.200 5 9a5 5 0 0 1-10 0c0-2.800 2-5 5-9M4 20c2-1.500 4-1.500 6 0s4 1.500 6 0 3-1.500 4 0",
  pm: "M5 9h9a2.500 2.500 0 1 0-2.500-2.500M4 13h14a2.500 2.500 0 1 1-2.500 2.500M6 17h5",
  noise: "M5 10v4h3l4 4V6L8 10zM15 9.500a4 4 0 0 1 0 5M17.500 7a7.500 7.500 0 0 1 0 10",
  climate: "M10 14V6a2 2 0 0 1 4 0v8a4 4 0 1 1-4 0M12 10v7",
  door: "M6 20.500V4h11v16.500M4 20.500h16M13.500 12.500h.01",
  meter: "M12 20a8 8 0 1 1 0-16 8 8 0 0 1 0 16M12 12l3.500-4M8 15h8",
  gateway: "M4 15h16v5H4zM8 17.500h.01M12 15V9M9 8a4 4 0 0 1 6 0M7 5.500a7 7 0 0 1 10 0",
  pharmacy: "M12 5v14M5 12h14",
  clinic: "M5 20V9l7-5 7 5v11zM12 10v7M8.500 13.500h7",
  hospital: "M7 5v14M17 5v14M7 12h10",
  community_station: "M4 12l8-7 8 7M6.500 10.500V19h11v-8.500M10 19v-5h4v5",
  elder_day_care: "M12 8.500C10.500 5 5 5.500 5 10c0 4 7 9 7 9s7-5 7-9c0-4.500-5.500-5-7-1.500",
  canteen: "M4 11h16a8 8 0 0 1-16 0M8 8V5M12 8V4M16 8V5",
  supermarket: "M3.500 5H6l2.500 10H18l2-7H7M10 19h.01M17 19h.01",
  market: "M4 9l2-4h12l2 4M4 9c0 3 4 3 4 0 0 3 4 3 4 0 0 3 4 3 4 0 0 3 4 3 4 0M6 12v8h12v-8",
  school: "M3 9l9-4 9 4-9 4zM7 11.500V16c2 2 8 2 10 0v-4.500M21 9v5",
  kindergarten: "M12 4v3M12 20a6.500 6.500 0 1 1 0-13 6.500 6.500 0 0 1 0 13M9.500 12h.01M14.500 12h.01M9.500 15.500c1.500 1.500 3.500 1.500 5 0",
  park: "M12 20v-7M12 16l3-2.500M12 3c4 3 6 5.500 6 8a4 4 0 0 1-4 4h-4a4 4 0 0 1-4-4c0-2.500 2-5 6-8",
  toilet: "M8 7a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3M16 7a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3M6 10h4v5H9v5H7v-5H6zM16 10l-2.500 6h1.500v4h2v-4h1.500z",
  bus_stop: "M6 5h12v11H6zM6 11h12M8 16v3M16 16v3M9 13.500h.01M15 13.500h.01",
};
const BAN = "M6.500 6.500l11 11M17.500 6.500l-11 11";
const ASK = "M9 9.200a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500h.01";
// The outer shape says the state: disc, square, diamond, ring, broken ring.
const SHAPES = {
  open: { path: "M12 1.500a10.500 10.500 0 1 0 0 21 10.500 10.500 0 0 0 0-21", tone: "open", filled: false },
  ok: { path: "M12 1.500a10.500 10.500 0 1 0 0 21 10.500 10.500 0 0 0 0-21", tone: "open", filled: false },
  slower: { path: "M12 1.500L23 21H1z", tone: "unknown", filled: false },
  closed: { path: "M2 2h20v20H2z", tone: "closed", filled: true, over: BAN },
  unknown: { path: "M12 .800L23.200 12 12 23.200.800 12z", tone: "unknown", filled: true, instead: ASK },
  silent: { path: "M12 1.500a10.500 10.500 0 1 0 0 21 10.500 10.500 0 0 0 0-21", tone: "silent", filled: false, dash: [4, 3.2] },
  never_seen: { path: "M12 1.500a10.500 10.500 0 1 0 0 21 10.500 10.500 0 0 0 0-21", tone: "silent", filled: false, dash: [1, 3.4] },
  facility: { path: "M5 1.500h14a3.500 3.500 0 0 1 3.500 3.500v14a3.500 3.500 0 0 1-3.500 3.500H5A3.500 3.500 0 0 1 1.500 19V5A3.500 3.500 0 0 1 5 1.500", tone: "facility", filled: true },
};
const CELL = 96; // pixels of the atlas a sign takes: sharp at 32 px on a screen of three dots a pixel
const ROW = 12;

/** What to draw, bottom to top: path, fill, stroke as names of custom properties. */
function parts(kind, state) {
  const shape = SHAPES[state];
  const ink = state === "facility" ? "facility-ink" : shape.filled ? "marker" : shape.tone;
  const inner = shape.instead ?? (shape.over ? shape.over : STROKES[kind]);
  return [
    { path: shape.path, fill: shape.filled ? shape.tone : "marker", stroke: shape.filled ? "marker" : shape.tone, width: shape.filled ? 1 : 2, dash: shape.dash },
    { path: inner ?? "", stroke: ink, width: state === "closed" ? 2.8 : 1.9, scale: shape.over || shape.instead ? 0.86 : 0.66 },
  ];
}

/** Draw a sign for a list; it is hidden from readers, the word stands beside it. */
export function glyph(kind, state, className = "glyph") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  for (const part of parts(kind, state)) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", part.path);
    path.style.fill = part.fill ? `var(--${part.fill})` : "none";
    path.style.stroke = `var(--${part.stroke})`;
    path.style.strokeWidth = part.width / (part.scale ?? 1);
    path.style.strokeLinecap = path.style.strokeLinejoin = "round";
    if (part.dash) path.style.strokeDasharray = part.dash.join(" ");
    if (part.scale) path.setAttribute("transform", `translate(12 12) scale(${part.scale}) translate(-12 -12)`);
    svg.append(path);
  }
  return svg;
}

/** Paint all signs in the present theme's colours: {atlas: canvas, mapping} for deck.gl's IconLayer. */
export function atlas() {
  const signs = [...Object.keys(boot.words.service).map((kind) => [kind, "facility"])];
  for (const kind of Object.keys(boot.words.thing_kind)) for (const state of Object.keys(boot.words.thing_state)) signs.push([kind, state]);
  const canvas = document.createElement("canvas");
  canvas.width = CELL * ROW;
  canvas.height = CELL * Math.ceil(signs.length / ROW);
  const paint = canvas.getContext("2d"), colours = getComputedStyle(document.documentElement), mapping = {};
  signs.forEach(([kind, state], i) => {
    const x = (i % ROW) * CELL, y = Math.floor(i / ROW) * CELL;
    mapping[`${kind}:${state}`] = { x, y, width: CELL, height: CELL, anchorX: CELL / 2, anchorY: CELL / 2 };
    for (const part of parts(kind, state)) stroke(paint, part, { x, y, colours });
  });
  return { atlas: canvas, mapping };
}

function stroke(paint, part, { x, y, colours }) {
  const unit = (CELL - 8) / 24, scale = (part.scale ?? 1) * unit, path = new Path2D(part.path);
  paint.setTransform(scale, 0, 0, scale, x + CELL / 2 - 12 * scale, y + CELL / 2 - 12 * scale);
  paint.lineCap = paint.lineJoin = "round";
  paint.setLineDash(part.dash ?? []);
  if (part.fill) {
    paint.fillStyle = colours.getPropertyValue(`--${part.fill}`);
    paint.fill(path);
  }
  paint.strokeStyle = colours.getPropertyValue(`--${part.stroke}`);
  paint.lineWidth = part.width / (part.scale ?? 1);
  paint.stroke(path);
}
