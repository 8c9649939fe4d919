import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../platform/ports.mjs";
import { groupFile, lingering, readPolicy } from "./document.mjs";
import { parseRelayArguments } from "./main.mjs";
import { startRelay } from "./relay.mjs";

const SECTIONS = ["catalogs", "schemas", "tables", "queries", "impersonation", "principals", "system_information", "system_session_properties", "catalog_session_properties", "functions", "procedures", "authorization"];
const closed = Object.fromEntries(SECTIONS.map((section) => [section, /** @type {unknown} */ ([])]));
const document = (/** @type {object} */ change = {}) => ({ meta: { version: 1, valid_until: "2999-01-01T00:00:00Z" }, groups: {}, trino: closed, ...change });

test("a document that would leave something open, or cannot be said in a group file, is not taken", () => {
  assert.equal(readPolicy(JSON.stringify(document())).version, 1);
  for (const [change, expected] of /** @type {[object, RegExp][]} */ ([
    [{ trino: undefined }, /lacks `catalogs`/],
    [{ trino: { ...closed, tables: undefined } }, /lacks `tables`/],
    [{ trino: { ...closed, queries: null } }, /lacks `queries`/],
    [{ meta: {} }, /is no time/],
    [{ groups: undefined }, /no groups/],
    [{ groups: { "a:b": [] } }, /`a:b`/],
    [{ groups: { a: ["x\ny:z"] } }, /`a`/],
    [{ groups: { a: "b" } }, /no list/],
  ])) {
    assert.throws(() => readPolicy(JSON.stringify(document(change))), expected, JSON.stringify(change));
  }
});

test("only groups that are named by their members outlive the policy", () => {
  const before = { analysts: ["ana"], "c.1": ["ana"], "c.2": ["bo"] };
  assert.deepEqual(lingering(before, { "c.2": ["bo"] }), { "c.1": ["ana"] });
  assert.equal(groupFile({ analysts: ["ana", "bo"], nobody: [], "c.1": ["ana"] }), "analysts:ana,bo\nc.1:ana\n");
});

test("arguments are checked before anything is done", () => {
  const needed = ["--policy-url", "http://127.0.0.1:1/p", "--token-file", "t", "--groups", "g"];
  assert.deepEqual(parseRelayArguments(needed), { policyUrl: "http://127.0.0.1:1/p", tokenFile: "t", groupsPath: "g", host: "127.0.0.1", port: 8791, refreshMs: 1000 });
  assert.equal(parseRelayArguments([...needed, "--listen", "[::1]:9"])?.host, "::1");
  for (const [args, expected] of /** @type {[string[], RegExp][]} */ ([
    [[], /are needed/],
    [[...needed, "--policy-url", "nowhere"], /not a URL/],
    [[...needed, "--listen", "127.0.0.1"], /127\.0\.0\.1:8791/],
    [[...needed, "--refresh", "0"], /between/],
  ])) assert.throws(() => parseRelayArguments(args), expected);
});

/** @type {(() => unknown)[]} */
const undo = [];
after(async () => {
  for (const step of undo.reverse()) await step();
});

test("groups come before rules, the last good document lasts until its end, and then all is closed", async () => {
  /** @type {(request: import("node:http").IncomingMessage) => [number, Record<string, string>, string]} */
  let answer = () => [500, {}, "not yet"];
  const gateway = createServer((request, response) => {
    const [status, headers, body] = answer(request);
    response.writeHead(status, headers).end(body);
  });
  const gatewayPort = await freePort();
  gateway.listen(gatewayPort, "127.0.0.1");
  undo.push(() => gateway.close());
  const folder = mkdtempSync(join(tmpdir(), "townlake-relay-"));
  undo.push(() => rmSync(folder, { recursive: true }));
  const [port, groupsPath] = [await freePort(), join(folder, "groups.txt")];
  /** @type {string[]} */
  const said = [];
  const relay = await startRelay({
    policyUrl: `http://127.0.0.1:${gatewayPort}/internal/policy`, token: () => "secret", groupsPath, host: "127.0.0.1", port,
    refreshMs: 20, groupRefreshMs: 300, say: (message) => said.push(message),
  });
  undo.push(() => relay.stop());
  const served = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    return { status: response.status, text: await response.text() };
  };
  const until = async (/** @type {() => boolean | Promise<boolean>} */ holds) => {
    for (let tries = 0; tries < 200; tries++) {
      if (await holds()) return;
      await sleep(20);
    }
    assert.fail(said.join("\n"));
  };

  await until(() => said.length > 0);
  assert.deepEqual(await served(), { status: 503, text: "no policy yet: the gateway answered 500 not yet" });

  const first = JSON.stringify(document({ groups: { "c.1": ["ana"] } }));
  answer = ({ headers }) => {
    assert.equal(headers.authorization, "Bearer secret");
    return headers["if-none-match"] === '"1"' ? [304, { "x-townlake-valid-until": "2999-01-01T00:00:00Z" }, ""] : [200, { etag: '"1"' }, first];
  };
  await until(async () => (await served()).text === first);
  assert.equal(readFileSync(groupsPath, "utf8"), "c.1:ana\n");

  const second = JSON.stringify(document({ meta: { version: 2, valid_until: "2999-01-01T00:00:00Z" }, groups: { "c.2": ["bo"] } }));
  answer = () => [200, { etag: '"2"' }, second];
  await until(() => readFileSync(groupsPath, "utf8") === "c.1:ana\nc.2:bo\n");
  assert.equal((await served()).text, first, "Trino reads the groups first");
  await until(async () => (await served()).text === second);

  answer = () => [200, {}, "{"];
  await until(() => said.some((message) => message.includes("no news")));
  assert.equal((await served()).text, second, "the last good document");

  answer = () => [200, {}, JSON.stringify(document({ meta: { version: 3, valid_until: new Date(Date.now() + 200).toISOString() } }))];
  await until(() => relay.version() === 3);
  answer = () => [500, {}, ""];
  await until(async () => (await served()).status === 503);
  assert.equal((await served()).text, "the last policy is no longer valid");
});
