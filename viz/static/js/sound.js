// Two tones for a new critical alarm, made here and not fetched; muted by a button that is remembered.

import { t } from "./text.js";

const KEPT = "linli-sound", TONES_HZ = [880, 660], TONE_S = 0.22;
let context = null, isOn = localStorage.getItem(KEPT) !== "off";

/** Wire the button. A browser lets a page sound only after somebody has touched it. */
export function sound(button) {
  const show = () => {
    button.setAttribute("aria-pressed", String(isOn));
    button.textContent = isOn ? t("Sound on") : t("Sound off");
  };
  button.addEventListener("click", () => {
    isOn = !isOn;
    localStorage.setItem(KEPT, isOn ? "on" : "off");
    show();
    alert();
  });
  for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => { context ??= new AudioContext(); }, { once: true });
  show();
}

/** Sound, where it is not muted; `data-sounded` on the page counts how often. */
export function alert() {
  if (!isOn) return;
  document.documentElement.dataset.sounded = String(Number(document.documentElement.dataset.sounded ?? 0) + 1);
  if (!context) return;
  TONES_HZ.forEach((hertz, nth) => tone(hertz, context.currentTime + nth * TONE_S));
}

function tone(hertz, start) {
  const wave = context.createOscillator(), loudness = context.createGain();
  wave.frequency.value = hertz;
  loudness.gain.setValueAtTime(0.25, start);
  loudness.gain.exponentialRampToValueAtTime(0.001, start + TONE_S);
  wave.connect(loudness).connect(context.destination);
  wave.start(start);
  wave.stop(start + TONE_S);
}
