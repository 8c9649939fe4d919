// A person asks, a governed answer comes back: the whole chain with the official Python client.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { browserOf, queryPostgres, runSql } from "./support/clients.mjs";
import { eventually, startTestPlatform } from "./support/platform.mjs";

const ANA = "ana@corp.example";
const BO = "bo@corp.example";
const CONTACTS = "postgres.crm.contacts";

/** @type {Awaited<ReturnType<typeof startTestPlatform>>} */
let platform;
/** @type {Record<string, string>} */
const tokens = {};
/** @param {string} user @param {string[]} statements @param {object} [options] */
const as = (user, statements, options = {}) => runSql({ url: platform.url, user, token: tokens[user], ...options }, statements);
/** @param {string} user @param {string} statement @param {object} [options] */
const one = async (user, statement, options) => (await as(user, [statement], options))[0];

before(async () => {
  platform = await startTestPlatform();
  for (const user of [ANA, BO]) tokens[user] = await platform.token(user);
});
after(() => platform?.stop());

test("Ana asks the marts", async () => {
  const [accounts, types, top] = await as(ANA, [
    "SELECT count(*) FROM lake.dim.accounts",
    "SELECT DISTINCT customer_type FROM lake.dim.accounts ORDER BY 1",
    "SELECT a.account_id, sum(b.alloc_amount) AS revenue FROM lake.fct.billings_allocated b JOIN lake.dim.accounts a ON a.account_id = b.account_id GROUP BY a.account_id ORDER BY revenue DESC LIMIT 100",
  ]);
  assert.ok(accounts.rows?.[0][0] > 100, JSON.stringify(accounts));
  assert.deepEqual(types.rows, [["contract"], ["free"], ["paygo"]]);
  assert.equal(top.rows?.length, 100, JSON.stringify(top.error));
});

test("a table that awaits review is listed, and shows nothing else", async () => {
  const [tables, columns, star, count] = await as(ANA, [
    "SHOW TABLES FROM postgres.crm",
    `DESCRIBE ${CONTACTS}`,
    `SELECT * FROM ${CONTACTS}`,
    `SELECT count(*) FROM ${CONTACTS}`,
  ]);
  assert.deepEqual(tables.rows, [["accounts"], ["contacts"], ["customers"]]);
  assert.deepEqual(columns.rows, []);
  for (const refusal of [star, count]) {
    assert.equal(refusal.error?.name, "PERMISSION_DENIED", JSON.stringify(refusal));
    assert.match(refusal.error.message, /awaits? review/);
    assert.match(refusal.error.message, /reviewers/);
    assert.ok(refusal.error.message.includes(`${platform.url}/requests/new?table=${CONTACTS}`), refusal.error.message);
  }
});

test("Bo is told the smallest group that would do", async () => {
  const refusal = await one(BO, "SELECT * FROM lake.dim.accounts");
  assert.equal(refusal.error?.name, "PERMISSION_DENIED", JSON.stringify(refusal));
  assert.match(refusal.error.message, /analysts/);
  assert.ok(refusal.error.message.includes("/requests/new?table=lake.dim.accounts"), refusal.error.message);
});

test("Skimmer has found what is personal, with evidence", async () => {
  const rui = await browserOf(platform, "rui@corp.example");
  const { tables } = (await rui("GET", "/api/reviews?state=pending")).body;
  const contacts = tables.find((/** @type {any} */ { table }) => table === CONTACTS);
  const found = Object.fromEntries(contacts.columns.map((/** @type {any} */ { name, proposal }) => [name, proposal]));
  for (const [column, wanted] of Object.entries({ email: "email", phone: "phone", full_name: "person_name", signup_ip: "ipv4" })) {
    assert.equal(found[column]?.class, wanted, `${column}: ${JSON.stringify(found[column])}`);
    assert.ok(found[column].evidence.length > 0);
  }
  assert.doesNotMatch(JSON.stringify(contacts), /[a-z]{3,}@[a-z]+\.example/, "evidence repeats no address");
});

