// One home, one lake, one policy, two engines: what the embedded engine answers, a real Trino answers too. A person
// who moves from the one to the other with `--engine-url` finds everything as it was.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freePort } from "../tools/platform/ports.mjs";
import { browserOf, runSql } from "./support/clients.mjs";
import { scan } from "./support/govern.mjs";
import { orSkip } from "./support/java.mjs";
import { discardHome, eventually, newTestHome, startTestPlatform } from "./support/platform.mjs";
import { startTrinoPlatform } from "./support/trino-platform.mjs";
import { ensureTrino, platformLake } from "./support/trino.mjs";

const ANA = "ana@corp.example";
const BO = "bo@corp.example";
const SAMPLES = "lake.edge.request_samples";

const QUESTIONS = [
  "SELECT count(*) FROM lake.dim.accounts",
  "SELECT * FROM lake.dim.accounts ORDER BY account_id LIMIT 20",
  "DESCRIBE lake.dim.accounts",
  "SHOW TABLES FROM lake.edge",
  "SHOW COLUMNS FROM lake.billing.invoices",
  "SELECT customer_type, count(*), min(created_on), max(closed_on), count(DISTINCT country) FROM lake.dim.accounts GROUP BY customer_type ORDER BY 1",
  "SELECT a.region, sum(b.alloc_amount), avg(b.alloc_amount) FROM lake.fct.billings_allocated b JOIN lake.dim.accounts a ON a.account_id = b.account_id GROUP BY 1 ORDER BY 1",
  "SELECT account_id, rank() OVER (PARTITION BY region ORDER BY created_on, account_id) FROM lake.dim.accounts ORDER BY account_id LIMIT 10",
  "SELECT year(created_on), date_trunc('quarter', created_on), created_on + INTERVAL '1' MONTH FROM lake.dim.accounts ORDER BY account_id LIMIT 5",
  `SELECT client_ip, sampled_at, status, path FROM ${SAMPLES} ORDER BY ray_id LIMIT 20`,
  `SELECT * FROM ${SAMPLES} ORDER BY ray_id LIMIT 3`,
  `SELECT count(DISTINCT client_ip), max(client_ip) FROM ${SAMPLES}`,
  `SELECT date_trunc('hour', sampled_at), cache_status, count(*) FROM ${SAMPLES} GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 30`,
  "SELECT returnflag, linestatus, sum(quantity), sum(CAST(extendedprice AS decimal(12,2))), count(*) FROM tpch.tiny.lineitem WHERE shipdate <= DATE '1998-09-02' GROUP BY 1, 2 ORDER BY 1, 2",
  "SELECT o.orderkey, o.orderdate, c.name FROM tpch.tiny.orders o JOIN tpch.tiny.customer c USING (custkey) WHERE o.totalprice > 300000 ORDER BY o.totalprice DESC, o.orderkey LIMIT 10",
  "SELECT 1 / 0",
  "SELECT CAST('x' AS bigint)",
  "SELECT no_such_column FROM lake.dim.accounts",
  "SELECT * FROM lake.dim.no_such_table",
  "SELECT * FROM lake.billing.invoices",
  "SELEC 1",
];

const { found: installation, skip } = await orSkip(ensureTrino);
const home = newTestHome();
const ports = { port: await freePort(), tlsPort: await freePort() };

/** What each engine said. @type {Record<"embedded" | "trino", any[]>} */
const said = { embedded: [], trino: [] };
/** Tables and columns as reviewers saw them. @type {Record<"embedded" | "trino", any[]>} */
const seen = { embedded: [], trino: [] };

/** @typedef {import("./support/govern.mjs").Platform & { token: (email: string) => Promise<string> }} Platform */

