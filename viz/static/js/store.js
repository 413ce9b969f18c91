// What the page knows: the board as the server streams it, and what the reader has chosen. Views subscribe by section.
// While the past is shown, the stream goes on filling `live` and touches nothing of `board`.

const listeners = new Map();

export const live = { things: new Map(), losses: new Map(), alarms: new Map(), figures: new Map(), watch: new Map() };
export const board = { ...live };
export const view = { coverage: null, whatIf: null, asking: null, filter: "lift", ahead_ms: 0, at: null };

/** Call `run` after each change of one of the sections. */
export function on(sections, run) {
  for (const section of sections) listeners.set(section, [...(listeners.get(section) ?? []), run]);
}

/** Tell the views that a section changed. */
export function changed(section) {
  for (const run of listeners.get(section) ?? []) run();
}

/** Put the streamed rows into a section: a row of null is gone; a snapshot replaces the section. */
export function merge(section, rows, { whole }) {
  const held = live[section];
  if (whole) held.clear();
  for (const [key, row] of Object.entries(rows)) {
    if (row === null) held.delete(key);
    else held.set(key, row);
  }
  changed(`live ${section}`);
  if (!view.at) changed(section);
}

/** Show the board of a past moment, {section: {key: row}}; null: the present again. */
export function show(at, sections) {
  view.at = at;
  for (const section of Object.keys(live)) {
    board[section] = at ? new Map(Object.entries(sections[section])) : live[section];
  }
  changed("moment");
  for (const section of Object.keys(live)) changed(section);
}

/** The server's present, by the clock difference of the last message. */
export const present = () => new Date(Date.now() + view.ahead_ms);

/** The moment that is shown: the present, or the one that is replayed. */
export const now = () => view.at ?? present();

/** What the address says, so that a change of language keeps the state and a link can be sent. */
export const address = {
  get: (name) => new URLSearchParams(location.search).get(name),
  set(values) {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(values)) {
      if (value === null) query.delete(name);
      else query.set(name, value);
    }
    history.replaceState(null, "", `?${query}`);
    changed("address");
  },
};
