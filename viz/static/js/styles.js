// The fixed catalogue of functions that viz/scene.py may name. A test holds the names of both against each other.

/** Share covered by id, 0..1, filled by the coverage answer; `marks` says why a building is outlined. */
export const shares = { grids: new Map(), buildings: new Map() };
export const marks = new Map();

/** A feature's id in the twin: of a vector tile it comes among the properties. */
export const idOf = (feature) => feature.id ?? feature.properties.id;

const STEPS = [0.5, 0.7, 0.85, 0.95]; // the same bounds as in the legend
export const step = (share) => STEPS.filter((bound) => share >= bound).length;

export const functions = {
  field: ({ key }) => (row) => row[key],
  colourByClass: ({ colours, otherwise }) => (feature) => colours[feature.properties.class] ?? otherwise,
  widthByClass: ({ widths, otherwise, more }) => (feature) => {
    const width = widths[feature.properties.class];
    return width === undefined ? otherwise : width + more;
  },
  covered: ({ of, ramp, otherwise }) => (feature) => {
    const share = shares[of].get(idOf(feature));
    return share === undefined || share === null ? otherwise : ramp[step(share)];
  },
  highlight: ({ colours, alpha }) => (feature) => {
    const mark = marks.get(feature.id) ?? "certain";
    return [...colours[mark], mark === "possible" && alpha < 255 ? 30 : alpha];
  },
  highlightDash: ({ dashes }) => (feature) => dashes[marks.get(feature.id) ?? "certain"],
};
