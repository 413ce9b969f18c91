// What a person does to an alarm; the server says who, where somebody has signed in.

import { byId } from "./dom.js";
import { t } from "./text.js";

/** Send an act, and tell whether the server took it; what it refused is said. */
export async function act(path, body) {
  const answer = await fetch(`api/alarms/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ by: t("duty desk"), ...body }) });
  if (!answer.ok) byId("said").textContent = t("Not done: the server refused.");
  return answer.ok;
}

/** Take alarms on: one, or all that are shown. */
export const take = (ids) => (ids.length ? act("acknowledge", { ids }) : Promise.resolve(false));
