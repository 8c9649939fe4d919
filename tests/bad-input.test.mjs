// What cannot be right is refused with what, where and what to do next; nothing more is told than the caller may know.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { runSql } from "./support/clients.mjs";
import { startTestPlatform } from "./support/platform.mjs";

const ANA = "ana@corp.example";

/** @type {Awaited<ReturnType<typeof startTestPlatform>>} */
let platform;
/** @type {string} */
let token;
before(async () => {
  platform = await startTestPlatform();
  token = await platform.token(ANA);
});
after(() => platform?.stop());

/** @param {Record<string, string>} headers @param {string} [body] */
async function post(headers, body = "SELECT 1") {
  const response = await fetch(`${platform.url}/v1/statement`, { method: "POST", headers, body });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith("{") ? JSON.parse(text) : undefined };
}
const bearer = (/** @type {string} */ credential) => ({ authorization: `Bearer ${credential}` });

test("statements that are wrong get Trino's error with its place", async () => {
  const cases = /** @type {[string, string, RegExp][]} */ ([
    ["SELEC 1", "SYNTAX_ERROR", /line 1:1/],
    ["SELECT 1 FROM\n  WHERE", "SYNTAX_ERROR", /line 2/],
    ["SELECT 'open", "SYNTAX_ERROR", /line 1/],
    ["SELECT 1; SELECT 2", "SYNTAX_ERROR", /one statement/i],
    ["SELECT nope FROM lake.dim.accounts", "COLUMN_NOT_FOUND", /nope/],
    ["SELECT * FROM lake.dim.acounts", "TABLE_NOT_FOUND", /lake\.dim\.accounts/],
    ["SELECT * FROM nowhere.dim.accounts", "CATALOG_NOT_FOUND", /nowhere/],
    ["SELECT 1 + 'a' FROM lake.dim.accounts", "TYPE_MISMATCH", /./],
    ["SELECT a.*,\n a.account_id, *, 1 + a.region FROM lake.dim.accounts a", "TYPE_MISMATCH", /^line 2:19: /],
    ["SELECT 1 / 0", "DIVISION_BY_ZERO", /./],
    ["DROP TABLE lake.dim.accounts", "", /./],
    ["ALTER TABLE lake.dim.accounts EXECUTE expire_snapshots(retention_threshold => '7d')", "", /./],
    ["CALL lake.system.rollback_to_snapshot('dim', 'accounts', 1)", "", /./],
  ]);
  const answers = await runSql({ url: platform.url, user: ANA, token }, cases.map(([sql]) => sql));
  for (const [index, [sql, name, message]] of cases.entries()) {
    const { error, rows } = answers[index];
    assert.ok(error, `${sql} was answered: ${JSON.stringify(rows)}`);
    if (name) assert.equal(error.name, name, `${sql}: ${error.message}`);
    assert.match(error.message, message, sql);
    assert.doesNotMatch(error.message, /panicked|DataFusion|Arrow error/i, sql);
  }
});

test("deep statements are answered or refused, and overflow no stack on the way", async () => {
  const deep = [
    `SELECT 1${" + 1".repeat(900)}`,
    `SELECT 1${" UNION ALL SELECT 1".repeat(500)}`,
    `SELECT ${"(1 * (2 + ".repeat(40)}1${"))".repeat(40)}`,
    `SELECT ${"abs(".repeat(90)}1${")".repeat(90)}`,
    `SELECT ${"CASE WHEN true THEN ".repeat(60)}1${" END".repeat(60)}`,
    `${"SELECT * FROM (".repeat(60)}SELECT 1 AS a${")".repeat(60)}`,
    `SELECT * FROM ${"((SELECT * FROM ".repeat(40)}(SELECT 1)${") JOIN t ON true)".repeat(40)}`,
    `SELECT 1 WHERE true${" OR 1 = 2".repeat(450)}`,
    `${"SELECT * FROM (".repeat(500)}SELECT 1 AS a${")".repeat(500)}`,
  ];
  const answers = await runSql({ url: platform.url, user: ANA, token }, deep);
  for (const [index, sql] of deep.entries()) {
    const { error, rows } = answers[index];
    assert.ok(rows?.length || error?.name, sql);
    assert.doesNotMatch(error?.message ?? "", /RuntimeError|out of bounds|call stack|HTTP/i, sql);
  }
  const [after] = await runSql({ url: platform.url, user: ANA, token }, ["SELECT 1"]);
  assert.deepEqual(after.rows, [[1]]);
});