test("what Rui approves and Ines grants works within the refresh time", async () => {
  const rui = await browserOf(platform, "rui@corp.example");
  const ines = await browserOf(platform, "ines@corp.example");
  const { tables } = (await rui("GET", "/api/reviews?state=all")).body;
  const { columns } = tables.find((/** @type {any} */ { table }) => table === CONTACTS);
  const pending = "phone";
  const decisions = columns.map((/** @type {any} */ { name }) =>
    name === "email" ? { name, decision: "masked", class: "email" } : { name, decision: name === pending ? "pending" : "clear" });
  const reviewed = await rui("POST", "/api/reviews", { tables: [{ table: CONTACTS, state: "approved", columns: decisions }] });
  assert.equal(reviewed.status, 200, JSON.stringify(reviewed.body));
  const granted = await ines("POST", "/api/grants", { subject: { group: "analysts" }, table: CONTACTS, privileges: ["select"], reason: "support" });
  assert.equal(granted.status, 200, JSON.stringify(granted.body));

  const answer = await eventually(() => one(ANA, `SELECT * FROM ${CONTACTS} LIMIT 5`), (seen) => !seen.error, { withinMs: 5_000 });
  const names = answer.columns.map((/** @type {string[]} */ [name]) => name);
  assert.ok(!names.includes(pending), "a pending column is in no `*`");
  assert.equal(names.length, columns.length - 1);
  const refusal = await one(ANA, `SELECT ${pending} FROM ${CONTACTS}`);
  assert.ok(refusal.error, "a pending column cannot be named");
  const described = await one(ANA, `DESCRIBE ${CONTACTS}`);
  assert.deepEqual(described.rows.map((/** @type {string[]} */ [name]) => name), names);
});

