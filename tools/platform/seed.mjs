// What the demo company has decided before anyone looks: its marts are reviewed and open to analysts, all else waits.
// Everything goes through the public API as the person whose decision it is, and may be repeated.
import { setTimeout as sleep } from "node:timers/promises";
import { callApi, signIn } from "./client.mjs";

const REVIEWED = ["tpch.tiny.*", "lake.dim.*", "lake.seed.*", "lake.fct.*"];
const REASON = "the demo company's marts are open to its analysts";
const UNMASK = { subject: { user: "ana@corp.example" }, class: "email", reason: "Ana answers customers and may see their e-mail addresses" };
const ANALYST = "ana@corp.example";
const PROBE = "SELECT count(*) FROM tpch.tiny.region";
const SCAN_WITHIN_MS = 120_000;
const OPEN_WITHIN_MS = 20_000;

/**
 * @param {string} url
 * @param {(detail: string) => void} progress
 * @returns {Promise<string[]>} what was not found to decide about, each with a reason
 */
export async function seed(url, progress) {
  const as = await sessions(url);
  progress("Skimmer looks at the tables");
  const missing = await scan(as.rui);
  progress("reviews");
  await review(as.rui);
  progress("grants");
  await grant(as.ines);
  progress("the engine hears of it");
  if (missing.length === 0) await untilOpen(url);
  return missing;
}

/** Returns once an analyst's query is let through: decisions take effect within the refresh time. @param {string} url */
async function untilOpen(url) {
  const headers = { cookie: await signIn(url, ANALYST), origin: url };
  const until = Date.now() + OPEN_WITHIN_MS;
  for (;;) {
    /** @type {any} */
    let page = await (await fetch(`${url}/v1/statement`, { method: "POST", body: PROBE, headers })).json();
    while (page.nextUri) page = await (await fetch(page.nextUri, { headers })).json();
    if (!page.error) return;
    if (Date.now() > until) throw new Error(`the marts did not open to ${ANALYST} within ${OPEN_WITHIN_MS / 1000} s: ${page.error.message}`);
    await sleep(200);
  }
}

/** @typedef {(method: string, path: string, body?: unknown) => Promise<any>} Call */

/** @param {string} url @returns {Promise<{ rui: Call, ines: Call }>} */
async function sessions(url) {
  const [rui, ines] = await Promise.all(["rui@corp.example", "ines@corp.example"].map((email) => signIn(url, email)));
  return {
    rui: (method, path, body) => callApi(url, rui, method, path, body),
    ines: (method, path, body) => callApi(url, ines, method, path, body),
  };
}

/**
 * Has Skimmer look at all tables, unless it has already seen those that this decides about.
 * @param {Call} rui
 * @returns {Promise<string[]>} the patterns for which there is no table, and why
 */
async function scan(rui) {
  if ((await unseen(rui)).length === 0) return [];
  const until = Date.now() + SCAN_WITHIN_MS;
  let { id, state, problems = [] } = await rui("POST", "/api/scans", {});
  while (state === "running") {
    if (Date.now() > until) throw new Error(`Skimmer did not finish its scan within ${SCAN_WITHIN_MS / 1000} s`);
    await sleep(300);
    const { scans } = await rui("GET", "/api/scans");
    ({ state, problems = [] } = scans.find((/** @type {{ id: string }} */ scan) => scan.id === id) ?? { state: "failed" });
  }
  const missing = await unseen(rui);
  if (missing.length === 0) return [];
  const reasons = problems.map((/** @type {{ what: string, detail: string }} */ { what, detail }) => `${what}: ${detail}`);
  return [`Skimmer's scan is ${state} and found no table for ${missing.join(", ")}`, ...reasons];
}

/** The patterns for which no table is known yet. @param {Call} rui @returns {Promise<string[]>} */
async function unseen(rui) {
  const { tables } = await rui("GET", "/api/reviews?state=all");
  return REVIEWED.filter((pattern) => !tables.some((/** @type {{ table: string }} */ { table }) => matches(pattern, table)));
}

/** @param {Call} rui */
async function review(rui) {
  const { tables } = await rui("GET", "/api/reviews?state=pending");
  const ours = tables.filter((/** @type {{ table: string }} */ { table }) => REVIEWED.some((pattern) => matches(pattern, table)));
  if (ours.length === 0) return;
  const decisions = ours.map((/** @type {{ table: string }} */ { table }) => ({ table, state: "approved", columns: [], remaining: "clear", note: REASON }));
  await rui("POST", "/api/reviews", { tables: decisions });
}

/** @param {Call} ines */
async function grant(ines) {
  const { grants } = await ines("GET", "/api/grants");
  const has = (/** @type {string} */ table) => grants.some((/** @type {any} */ grant) => grant.table === table && grant.subject?.group === "analysts");
  for (const table of REVIEWED.filter((pattern) => !has(pattern))) {
    await ines("POST", "/api/grants", { subject: { group: "analysts" }, table, privileges: ["select"], reason: REASON });
  }
  const { unmask_grants: unmask } = await ines("GET", "/api/unmask-grants");
  const may = unmask.some((/** @type {any} */ grant) => grant.class === UNMASK.class && grant.subject?.user === UNMASK.subject.user);
  if (!may) await ines("POST", "/api/unmask-grants", UNMASK);
}

/** @param {string} pattern whose `*` stands for one name @param {string} table */
function matches(pattern, table) {
  const [names, parts] = [pattern.split("."), table.split(".")];
  return names.length === parts.length && names.every((name, index) => name === "*" || name === parts[index]);
}
