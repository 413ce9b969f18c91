// What the planner has asked: one question, the run that answers it, and its two sides. Views subscribe to "sides" and "edits".

import { address, changed } from "../store.js";
import { boot, t } from "../text.js";

export const plan = { service: "", group: "", minutes: null, moment: null, title: "", edits: [], run: null, answer: null, sides: null, problem: "", busy: false };

let asked = 0;

/** Say a word of the planner's vocabulary. */
export const said = (kind, term) => boot.plan[kind]?.[term] ?? String(term);

/** Ask the server; gives {ok, status, body}, and never throws for an answer that is a refusal. */
export async function send(path, body) {
  try {
    const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(path, options);
    const found = await answer.json();
    return { ok: answer.ok, status: answer.status, body: found };
  } catch {
    return { ok: false, status: 0, body: { detail: t("The server does not answer.") } };
  }
}

/** The part of a question that the picker says. */
export const limits = () => ({ ...(plan.minutes ? { minutes: plan.minutes } : {}), ...(plan.moment ? { moment: plan.moment } : {}) });

/** Ask of all services for one walker, with the edits where there are some; keep: put the run in the address. */
export async function compute({ keep = true } = {}) {
  const mine = ++asked;
  busy(true);
  const edits = plan.edits.map((one) => one.edit);
  const common = { groups: [plan.group], ...limits() };
  const found = edits.length ? await send("api/simulate/scenario", { edits, title: plan.title, ...common }) : await send("api/simulate/coverage", { by: "grid", ...common });
  if (mine !== asked) return; // a newer question is on its way
  if (!found.ok || !found.body.answer) return failed(found);
  plan.run = found.body.run;
  plan.answer = found.body.answer;
  if (keep) address.set({ run: plan.run });
  await readSides(mine);
}

/** Read both sides of the present run for the service chosen. */
export async function readSides(mine = ++asked) {
  busy(true);
  const query = new URLSearchParams({ service: plan.service, group: plan.group });
  const found = await send(`api/plan/runs/${plan.run}/sides?${query}`);
  if (mine !== asked) return;
  if (!found.ok) return failed(found);
  plan.sides = found.body;
  plan.problem = "";
  busy(false);
  changed("sides");
}

function failed(found) {
  plan.problem = found.body.detail ?? t("Coverage could not be computed.");
  busy(false);
  changed("sides");
}

function busy(is) {
  plan.busy = is;
  document.getElementById("main").setAttribute("aria-busy", String(is));
}

/** Change the edits, and ask again. */
export function edit(edits) {
  plan.edits = edits;
  changed("edits");
  return compute();
}

/** Take a kept coverage or scenario as the question; gives whether it is one. */
export async function open(run) {
  const q = run.inputs.question;
  if (!["coverage", "scenario"].includes(run.question) || !run.answer) return false;
  plan.group = q.groups?.[0] ?? plan.group;
  plan.minutes = q.minutes ?? null;
  plan.moment = q.moment ?? null;
  plan.title = q.title ?? "";
  plan.run = run.run;
  plan.answer = run.answer;
  plan.edits = (q.edits ?? []).map((one) => ({ edit: one }));
  if (q.services?.length && !q.services.includes(plan.service)) plan.service = q.services[0];
  await readSides();
  if (plan.sides?.run === run.run) plan.edits = plan.sides.edits;
  changed("edits");
  return true;
}

/** Follow a run until it ends: told(run) after every look; gives the run. */
export async function follow(link, told) {
  for (;;) {
    const found = await send(link);
    if (!found.ok) return { state: "failed", reason: found.body.detail };
    told(found.body);
    if (found.body.state !== "running") return found.body;
    await new Promise((go) => setTimeout(go, 400));
  }
}