test("a masked value leaves by no way of asking", async () => {
  const raw = (await rawEmails(1))[0];
  const statements = [
    `SELECT email FROM ${CONTACTS}`,
    `SELECT c.email AS remark FROM ${CONTACTS} c`,
    `WITH x AS (SELECT email AS e FROM ${CONTACTS}) SELECT e FROM x`,
    `SELECT a.email FROM ${CONTACTS} a JOIN ${CONTACTS} b ON a.email = b.email`,
    `SELECT max(email) FROM ${CONTACTS}`,
    `SELECT min(upper(email)) FROM ${CONTACTS}`,
    `SELECT email FROM ${CONTACTS} ORDER BY email LIMIT 10`,
    `SELECT array_agg(email) FROM ${CONTACTS}`,
    `SELECT CAST(email AS bigint) FROM ${CONTACTS}`,
    `SELECT email FROM ${CONTACTS} UNION SELECT account_name FROM lake.dim.accounts`,
  ];
  for (const [index, answer] of (await as(ANA, statements)).entries()) {
    const everything = JSON.stringify(answer);
    assert.ok(!everything.includes(raw), `${statements[index]} shows a raw address`);
    assert.doesNotMatch(everything, /"[a-z0-9]+\.[a-z0-9.]+@/i, statements[index]);
    if (!statements[index].includes("bigint")) assert.ok(!answer.error, `${statements[index]}: ${JSON.stringify(answer.error)}`);
  }
  const probed = await one(ANA, `SELECT count(*) FROM ${CONTACTS} WHERE email = '${raw}'`);
  assert.deepEqual(probed.rows, [[0]], "a predicate sees the mask");
});

test("one query joins Postgres, Iceberg and Parquet, and filters where the data is", async () => {
  const rui = await browserOf(platform, "rui@corp.example");
  const ines = await browserOf(platform, "ines@corp.example");
  const TICKETS = "files.support.tickets";
  await rui("POST", "/api/reviews", { tables: [{ table: TICKETS, state: "approved", columns: [], remaining: "proposal" }] });
  await ines("POST", "/api/grants", { subject: { group: "analysts" }, table: TICKETS, privileges: ["select"], reason: "support" });
  const join = `SELECT c.contact_id, a.customer_type, t.ticket_id
    FROM ${CONTACTS} c JOIN lake.dim.accounts a ON a.account_id = c.account_id
    JOIN ${TICKETS} t ON t.account_id = a.account_id
    WHERE c.role = 'billing' AND t.category = 'billing' LIMIT 20`;
  const answer = await eventually(() => one(ANA, join), (seen) => !seen.error, { withinMs: 5_000 });
  assert.ok(answer.rows.length > 0);
  const plan = (await one(ANA, `EXPLAIN ${join}`)).rows.flat().join("\n");
  assert.match(plan, /PostgresScan.*WHERE .*"role" = \$1.*parameters=\["billing"\]/);
  assert.match(plan, /predicate=.*category/);
});

test("a PII session lifts the mask in itself alone, and ends on time in every time zone", async () => {
  const ana = await browserOf(platform, ANA);
  const opened = await ana("POST", "/api/pii-sessions", { classes: ["email"], minutes: 10, reason: "reach the billing contact" });
  assert.equal(opened.status, 200, JSON.stringify(opened.body));
  const session = { pii_session: opened.body.id };
  const statement = `SELECT email FROM ${CONTACTS} ORDER BY contact_id LIMIT 3`;
  const raw = await rawEmails(3);
  assert.deepEqual((await one(ANA, statement, { session })).rows?.flat(), raw);
  const masked = (await one(ANA, statement)).rows.flat();
  for (const [index, value] of masked.entries()) assert.notEqual(value, raw[index]);
  const bo = await one(BO, statement, { session });
  assert.ok(bo.error, "another person's session is of no use");

  const ended = await ana("DELETE", `/api/pii-sessions/${opened.body.id}`);
  assert.equal(ended.status, 200);
  for (const time_zone of ["UTC", "Pacific/Kiritimati", "Pacific/Midway"]) {
    const late = await eventually(() => one(ANA, statement, { session, time_zone }), (seen) => !!seen.error, { withinMs: 5_000 });
    assert.doesNotMatch(JSON.stringify(late), new RegExp(raw[0].replaceAll(".", "[.]")), time_zone);
  }
});

test("SET SESSION opens it too, and the audit has the flip and each query", async () => {
  const ana = await browserOf(platform, ANA);
  const opened = await ana("POST", "/api/pii-sessions", { classes: ["email"], minutes: 1, reason: "SET SESSION" });
  const statement = `SELECT email FROM ${CONTACTS} ORDER BY contact_id LIMIT 1`;
  const [set, lifted, reset, masked] = await as(ANA, [`SET SESSION pii_session = '${opened.body.id}'`, statement, "RESET SESSION pii_session", statement]);
  assert.ok(!set.error && !reset.error, JSON.stringify([set, reset]));
  const raw = await rawEmails(1);
  assert.deepEqual(lifted.rows?.flat(), raw, JSON.stringify(lifted));
  assert.notDeepEqual(masked.rows?.flat(), raw);

  const ines = await browserOf(platform, "ines@corp.example");
  const { events } = await eventually(
    async () => (await ines("GET", "/api/audit?limit=200")).body,
    ({ events }) => events.some((/** @type {any} */ event) => event.kind === "query_completed" && event.query_id === lifted.query_id),
    { what: "the query's completion in the audit" });
  const of = (/** @type {(event: any) => boolean} */ match) => events.filter(match);
  assert.ok(of((event) => event.kind === "pii_session_opened" && event.user === ANA).length >= 2);
  const started = of((event) => event.kind === "query_started" && event.query_id === lifted.query_id)[0];
  assert.equal(started.pii_session, opened.body.id);
  assert.equal(started.user, ANA);
  const [completed] = of((event) => event.kind === "query_completed" && event.query_id === lifted.query_id);
  assert.ok(Date.parse(completed.at) - Date.parse(started.at) > completed.elapsed_ms - 10_000, `${completed.elapsed_ms} ms are longer than the query can have taken`);
  const told = events.map((/** @type {any} */ { statement: _typed, ...event }) => event);
  assert.ok(!JSON.stringify(told).includes(raw[0]), "the log holds no value but those that people typed");
});

test("a large result arrives whole", async () => {
  const all = "tpch.tiny.lineitem l CROSS JOIN (SELECT orderkey FROM tpch.tiny.orders ORDER BY orderkey LIMIT 17) n";
  const [[expected]] = (await one(ANA, `SELECT count(*) FROM ${all}`)).rows;
  const pages = fetchPages(`SELECT l.orderkey, l.partkey FROM ${all}`);
  let rows = 0;
  for (;;) {
    const page = await pages.next();
    assert.ok(!page.error, JSON.stringify(page.error));
    rows += page.data?.length ?? 0;
    if (!page.nextUri) break;
  }
  assert.equal(rows, expected);
});

test("a PII session that nobody ends is over at its time, and with it the query that runs under it", async () => {
  const ana = await browserOf(platform, ANA);
  const opened = await ana("POST", "/api/pii-sessions", { classes: ["email"], minutes: 1, reason: "the shortest that there is" });
  assert.equal(opened.status, 200, JSON.stringify(opened.body));
  const session = { pii_session: opened.body.id };
  const until = Date.parse(opened.body.expires_at);
  const [raw] = await rawEmails(1);

  const slow = fetchPages(`SELECT c.email FROM ${CONTACTS} c CROSS JOIN tpch.tiny.lineitem`, { "x-trino-session": `pii_session=${opened.body.id}` });
  let unmasked = 0;
  let page = await slow.next();
  while (page.nextUri && !page.error) {
    if (JSON.stringify(page.data ?? []).includes(raw)) unmasked += 1;
    assert.ok(Date.now() < until + 10_000, "the query still runs after its session");
    await sleep(250);
    page = await slow.next();
  }
  assert.ok(unmasked > 0, "nothing was shown while the session lasted");
  assert.equal(page.error?.errorName, "PERMISSION_DENIED", JSON.stringify(page.error));
  assert.ok(Date.now() > until - 2_000, "the session was over before its time");
  for (const time_zone of ["UTC", "Pacific/Kiritimati", "Pacific/Midway"]) {
    const late = await one(ANA, `SELECT email FROM ${CONTACTS}`, { session, time_zone });
    assert.ok(late.error, time_zone);
    assert.ok(!JSON.stringify(late).includes(raw), time_zone);
  }
});

test("taken out of her group, Ana is closed within the refresh time, in the middle of a result too", async () => {
  const slow = fetchPages(`SELECT a.l_orderkey FROM (SELECT orderkey AS l_orderkey FROM tpch.tiny.lineitem) a CROSS JOIN tpch.tiny.orders b`);
  const first = await slow.next();
  assert.ok(!first.error, JSON.stringify(first.error));
  platform.editDirectory(({ groups }) => {
    for (const group of groups) group.members = group.members.filter((member) => member !== ANA);
  });
  const refused = await eventually(() => one(ANA, "SELECT count(*) FROM lake.dim.accounts"), (seen) => !!seen.error, { withinMs: 5_000 });
  assert.equal(refused.error.name, "PERMISSION_DENIED");
  let page = first;
  for (let pages = 0; page.nextUri && pages < 200; pages++) {
    page = await slow.next();
    if (page.error) break;
    await sleep(50);
  }
  assert.equal(page.error?.errorName, "PERMISSION_DENIED", "the running query was stopped");
  platform.editDirectory(({ groups }) => groups.find(({ name }) => name === "analysts")?.members.push(ANA));
  await eventually(() => one(ANA, "SELECT count(*) FROM lake.dim.accounts"), (seen) => !seen.error, { withinMs: 5_000 });
});

/** The first addresses, straight from Postgres. @param {number} count @returns {Promise<string[]>} */
async function rawEmails(count) {
  const { rows } = await queryPostgres(platform.postgresUrl ?? "", [`SELECT email FROM crm.contacts ORDER BY contact_id LIMIT ${count}`]);
  return rows.map(([email]) => email);
}

/** Pages of one statement as Ana, one at a time. @param {string} sql @param {Record<string, string>} [more] headers */
function fetchPages(sql, more) {
  const headers = { authorization: `Bearer ${tokens[ANA]}`, "x-trino-user": ANA, ...more };
  /** @type {string | undefined} */
  let next;
  return {
    async next() {
      const response = next
        ? await fetch(next, { headers })
        : await fetch(`${platform.url}/v1/statement`, { method: "POST", body: sql, headers });
      const page = await response.json();
      next = page.nextUri ?? next;
      return page;
    },
  };
}
