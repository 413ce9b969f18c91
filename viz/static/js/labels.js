// Street names from the street lines: the longest piece of each street carries its name, turned along it.

const SIZE = { primary: 14, trunk: 14, secondary: 13, tertiary: 13 };
const PRIORITY = { trunk: 90, primary: 80, secondary: 70, tertiary: 60, residential: 40, pedestrian: 40 };
const CARRY = new Set(["trunk", "primary", "secondary", "tertiary", "residential", "unclassified", "living_street", "pedestrian"]);
const CJK = /[\u3400-\u9fff]/;
const STEEP_DEGREES = 55;

/** Give {position, text, angle, size, priority} for deck.gl's TextLayer, one a named street. */
export function streetNames(collection) {
  const longest = new Map();
  for (const { geometry, properties } of collection.features) {
    if (!properties.name || !CARRY.has(properties.class)) continue;
    const lines = geometry.type === "LineString" ? [geometry.coordinates] : geometry.type === "MultiLineString" ? geometry.coordinates : [];
    for (const line of lines) {
      const length = lengthOf(line), held = longest.get(properties.name);
      if (!held || held.length < length) longest.set(properties.name, { line, length, class: properties.class });
    }
  }
  return [...longest].map(([name, street]) => label(name, street));
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

function label(name, street) {
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
  return {
    position: [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part],
    text: upright ? [...name].join("\n") : name,
    angle: upright ? 0 : angle,
    size: SIZE[street.class] ?? 12,
    priority: (PRIORITY[street.class] ?? 20) + Math.min(9, street.length * 1000),
  };
}
