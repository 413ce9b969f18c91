// Reads a summary aloud: by the browser's own voice for the page's language, else by a sound from the server.

import { boot, t } from "./text.js";

const VOICES_MS = 400; // some browsers know their voices only after a moment

/** Make a button read what `query` (such as "now" or "audit", with its parameters) tells; a second press stops it. */
export function aloud(button, query) {
  let stop = null;
  const end = () => {
    stop = null;
    button.setAttribute("aria-pressed", "false");
    button.textContent = t("Read aloud");
  };
  button.onclick = async () => {
    if (stop) return stop();
    button.setAttribute("aria-pressed", "true");
    button.textContent = t("Stop reading");
    const { about, ...more } = query(), parameters = new URLSearchParams({ lang: boot.lang, ...more });
    const found = await voice();
    stop = found ? speak(found, await sentences(about, parameters), end) : play(`api/spoken/${about}/wav?${parameters}`, end);
  };
}

async function sentences(about, parameters) {
  const answer = await fetch(`api/spoken/${about}/text?${parameters}`);
  return answer.ok ? (await answer.json()).sentences : [];
}

/** The browser's voice for the page's language, or null: Debian's Chromium has none at all. */
async function voice() {
  const speech = globalThis.speechSynthesis;
  if (!speech) return null;
  if (!speech.getVoices().length) await new Promise((done) => { speech.addEventListener("voiceschanged", done, { once: true }); setTimeout(done, VOICES_MS); });
  return speech.getVoices().find((one) => one.localService && one.lang.toLowerCase().startsWith(boot.lang)) ?? null;
}

function speak(own, texts, end) {
  const utterances = texts.map((text) => Object.assign(new SpeechSynthesisUtterance(text), { voice: own, lang: own.lang }));
  if (!utterances.length) return end();
  utterances.at(-1).onend = end;
  for (const one of utterances) speechSynthesis.speak(one);
  return () => { speechSynthesis.cancel(); end(); };
}

function play(address, end) {
  const sound = new Audio(address);
  sound.onended = end;
  sound.onerror = end;
  sound.play().catch(end);
  return () => { sound.pause(); end(); };
}
