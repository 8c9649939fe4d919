// A real Trino behind the gateway, in the place of the embedded engine: the same policy, refused and masked by both.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort } from "../tools/platform/ports.mjs";
import { browserOf, runSql } from "./support/clients.mjs";
import { openTpch, scan } from "./support/govern.mjs";
import { testJavaClients } from "./support/java-client-tests.mjs";
import { ensureJavaClients } from "./support/java-clients.mjs";
import { orSkip } from "./support/java.mjs";
import { discardHome, eventually, newTestHome } from "./support/platform.mjs";
import { startTrinoPlatform } from "./support/trino-platform.mjs";
import { ensureTrino, ownLake, startTrino } from "./support/trino.mjs";

const ANA = "ana@corp.example";
const BO = "bo@corp.example";
const CONTACTS = "lake.crm.contacts";
const CLOSED = "lake.crm.payroll";
const RAW = ["ana.lima@client.example", "bo.berg@client.example", "cy.costa@client.example"];
const EMAILS = `SELECT email FROM ${CONTACTS} ORDER BY contact_id`;

/** What the lake holds before anyone governs it. */
const DATA = [
  "CREATE SCHEMA lake.crm",
  `CREATE TABLE ${CONTACTS} AS SELECT * FROM (VALUES
    (BIGINT '1', '${RAW[0]}', 'PT', 'calls on Mondays'), (2, '${RAW[1]}', 'SE', NULL), (3, '${RAW[2]}', 'PT', NULL)) AS t (contact_id, email, country, notes)`,
  `CREATE TABLE ${CLOSED} AS SELECT 1 AS person, DECIMAL '5000.00' AS salary`,
];

const { found: installation, skip } = await orSkip(ensureTrino);
const { found: clients, skip: skipClients } = await orSkip(ensureJavaClients);

/** @typedef {Awaited<ReturnType<typeof startTrinoPlatform>>} Started */
/** @type {Started["platform"]} */
let platform;
/** @type {Started["trino"]} */
let trino;
/** @type {Started["relay"]} */
let relay;
/** @type {Record<string, string>} */
const tokens = {};
/** @type {(() => unknown)[]} */
const undo = [];

before(async () => {
  if (!installation) return;
  const home = newTestHome();
  undo.push(() => discardHome(home));
  const lake = ownLake(join(home, "trino", "lake"));
  const open = await startTrino({ installation, folder: join(home, "trino"), port: await freePort(), catalogs: { lake } });
  try {
    await eventually(() => runSql({ url: open.url, user: "maker" }, ["SELECT count(*) FROM tpch.tiny.region"]), ([{ error }]) => !error, { withinMs: 30_000 });
    for (const answer of await runSql({ url: open.url, user: "maker" }, DATA)) assert.ok(!answer.error, JSON.stringify(answer));
  } finally {
    await open.stop();
  }
  const started = await startTrinoPlatform({ installation, home, catalogs: { lake: [...lake, "iceberg.security=read_only"] } });
  undo.push(() => started.stop());
  ({ platform, trino, relay } = started);
  for (const user of [ANA, BO]) tokens[user] = await platform.token(user);
});
after(async () => {
  for (let step = undo.pop(); step; step = undo.pop()) await step();
});

/** Through the gateway. @param {string} user @param {string} statement @param {object} [options] */
const one = async (user, statement, options = {}) => (await runSql({ url: platform.url, user, token: tokens[user], ...options }, [statement]))[0];

/**
 * Past the gateway, with its key: what Trino itself makes of the policy.
 * @param {string} statement
 * @param {{ original?: string, user: string }} who
 * @returns {Promise<{ rows: any[][], error?: { errorName: string, message: string } }>}
 */