test("names that the caller may not see are never suggested", async () => {
  const [bo] = await runSql({ url: platform.url, user: "bo@corp.example", token: await platform.token("bo@corp.example") }, ["SELECT emial FROM postgres.crm.contacts"]);
  assert.ok(bo.error);
  assert.doesNotMatch(bo.error.message, /\bemail\b|\bphone\b/);
});

test("credentials that prove nothing are refused, and say why without repeating them", async () => {
  const day = 86_400;
  const now = Math.floor(Date.now() / 1000);
  const assertion = async (/** @type {Record<string, unknown>} */ claims) => ({ "cf-access-jwt-assertion": await platform.assertion(ANA, claims) });
  const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
  const body = Buffer.from(JSON.stringify({ email: "ines@corp.example", exp: now + day })).toString("base64url");
  for (const [what, headers] of /** @type {[string, Record<string, string>][]} */ ([
    ["no credential", {}],
    ["an unknown token", bearer(`tlp_${"a".repeat(43)}`)],
    ["a token with a changed end", bearer(`${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`)],
    ["a password of nobody", { authorization: `Basic ${Buffer.from("ana@corp.example:secret").toString("base64")}` }],
    ["another's name on the password", { authorization: `Basic ${Buffer.from(`bo@corp.example:${token}`).toString("base64")}` }],
    ["an unsigned assertion", { "cf-access-jwt-assertion": `${none}.${body}.` }],
    ["an expired assertion", await assertion({ exp: now - day, iat: now - 2 * day })],
    ["an assertion for another audience", await assertion({ aud: ["elsewhere"] })],
    ["an assertion of another issuer", await assertion({ iss: "https://evil.example" })],
    ["a carried principal", { "x-townlake-principal": Buffer.from('{"user":"ines@corp.example","groups":["admins"],"kind":"person","via":"access"}').toString("base64url") }],
    ["a user header alone", { "x-trino-user": "ines@corp.example" }],
  ])) {
    const answer = await post(headers);
    assert.equal(answer.status, 401, `${what}: ${answer.status} ${answer.text}`);
    assert.ok(!answer.text.includes(token), what);
  }
});

test("a caller cannot become another by a header", async () => {
  for (const header of ["x-trino-user", "x-trino-original-user"]) {
    const answer = await post({ ...bearer(token), [header]: "ines@corp.example" });
    const refused = answer.status >= 400 || answer.json?.error;
    const passed = answer.json && !answer.json.error;
    if (header === "x-trino-user") assert.ok(refused, answer.text);
    else if (passed) {
      const [who] = await runSql({ url: platform.url, user: ANA, token }, ["SELECT current_user"]);
      assert.deepEqual(who.rows, [[ANA]]);
    }
  }
});

test("a statement that is too long is refused as Trino does", async () => {
  const answer = await post(bearer(token), `SELECT '${"x".repeat(1_000_001)}'`);
  assert.match(answer.text, /QUERY_TEXT_TOO_LARGE|too large|too long/i);
});

test("a page of results is bound to its caller", async () => {
  const first = (await post(bearer(token), "SELECT * FROM tpch.tiny.nation")).json;
  assert.ok(first.nextUri, JSON.stringify(first));
  const bo = await platform.token("bo@corp.example");
  assert.equal((await fetch(first.nextUri)).status, 401, "without a credential");
  assert.ok([403, 404].includes((await fetch(first.nextUri, { headers: bearer(bo) })).status), "as another person");
  const tampered = first.nextUri.replace(/\/t\/(.)/, (/** @type {string} */ _, /** @type {string} */ c) => `/t/${c === "A" ? "B" : "A"}`);
  assert.ok([403, 404].includes((await fetch(tampered, { headers: bearer(token) })).status), "with other claims");
  assert.equal((await fetch(first.nextUri, { headers: bearer(token) })).status, 200, "as the caller");
});

test("a foreign host or a cross-site post by cookie is refused", async () => {
  const cookie = await platform.signIn(ANA);
  const crossSite = await fetch(`${platform.url}/api/tokens`, {
    method: "POST", body: JSON.stringify({ name: "x", hours: 1 }),
    headers: { cookie, origin: "https://evil.example", "content-type": "application/json" },
  });
  assert.equal(crossSite.status, 403);
  const silent = await fetch(`${platform.url}/api/tokens`, { method: "POST", body: JSON.stringify({ name: "x", hours: 1 }), headers: { cookie, "content-type": "application/json" } });
  assert.equal(silent.status, 403);
});

test("the engine cannot be reached around the gateway without its key", async () => {
  const response = await fetch(`${platform.engineUrl}/v1/statement`, { method: "POST", body: "SELECT 1", headers: { "x-trino-user": "ines@corp.example", "x-forwarded-proto": "https" } });
  assert.equal(response.status, 401);
});
