// Street names from the street lines: the longest piece of each street carries its name, turned along it, where it fits.

const SIZE = { primary: 14, trunk: 14, secondary: 13, tertiary: 13 };
const PRIORITY = { trunk: 90, primary: 80, secondary: 70, tertiary: 60, residential: 40, pedestrian: 40 };
const CARRY = new Set(["trunk", "primary", "secondary", "tertiary", "residential", "unclassified", "living_street", "pedestrian"]);
const CJK = /[\u3400-\u9fff]/;
const STEEP_DEGREES = 55;

const FONT = "'Noto Sans','Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif"; // as in viz/layers/names.py
const GAP = 6; // pixels between two names
const TILE = 512; // deck.gl's world is 512 pixels wide at zoom 0
const REPEATS = 6; // pieces of one street that may carry its name
const APART = 420; // pixels between two of the same name
const OVERHANG = 1.15; // a name may be that much longer than its street

/** Give candidates, the best place of each street first: {name, position, text, angle, size, priority, length_deg, width}. */
export function streetNames(collection) {
  const streets = new Map();
  for (const { geometry, properties } of collection.features) {
    if (!properties.name || !CARRY.has(properties.class)) continue;
    const lines = geometry.type === "LineString" ? [geometry.coordinates] : geometry.type === "MultiLineString" ? geometry.coordinates : [];
    const held = streets.get(properties.name) ?? [];
    streets.set(properties.name, [...held, ...lines.map((line) => ({ line, length: lengthOf(line), class: properties.class }))]);
  }
  const pen = document.createElement("canvas").getContext("2d"), found = [];
  for (const [name, pieces] of streets) {
    pieces.sort((a, b) => b.length - a.length);
    const whole = pieces.reduce((sum, piece) => sum + piece.length, 0);
    pieces.slice(0, REPEATS).forEach((piece, i) => found.push(label(name, { ...piece, whole: i ? piece.length : whole }, pen)));
  }
  return found.sort((a, b) => b.priority - a.priority);
}

/** Choose the names that fit at a zoom: the more important first, none over another, none longer than its street. */
export function fitting(candidates, zoom) {
  const scale = (TILE * 2 ** zoom) / 360, taken = new Map(), shown = [], named = new Map();
  for (const name of candidates) {
    if (name.length_deg * scale * OVERHANG < name.width) continue;
    const discs = discsOf(name, scale), middle = discs[discs.length >> 1], same = named.get(name.name) ?? [];
    if (same.some((other) => Math.hypot(other.x - middle.x, other.y - middle.y) < APART)) continue;
    if (discs.some((disc) => touches(taken, disc))) continue;
    for (const disc of discs) keep(taken, disc);
    named.set(name.name, [...same, middle]);
    shown.push(name);
  }
  return shown;
}

/** Cover a name with discs along its line, in pixels at this scale. */
function discsOf(name, scale) {
  const [x, y] = [name.position[0] * scale, mercator(name.position[1]) * scale];
  const turn = (name.angle * Math.PI) / 180, r = name.size / 2 + GAP, steps = Math.max(1, Math.ceil(name.width / name.size));
  return Array.from({ length: steps + 1 }, (_, i) => {
    const along = (i / steps - 0.5) * name.width;
    return name.upright ? { x, y: y + along, r } : { x: x + along * Math.cos(turn), y: y + along * Math.sin(turn), r };
  });
}

const mercator = (lat) => (Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) * 180) / Math.PI;
const CELL = 48;
const cells = ({ x, y }) => [Math.floor(x / CELL), Math.floor(y / CELL)];

function touches(taken, disc) {
  const [cx, cy] = cells(disc);
  for (let i = cx - 1; i <= cx + 1; i++) for (let j = cy - 1; j <= cy + 1; j++) {
    if (taken.get(`${i},${j}`)?.some((other) => Math.hypot(other.x - disc.x, other.y - disc.y) < other.r + disc.r - GAP)) return true;
  }
  return false;
}

function keep(taken, disc) {
  const key = cells(disc).join(",");
  taken.set(key, [...(taken.get(key) ?? []), disc]);
}

const flat = ([lon, lat]) => [lon * Math.cos((lat * Math.PI) / 180), lat];

function lengthOf(line) {
  let sum = 0;
  for (let i = 1; i < line.length; i++) {
    const [x, y] = flat(line[i]), [u, v] = flat(line[i - 1]);
    sum += Math.hypot(x - u, y - v);
  }
  return sum;
}

function label(name, street, pen) {
  let left = street.length / 2, i = 1;
  for (; i < street.line.length - 1; i++) {
    const piece = lengthOf([street.line[i - 1], street.line[i]]);
    if (left <= piece) break;
    left -= piece;
  }
  const [a, b] = [street.line[i - 1], street.line[i]], part = Math.min(1, left / (lengthOf([a, b]) || 1));
  const [ax, ay] = flat(a), [bx, by] = flat(b);
  let angle = (Math.atan2(by - ay, bx - ax) * 180) / Math.PI;
  if (angle > 90) angle -= 180;
  if (angle < -90) angle += 180;
  const upright = CJK.test(name) && Math.abs(angle) > STEEP_DEGREES; // characters stand, they do not lie on their side
  const size = SIZE[street.class] ?? 12;
  pen.font = `500 ${size}px ${FONT}`;
  return {
    name,
    position: [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part],
    text: upright ? [...name].join("\n") : name,
    angle: upright ? 0 : angle,
    size,
    upright,
    width: upright ? size * 1.1 * [...name].length : pen.measureText(name).width,
    length_deg: street.whole,
    priority: (PRIORITY[street.class] ?? 20) + Math.min(9, street.whole * 1000),
  };
}
