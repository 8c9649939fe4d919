// What the journeys about clients have decided about TPC-H, the one catalog that every engine has.
import assert from "node:assert/strict";
import { browserOf } from "./clients.mjs";
import { eventually } from "./platform.mjs";

export const ANALYST = "ana@corp.example";

/** Stays unreviewed. */
export const CLOSED = "tpch.tiny.supplier";

/** The first customer's, which TPC-H itself fixes. Masked to analysts. */
export const PHONE = "25-989-741-2988";
export const PHONE_OF_THE_FIRST = "SELECT phone FROM tpch.tiny.customer WHERE custkey = 1";

/** @typedef {{ url: string, signIn: (email: string) => Promise<string> }} Platform */

/**
 * Has Skimmer look at all tables, and waits for the end of it.
 * @param {Platform} platform
 * @returns {Promise<any[]>} what awaits review
 */
export async function scan(platform) {
  const rui = await browserOf(platform, "rui@corp.example");
  const { id } = (await rui("POST", "/api/scans", {})).body;
  const done = await eventually(
    async () => (await rui("GET", "/api/scans")).body.scans.find((/** @type {any} */ scan) => scan.id === id),
    ({ state }) => state !== "running", { withinMs: 180_000, what: "the end of the scan" });
  assert.equal(done.state, "done", JSON.stringify(done));
  return (await rui("GET", "/api/reviews?state=all")).body.tables;
}

/**
 * Opens TPC-H's smallest schema to analysts, except one table and the customers' telephone numbers.
 * @param {Platform} platform
 */
export async function openTpch(platform) {
  const rui = await browserOf(platform, "rui@corp.example");
  const ines = await browserOf(platform, "ines@corp.example");
  const tables = ["customer", "lineitem", "nation", "orders", "region"].map((table) => ({
    table: `tpch.tiny.${table}`, state: "approved", remaining: "clear",
    columns: table === "customer" ? [{ name: "phone", decision: "masked", class: "phone" }] : [],
  }));
  const answers = [
    await rui("POST", "/api/reviews", { tables }),
    await ines("POST", "/api/grants", { subject: { group: "analysts" }, table: "tpch.tiny.*", privileges: ["select"], reason: "clients" }),
    await ines("POST", "/api/unmask-grants", { subject: { user: ANALYST }, class: "phone", reason: "calls customers" }),
  ];
  for (const { status, body } of answers) assert.equal(status, 200, JSON.stringify(body));
}

/** A PII session of the analyst's for telephone numbers. @param {Platform} platform @returns {Promise<string>} its id */
export async function openSession(platform) {
  const ana = await browserOf(platform, ANALYST);
  const { status, body } = await ana("POST", "/api/pii-sessions", { classes: ["phone"], minutes: 10, reason: "call back" });
  assert.equal(status, 200, JSON.stringify(body));
  return body.id;
}
