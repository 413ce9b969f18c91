// Asks for the audit and waits for it: the question runs on at the server, its answer is kept under a link.

const WAIT_MS = 500;

/** Ask, tell of the progress, and give {run, answer}; throws with the server's line where it fails. */
export async function audit(told) {
  const begun = await answered(await fetch("api/simulate/audit", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ mends: 3, most: 1000 }) }));
  let found = begun;
  while (found.state === "running") {
    await new Promise((done) => setTimeout(done, WAIT_MS));
    found = await answered(await fetch(`api/runs/${begun.run}`));
    told(found.progress);
  }
  if (!found.answer) throw new Error(found.reason ?? found.state);
  return found;
}

/** Read a JSON answer; throws with its line where it is a refusal. */
export async function answered(response) {
  const body = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new Error(body?.detail ?? `${response.status}`);
  return body;
}