async function direct(statement, { user, original }) {
  const encode = (/** @type {object} */ part) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ sub: "gateway", exp: Math.floor(Date.now() / 1000) + 60 })}`;
  const key = Buffer.from(platform.secrets.value("engine-jwt-key"), "base64");
  const headers = {
    authorization: `Bearer ${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`,
    "x-forwarded-proto": "https", "x-forwarded-host": "trino", "x-trino-user": user, ...(original ? { "x-trino-original-user": original } : {}),
  };
  let response = await fetch(`${trino.url}/v1/statement`, { method: "POST", body: statement, headers });
  const rows = [];
  for (;;) {
    assert.equal(response.status, 200, await response.clone().text());
    const page = /** @type {any} */ (await response.json());
    rows.push(...(page.data ?? []));
    if (page.error || !page.nextUri) return { rows, error: page.error };
    response = await fetch(page.nextUri.replace("https://trino", trino.url), { headers });
  }
}
/** As the gateway asks for Ana. @param {string} statement */
const directAsAna = (statement) => direct(statement, { user: ANA, original: ANA });

test("Skimmer finds Trino's tables, and finds what is personal in them", { skip }, async () => {
  const tables = await scan(platform);
  const contacts = tables.find((/** @type {any} */ { table }) => table === CONTACTS);
  const found = Object.fromEntries(contacts.columns.map((/** @type {any} */ { name, proposal }) => [name, proposal?.class]));
  assert.equal(found.email, "email", JSON.stringify(found));
});

test("what was not reviewed, Trino refuses by itself as the gateway does", { skip }, async () => {
  const refusal = await one(ANA, `SELECT salary FROM ${CLOSED}`);
  assert.equal(refusal.error?.name, "PERMISSION_DENIED", JSON.stringify(refusal));
  assert.match(refusal.error.message, /awaits review/);
  const { rows, error } = await directAsAna(`SELECT salary FROM ${CLOSED}`);
  assert.deepEqual([rows, error?.errorName, error?.message], [[], "PERMISSION_DENIED", `Access Denied: Cannot select from table ${CLOSED}`]);
});

test("what Rui approves and Ines grants answers through Trino, masked by Trino", { skip }, async () => {
  const rui = await browserOf(platform, "rui@corp.example");
  const ines = await browserOf(platform, "ines@corp.example");
  const decision = (/** @type {string} */ name) => ({ name, decision: name === "notes" ? "pending" : name === "email" ? "masked" : "clear", ...(name === "email" ? { class: "email" } : {}) });
  await openTpch(platform);
  const reviewed = await rui("POST", "/api/reviews", { tables: [{ table: CONTACTS, state: "approved", columns: ["contact_id", "email", "country", "notes"].map(decision) }] });
  assert.equal(reviewed.status, 200, JSON.stringify(reviewed.body));
  const granted = await ines("POST", "/api/grants", { subject: { group: "analysts" }, table: CONTACTS, privileges: ["select"], reason: "support" });
  assert.equal(granted.status, 200, JSON.stringify(granted.body));
  const all = await eventually(() => one(ANA, `SELECT * FROM ${CONTACTS} ORDER BY contact_id`), ({ rows }) => rows?.length === 3, { withinMs: 10_000 });
  assert.deepEqual(all.columns.map((/** @type {string[]} */ [name]) => name), ["contact_id", "email", "country"], "a pending column is in no `*`");
  const masked = all.rows.map((/** @type {any[]} */ [, email]) => email);
  for (const [index, email] of masked.entries()) assert.notEqual(email, RAW[index]);
  const past = await directAsAna(EMAILS);
  assert.deepEqual(past.rows.flat(), masked, JSON.stringify(past.error));
  for (const statement of [`SELECT count(*) FROM ${CONTACTS} WHERE email = '${RAW[0]}'`, `SELECT CAST(email AS bigint) FROM ${CONTACTS}`, `SELECT max(email) FROM ${CONTACTS}`]) {
    const told = JSON.stringify([(await one(ANA, statement)), await directAsAna(statement)]);
    assert.ok(!told.replaceAll(JSON.stringify(statement).slice(1, -1), "").includes("ana.lima"), told);
  }
  assert.ok((await one(ANA, `SELECT notes FROM ${CONTACTS}`)).error);
  assert.equal((await directAsAna(`SELECT notes FROM ${CONTACTS}`)).error?.errorName, "PERMISSION_DENIED");
  assert.ok((await one(BO, EMAILS)).error, "Bo is no analyst");
  const join = await one(ANA, `SELECT n.name, count(*) FROM tpch.tiny.customer c JOIN tpch.tiny.nation n ON n.nationkey = c.nationkey GROUP BY n.name ORDER BY n.name LIMIT 2`);
  assert.deepEqual(join.rows?.map((/** @type {string[]} */ [name]) => name), ["ALGERIA", "ARGENTINA"], JSON.stringify(join.error));
});

test("Trino's errors name places of the text that was sent, before its stars were written out", { skip }, async () => {
  const { error } = await one(ANA, `SELECT *,\n contact_id, c.*, 1 + country FROM ${CONTACTS} c`);
  assert.equal(error?.name, "TYPE_MISMATCH");
  assert.match(error.message, /^line 2:21: /);
});

test("a large result comes whole through the gateway", { skip }, async () => {
  const answer = await one(ANA, "SELECT orderkey, partkey, comment FROM tpch.tiny.lineitem");
  assert.equal(answer.rows?.length, 60_175, JSON.stringify(answer.error));
});

test("a PII session shows raw values to its owner alone, and Trino knows no other way into it", { skip }, async () => {
  const ana = await browserOf(platform, ANA);
  const ines = await browserOf(platform, "ines@corp.example");
  const granted = await ines("POST", "/api/unmask-grants", { subject: { user: ANA }, class: "email", reason: "answers customers" });
  assert.equal(granted.status, 200, JSON.stringify(granted.body));
  const opened = await ana("POST", "/api/pii-sessions", { classes: ["email"], minutes: 10, reason: "ticket 7" });
  assert.equal(opened.status, 200, JSON.stringify(opened.body));
  const session = { pii_session: opened.body.id };
  const lifted = await one(ANA, EMAILS, { session });
  assert.deepEqual(lifted.rows?.flat(), RAW, JSON.stringify(lifted.error));
  assert.notDeepEqual((await one(ANA, EMAILS)).rows?.flat(), RAW);
  assert.ok((await one(BO, EMAILS, { session })).error);

  const user = (await one(ANA, "SELECT current_user", { session })).rows.flat()[0];
  assert.match(user, /^ana@corp\.example\+pii\./);
  for (const who of [{ user }, { user, original: BO }, { user: `${ANA}+pii.other`, original: ANA }]) {
    const { rows, error } = await direct(EMAILS, who);
    assert.deepEqual(rows, []);
    assert.match(error?.message ?? "", /cannot impersonate user/, JSON.stringify(who));
  }
  assert.deepEqual((await direct(EMAILS, { user, original: ANA })).rows.flat(), RAW);

  const ended = await ana("DELETE", `/api/pii-sessions/${opened.body.id}`);
  assert.equal(ended.status, 200);
  await eventually(() => one(ANA, EMAILS, { session }), ({ error }) => !!error, { withinMs: 5_000 });
  await eventually(() => direct(EMAILS, { user, original: ANA }), ({ error }) => /cannot impersonate/.test(error?.message ?? ""), { withinMs: 5_000 });
});

test("Trino reports each query to the audit: rows, and which columns were masked", { skip }, async () => {
  const ines = await browserOf(platform, "ines@corp.example");
  const { query_id: id } = await one(ANA, EMAILS);
  const { events } = await eventually(
    async () => (await ines("GET", "/api/audit?limit=200")).body,
    ({ events }) => events.some((/** @type {any} */ event) => event.kind === "query_completed" && event.query_id === id),
    { what: "the query's completion in the audit" });
  const of = (/** @type {string} */ kind) => events.find((/** @type {any} */ event) => event.kind === kind && event.query_id === id);
  assert.equal(of("query_started").user, ANA);
  const completed = of("query_completed");
  assert.equal(completed.user, ANA);
  assert.equal(completed.rows, 3);
  assert.equal(completed.outcome, "succeeded");
  assert.deepEqual(completed.columns.filter((/** @type {any} */ { column }) => column === "email").map((/** @type {any} */ { masked }) => masked), [true], JSON.stringify(completed));
});

test("tables cannot be changed past the policy", { skip }, async () => {
  for (const statement of [`ALTER TABLE ${CONTACTS} EXECUTE optimize`, `ALTER TABLE tpch.tiny.nation EXECUTE optimize`, `DELETE FROM ${CONTACTS}`, `DROP TABLE ${CONTACTS}`]) {
    assert.ok((await one(ANA, statement)).error, statement);
    assert.ok((await directAsAna(statement)).error, statement);
  }
});

testJavaClients({ clients, skip: skip ?? skipClients, platform: () => platform });

test("a revoked grant closes within the refresh time, by the gateway and by Trino itself", { skip }, async () => {
  const ines = await browserOf(platform, "ines@corp.example");
  const { grants } = (await ines("GET", "/api/grants")).body;
  const { id } = grants.find((/** @type {any} */ { table }) => table === CONTACTS);
  const revoked = await ines("DELETE", `/api/grants/${id}`);
  assert.equal(revoked.status, 200);
  const { error } = await eventually(() => directAsAna(EMAILS), (answer) => !!answer.error, { withinMs: 5_000 });
  assert.equal(error?.message, `Access Denied: Cannot select from table ${CONTACTS}`);
  const refused = await eventually(() => one(ANA, EMAILS), (answer) => !!answer.error, { withinMs: 5_000 });
  assert.equal(refused.error.name, "PERMISSION_DENIED");
  assert.match(refused.error.message, /analysts|grant/);
});

test("without its relay Trino is closed, to the gateway's queries too", { skip }, async () => {
  await relay.stop();
  const { error } = await eventually(() => directAsAna("SELECT count(*) FROM tpch.tiny.nation"), (answer) => !!answer.error, { withinMs: 10_000 });
  assert.equal(error?.errorName, "GENERIC_INTERNAL_ERROR");
  const answer = await one(ANA, "SELECT count(*) FROM tpch.tiny.nation");
  assert.ok(answer.error, JSON.stringify(answer));
});
