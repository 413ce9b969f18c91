// Three columns, two or one by the width in letters, not in pixels: large text gets the room it needs.

const WIDE_REM = 78, SIDE_REM = 52;
const root = document.documentElement;

/** Keep data-layout of the page at "wide", "side" or "stack"; `changed` hears each change. Gives what to call after a change of text size. */
export function watchWidth(changed = () => {}) {
  const fit = () => {
    const rem = innerWidth / parseFloat(getComputedStyle(root).fontSize);
    const next = rem >= WIDE_REM ? "wide" : rem >= SIDE_REM ? "side" : "stack";
    if (root.dataset.layout === next) return;
    root.dataset.layout = next;
    changed(next);
  };
  addEventListener("resize", fit);
  fit();
  return fit;
}
