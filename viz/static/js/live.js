// One stream of named sections. Every (re)connection begins with the whole board, so nothing missed stays missed.

import { merge, view } from "./store.js";

const SECTIONS = ["things", "losses", "alarms", "figures", "watch"];
const SILENT_MS = 20000; // the server says something every 10 s: longer silence is a dead connection
const RETRY_MS = [500, 1000, 2000, 4000, 8000];

/** Keep the stream open for ever; `told` hears "live" and "lost". */
export function connect(told) {
  let source, heard = 0, tries = 0, timer = 0;
  const open = () => {
    clearTimeout(timer);
    source?.close();
    heard = Date.now();
    source = new EventSource("live");
    for (const section of SECTIONS) source.addEventListener(section, (event) => take(section, event));
    source.addEventListener("tick", (event) => take(null, event));
    source.onerror = lost;
  };
  const take = (section, event) => {
    const message = JSON.parse(event.data);
    heard = Date.now();
    tries = 0;
    view.ahead_ms = message.at_ms - heard;
    told("live");
    if (section) merge(section, message.rows, { whole: message.whole });
  };
  const lost = () => {
    source.close();
    told("lost");
    clearTimeout(timer);
    timer = setTimeout(open, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
  };
  setInterval(() => { if (source.readyState !== EventSource.CLOSED && Date.now() - heard > SILENT_MS) lost(); }, 2000);
  addEventListener("online", open);
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  open();
}
