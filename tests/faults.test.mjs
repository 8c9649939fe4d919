// Each part dies or is disturbed in turn: every answer is right or a clear error, nothing opens, and all of it comes back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { browserOf, runSql } from "./support/clients.mjs";
import { eventually, startTestPlatform } from "./support/platform.mjs";

const ANA = "ana@corp.example";
const MART = "SELECT count(*) FROM lake.dim.accounts";
const CLOSED = "SELECT * FROM postgres.crm.contacts LIMIT 1";
/** Long enough for a restart with backoff on a slow machine. */
const RECOVERY_MS = 60_000;

/** @type {Awaited<ReturnType<typeof startTestPlatform>>} */
let platform;
/** @type {string} */
let token;
/** @type {any} */
let expected;

before(async () => {
  platform = await startTestPlatform({ policyProxy: true });
  token = await platform.token(ANA);
  expected = (await ask(MART)).rows;
  assert.ok(expected, "the platform answers before it is disturbed");
});
after(() => platform?.stop());

/** @param {string} statement @returns {Promise<any>} */
const ask = async (statement) => (await runSql({ url: platform.url, user: ANA, token }, [statement]))[0];

/** Asks both questions until the open one is answered; checks every answer on the way. @param {string} what */
async function recovers(what) {
  const seen = new Set();
  await eventually(async () => {
    const [open, closed] = await runSql({ url: platform.url, user: ANA, token }, [MART, CLOSED]);
    assert.ok(!closed.rows, `${what}: a closed table opened`);
    if (open.rows) assert.deepEqual(open.rows, expected, `${what}: a wrong answer`);
    else {
      assert.ok(open.error.message.length > 10, `${what}: an empty error`);
      seen.add(open.error.message);
    }
    return open;
  }, (open) => !!open.rows, { withinMs: RECOVERY_MS, what: `${what}: an answer` });
  return [...seen];
}

for (const part of /** @type {const} */ (["engine", "runtime", "postgres"])) {
  test(`the ${part} is killed and comes back`, async () => {
    const running = ask("SELECT count(*) FROM tpch.tiny.lineitem a CROSS JOIN tpch.tiny.orders b WHERE a.orderkey + b.orderkey = 17");
    await sleep(700);
    await platform.kill(part);
    const cut = await running;
    assert.ok(cut.rows || cut.error.message.length > 10, JSON.stringify(cut));
    await recovers(part);
  });
}

test("Postgres comes back for its own tables too", async () => {
  const [rui, ines] = await Promise.all(["rui@corp.example", "ines@corp.example"].map((email) => browserOf(platform, email)));
  const table = "postgres.crm.accounts";
  await rui("POST", "/api/reviews", { tables: [{ table, state: "approved", columns: [], remaining: "proposal" }] });
  await ines("POST", "/api/grants", { subject: { group: "analysts" }, table, privileges: ["select"], reason: "faults" });
  const before = await eventually(() => ask(`SELECT count(*) FROM ${table}`), ({ rows }) => !!rows);
  await platform.kill("postgres");
  const errors = new Set();
  const answer = await eventually(async () => {
    const seen = await ask(`SELECT count(*) FROM ${table}`);
    if (seen.error) errors.add(seen.error.message);
    return seen;
  }, ({ rows }) => !!rows, { withinMs: RECOVERY_MS });
  assert.deepEqual(answer.rows, before.rows);
  for (const message of errors) assert.match(message, /postgres/i);
});

for (const fault of /** @type {const} */ (["down", "error", "corrupt", "delay"])) {
  test(`the policy's way to the engine is ${fault}`, async () => {
    const [rui, ines] = await Promise.all(["rui@corp.example", "ines@corp.example"].map((email) => browserOf(platform, email)));
    platform.policyProxy?.set(fault, { delayMs: 15_000 });
    try {
      await sleep(1_500);
      const still = await ask(MART);
      if (still.rows) assert.deepEqual(still.rows, expected);
      assert.ok(!(await ask(CLOSED)).rows, "a closed table opened");
      // What is taken away meanwhile is closed at once by the gateway, though the engine does not hear of it.
      const { grants } = (await ines("GET", "/api/grants")).body;
      const mart = grants.find((/** @type {any} */ { table }) => table === "lake.dim.*");
      await ines("DELETE", `/api/grants/${mart.id}`);
      await eventually(() => ask(MART), ({ error }) => error?.name === "PERMISSION_DENIED", { withinMs: 10_000, what: "the revoke" });
      await ines("POST", "/api/grants", { subject: mart.subject, table: mart.table, privileges: mart.privileges, reason: "given back" });
    } finally {
      platform.policyProxy?.set("ok");
    }
    await recovers(fault);
    void rui;
  });
}

test("no way to the IAM closes everybody, and its return opens", async () => {
  platform.editDirectory((directory) => {
    /** @type {any} */ (directory).groups[0].name = "NOT A NAME";
  });
  await eventually(() => ask(MART), ({ error }) => !!error, { withinMs: 50_000, what: "closing on a directory that cannot be read" });
  platform.editDirectory((directory) => {
    directory.groups[0].name = "analysts";
  });
  await recovers("iam");
});
