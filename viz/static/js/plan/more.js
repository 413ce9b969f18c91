// The other questions: room, failures, hours without service, shelters, breaks of the step-free way. One form each, one kind of answer.

import { byId, el } from "../dom.js";
import { address } from "../store.js";
import { boot, number, t, word } from "../text.js";
import { follow, limits, plan, said, send } from "./state.js";
import { results, share } from "./tables.js";

const hooks = {};
let name = "failures";

const SERVICES = { name: "services", type: "service" };
const GROUPS = { name: "groups", type: "group" };
/** The fields of each question: type and what stands in it; what is left empty is not said. */
const FIELDS = {
  failures: [{ name: "kinds", type: "choice", of: () => [["lift", t("public lifts")], ["building_lift", t("lifts in buildings")], ["gate", t("gates")], ["facility", t("facilities")]], many: true, text: () => t("What may fail") },
    { name: "pairs", type: "flag", text: () => t("two together") }, { name: "repairs", type: "flag", text: () => t("or: what is out now, by what its repair gives back") }],
  capacity: [SERVICES, GROUPS, { name: "measure", type: "choice", of: () => Object.entries(boot.plan.measure), text: () => t("What is counted") }, { name: "each", type: "number", min: 0.1, max: 1000, value: 1, text: () => t("One person takes") },
    { name: "decay", type: "choice", of: () => Object.entries(boot.plan.decay), text: () => t("Distance counts") }],
  outages: [SERVICES, GROUPS, { name: "years", type: "number", min: 2, max: 10000, value: 20, text: () => t("Years drawn") }, { name: "days", type: "number", min: 1, max: 3660, value: 365, text: () => t("Days of history") },
    { name: "second", type: "number", min: 0, max: 20, value: 1, text: () => t("Try a second lift beside so many") }, { name: "walk_ups", type: "number", min: 0, max: 20, value: 3, text: () => t("Try a lift in so many houses without one") }],
  shelters: [{ ...SERVICES, value: "school" }, { name: "measure", type: "choice", of: () => Object.entries(boot.plan.measure), text: () => t("What is counted") }, { name: "each", type: "number", min: 0.1, max: 100, value: 1, text: () => t("One person takes") },
    { name: "minutes", type: "number", min: 1, max: 180, value: 60, text: () => t("Walk at most, min") }, { name: "lifts", type: "flag", text: () => t("lifts may be used") }],
  audit: [SERVICES, { name: "mends", type: "number", min: 0, max: 5, value: 2, text: () => t("How many mends") }, { name: "budget", type: "number", min: 0, value: "", text: () => t("Budget") }],
};

export function more(given) {
  Object.assign(hooks, given);
  const choice = el("select", { onchange: () => { name = choice.value; form(); } }, ...Object.keys(FIELDS).map((value) => el("option", { value }, said("question", value))));
  byId("more").replaceChildren(el("h2", {}, t("More questions")), el("label", { className: "filter" }, t("Question"), choice), el("form", { id: "more-form", className: "site-form" }), el("div", { id: "more-answer" }));
  hooks.choice = choice;
  form();
}

function form() {
  const made = FIELDS[name].map(field);
  const node = byId("more-form");
  node.replaceChildren(...made.map((one) => one.node), el("div", { className: "ask-row" }, el("button", { type: "submit", className: "main-act" }, t("Ask"))));
  node.onsubmit = (event) => {
    event.preventDefault();
    ask(Object.fromEntries(made.map((one) => [one.name, one.read()]).filter(([, value]) => value !== undefined)));
  };
}

function field(spec) {
  const { type } = spec, label = spec.text?.();
  if (type === "flag") {
    const box = el("input", { type: "checkbox" });
    return { name: spec.name, node: el("label", { className: "flag" }, box, label), read: () => box.checked || undefined };
  }
  if (type === "number") {
    const input = el("input", { type: "number", min: spec.min, max: spec.max, step: "any", value: spec.value });
    return { name: spec.name, node: el("label", { className: "field" }, label, input), read: () => (input.value === "" ? undefined : Number(input.value)) };
  }
  if (type === "choice") {
    const select = el("select", {}, ...spec.of().map(([value, text]) => el("option", { value }, text)));
    return { name: spec.name, node: el("label", { className: "field" }, label, select), read: () => (spec.many ? [select.value] : select.value) };
  }
  const words = boot.words[type], start = spec.value ?? plan[type];
  const select = el("select", {}, el("option", { value: "" }, t("all")), ...Object.entries(words).map(([value, text]) => el("option", { value, selected: value === start }, text)));
  return { name: spec.name, node: el("label", { className: "field" }, type === "service" ? t("Service") : t("Walker"), select), read: () => (select.value ? [select.value] : undefined) };
}

async function ask(question) {
  const state = el("p", { className: "progress", role: "status" }, t("Counting…")), stop = el("button", { type: "button", hidden: true }, t("Stop"));
  byId("more-answer").replaceChildren(el("div", { className: "searching" }, state, stop));
  const within = ["capacity", "outages"].includes(name) ? { ...(limits().minutes ? { minutes: plan.minutes } : {}) } : {};
  const begun = await send(`api/simulate/${name}`, { ...within, ...question });
  if (!begun.ok) {
    state.textContent = begun.body.detail;
    return;
  }
  const link = begun.body.link.slice(1);
  stop.hidden = begun.body.state !== "running";
  stop.onclick = () => { stop.disabled = true; send(`${link}/stop`, {}); };
  const ended = await follow(link, (now) => { if (now.progress?.total) state.textContent = t("{done} of {total}", { done: number(now.progress.done), total: number(now.progress.total) }); });
  stop.hidden = true;
  if (!ended.answer) {
    state.textContent = ended.reason ?? said("state", ended.state);
    return;
  }
  await reopen(ended);
}

/** Show a kept answer. */
export async function reopen(run) {
  name = run.question;
  if (hooks.choice.value !== name) {
    hooks.choice.value = name;
    form();
  }
  address.set({ run: run.run });
  const tables = el("div");
  byId("more-answer").replaceChildren(el("h3", { role: "status" }, head(run)), share(run.run), tables);
  await results(tables, run.run, { show: hooks.show });
}

/** What the answer says in one sentence. */
function head({ question, answer }) {
  if (question === "failures") return answer.repairs ? t("{n} repairs tried, {m} give somebody a service back", { n: number(answer.tried), m: number(answer.matter) }) : t("{n} failures tried, {m} cost somebody a service", { n: number(answer.tried), m: number(answer.matter) });
  if (question === "shelters") return t("{taken} of {all} find room, {left} do not", { taken: number(answer.taken), all: number(answer.everyone), left: number(answer.left) });
  if (question === "outages") return t("{n} years drawn of {lifts} lifts, {assumed} of them without a history of their own", { n: number(answer.years), lifts: number(answer.lifts.length), assumed: number(answer.without_history) });
  if (question === "audit") return t("{n} breaks of the step-free way", { n: number(answer.broken) });
  return t("Room for {who}", { who: answer.capacity.length === 1 ? word("group", answer.capacity[0].group) : t("all") });
}