/** Reviews and grants beyond the demo's, with a mask and a row filter. @param {Platform} platform */
async function decide(platform) {
  const rui = await browserOf(platform, "rui@corp.example");
  const ines = await browserOf(platform, "ines@corp.example");
  const answers = [
    await rui("POST", "/api/reviews", { tables: [{ table: SAMPLES, state: "approved", columns: [], remaining: "proposal" }] }),
    await ines("POST", "/api/grants", { subject: { group: "analysts" }, table: SAMPLES, privileges: ["select"], reason: "traffic" }),
    await ines("POST", "/api/grants", { subject: { user: BO }, table: "lake.dim.accounts", privileges: ["select"], columns: ["account_id", "region"], row_filter: "region = 'EMEA'", reason: "his region" }),
    await ines("POST", "/api/unmask-grants", { subject: { user: ANA }, class: "ipv4", reason: "finds attackers" }),
  ];
  for (const { status, body } of answers) assert.equal(status, 200, JSON.stringify(body));
}

/** Everything that is compared. @param {Platform & { url: string }} platform */
async function ask(platform) {
  const ana = { url: platform.url, user: ANA, token: await platform.token(ANA) };
  const bo = { url: platform.url, user: BO, token: await platform.token(BO) };
  await eventually(() => runSql(ana, [`SELECT count(*) FROM ${SAMPLES}`, "SELECT count(*) FROM lake.dim.accounts"]), (answers) => answers.every(({ rows }) => rows?.[0][0] > 0));
  const browser = await browserOf(platform, ANA);
  const opened = await browser("POST", "/api/pii-sessions", { classes: ["ipv4"], minutes: 5, reason: "an attack" });
  assert.equal(opened.status, 200, JSON.stringify(opened.body));
  const answers = [
    ...(await runSql(ana, QUESTIONS)),
    ...(await runSql({ ...ana, session: { pii_session: opened.body.id } }, [`SELECT client_ip FROM ${SAMPLES} ORDER BY ray_id LIMIT 20`])),
    ...(await runSql(bo, ["SELECT * FROM lake.dim.accounts ORDER BY account_id", "SELECT country FROM lake.dim.accounts"])),
  ];
  await browser("DELETE", `/api/pii-sessions/${opened.body.id}`);
  return answers.map(({ query_id: _differs, ...answer }) => answer);
}

/** @type {(() => unknown)[]} */
const undo = [() => discardHome(home)];
before(async () => {
  if (!installation) return;
  const embedded = await startTestPlatform({ home, ...ports });
  try {
    await decide(embedded);
    said.embedded = await ask(embedded);
    seen.embedded = (await (await browserOf(embedded, "rui@corp.example"))("GET", "/api/reviews?state=all")).body.tables;
  } finally {
    await embedded.stop();
  }
  const { platform, stop } = await startTrinoPlatform({
    installation, home, platform: { ...ports, demo: true },
    catalogs: { lake: [...platformLake(home), "iceberg.security=read_only"] },
  });
  undo.push(stop);
  said.trino = await ask(platform);
  seen.trino = await scan(platform);
});
after(async () => {
  for (let step = undo.pop(); step; step = undo.pop()) await step();
});

const asked = [...QUESTIONS, "raw addresses in a PII session", "Bo's rows by his filter", "a column that Bo was not granted"];
for (const [index, question] of asked.entries()) {
  test(`both answer alike: ${question}`, { skip }, () => {
    assert.ok(said.embedded[index]);
    assert.deepEqual(said.trino[index], said.embedded[index]);
  });
}

test("a scan through Trino finds the tables and types that were reviewed", { skip }, () => {
  const reviewed = (/** @type {any[]} */ tables) => tables
    .filter(({ table }) => /^(lake\.(dim|fct|seed|edge)|tpch\.tiny)\./.test(table))
    .map(({ table, state, columns }) => ({ table, state, columns: columns.map((/** @type {any} */ { name, type, decision }) => ({ name, type, decision })) }));
  assert.ok(seen.embedded.length > 0);
  assert.deepEqual(reviewed(seen.trino), reviewed(seen.embedded));
});
