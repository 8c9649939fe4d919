// The agent, over MCP with the official clients: it can do what its user can, and no more.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { runAgent } from "./support/clients.mjs";
import { startTestPlatform } from "./support/platform.mjs";

const ANA = "ana@corp.example";
const BO = "bo@corp.example";

/** What the design page shows: find, ask, fetch, chart. */
const SNIPPET = `const datasets = await skipper.search_datasets({query: "billing product revenue"});
const queryId = await skipper.start_query({sql: "SELECT a.region, sum(b.alloc_amount) AS revenue FROM lake.fct.billings_allocated b JOIN lake.dim.accounts a ON a.account_id = b.account_id GROUP BY a.region ORDER BY revenue DESC"});
const results = await skipper.fetch_results({queryId, mode: "inject"});
return skipper.create_chart({chartType: "bar", data: results.rows})`;

/** @type {Awaited<ReturnType<typeof startTestPlatform>>} */
let platform;
/** @type {Record<string, string>} */
const tokens = {};
before(async () => {
  platform = await startTestPlatform();
  for (const user of [ANA, BO]) tokens[user] = await platform.token(user);
});
after(() => platform?.stop());

/** @param {string} user @param {string[]} snippets @param {"auto" | "legacy"} [mode] */
async function execute(user, snippets, mode = "auto") {
  const calls = snippets.map((code) => ({ name: "execute", arguments: { code } }));
  const { tools, results } = await runAgent({ url: `${platform.url}/mcp`, token: tokens[user], mode, calls });
  return { tools, answers: results.map(({ structured, text }) => structured ?? JSON.parse(text[0])) };
}

for (const mode of /** @type {const} */ (["auto", "legacy"])) {
  test(`Ana's snippet ends in a chart (Python client, ${mode})`, async () => {
    const { tools, answers } = await execute(ANA, [SNIPPET], mode);
    assert.deepEqual(tools.sort(), ["execute", "search"]);
    const [answer] = answers;
    assert.equal(answer.ok, true, JSON.stringify(answer));
    const spec = answer.result.spec ?? answer.result;
    assert.match(spec.$schema, /vega-lite\/v6/);
    assert.equal(spec.encoding.x.field, "region");
    assert.equal(spec.encoding.y.field, "revenue");
  });
}

test("the TypeScript client lists two tools and runs the same snippet", async () => {
  const client = new Client({ name: "townlake-tests", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(`${platform.url}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${tokens[ANA]}` } },
  });
  await client.connect(transport);
  try {
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(({ name }) => name).sort(), ["execute", "search"]);
    const result = /** @type {any} */ (await client.callTool({ name: "execute", arguments: { code: SNIPPET } }));
    assert.equal(result.structuredContent?.ok, true, JSON.stringify(result));
  } finally {
    await client.close();
  }
});

test("the same snippet as Bo is refused, with the way out", async () => {
  const [answer] = (await execute(BO, [SNIPPET])).answers;
  assert.equal(answer.ok, false);
  assert.equal(answer.error.kind, "permission", JSON.stringify(answer));
  assert.match(JSON.stringify(answer.error), /analysts/);
  assert.match(JSON.stringify(answer.error), /requests\/new\?table=lake\./);
});

test("what goes wrong in a snippet is told with its own line", async () => {
  const cases = [
    ["const a = 1;\nreturn a +;", "syntax", 2],
    ["const a = 1;\nthrow new Error('mine');", "runtime", 2],
    ["return await skipper.serch_datasets({query: 'x'})", "not_found", 1],
    ["return await skipper.start_query({sql: 'SELEC 1'}).then((queryId) => skipper.fetch_results({queryId}))", "sql", undefined],
  ];
  const { answers } = await execute(ANA, cases.map(([code]) => /** @type {string} */ (code)));
  for (const [index, [code, kind, line]] of cases.entries()) {
    const { ok, error } = answers[index];
    assert.equal(ok, false, /** @type {string} */ (code));
    assert.equal(error.kind, kind, `${code}: ${JSON.stringify(error)}`);
    if (line) assert.equal(error.line, line, `${code}: ${JSON.stringify(error)}`);
  }
});

test("a runaway snippet and a flood are stopped, and others go on", async () => {
  const { answers } = await execute(ANA, [
    "while (true) {}",
    "for (;;) { await Promise.resolve(); }",
    "const f = () => f(); return f();",
    "return 'x'.repeat(5_000_000)",
    "for (let i = 0; i < 5000; i++) console.log('line ' + i); return 1",
    "return (await fetch('https://example.com')).status",
    "return 1 + 1",
  ]);
  const [loop, awaiting, recursion, flood, logs, network, sum] = answers;
  for (const stopped of [loop, awaiting, recursion, network]) assert.equal(stopped.ok, false, JSON.stringify(stopped));
  assert.ok(JSON.stringify(flood).length < 100_000, "the flood is cut");
  assert.ok(flood.truncated || flood.ok === false);
  assert.ok(JSON.stringify(logs).length < 100_000, "the log is cut");
  assert.equal(sum.result, 2);
});

test("a request with wrong headers or no token is refused as the specification says", async () => {
  const meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} };
  const body = { jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: meta } };
  const good = { authorization: `Bearer ${tokens[ANA]}`, "content-type": "application/json", accept: "application/json, text/event-stream", "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list" };
  const post = async (/** @type {Record<string, string>} */ headers, /** @type {unknown} */ sent = body) => {
    const response = await fetch(`${platform.url}/mcp`, { method: "POST", headers, body: JSON.stringify(sent) });
    return { status: response.status, body: await response.text() };
  };
  const { authorization: _, ...anonymous } = good;
  for (const [headers, status, word] of /** @type {[Record<string, string>, number, string][]} */ ([
    [good, 200, "tools"],
    [anonymous, 401, "sign in"],
    [{ ...good, authorization: "Bearer tlp_nobody" }, 401, ""],
    [{ ...good, "mcp-method": "tools/call" }, 400, "-32020"],
    [{ ...good, "mcp-protocol-version": "1999-01-01" }, 400, "-320"],
    [{ ...good, origin: "https://evil.example" }, 403, ""],
  ])) {
    const answer = await post(headers);
    assert.equal(answer.status, status, `${JSON.stringify(headers)}: ${answer.body}`);
    assert.ok(answer.body.includes(word), answer.body);
  }
});
