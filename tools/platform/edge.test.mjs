import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { request as httpsRequest } from "node:https";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createLocalJWKSet, jwtVerify } from "jose";
import { openAccess } from "./access.mjs";
import { ensureCertificates } from "./certificates.mjs";
import { callApi, signIn } from "./client.mjs";
import { startEdge } from "./edge.mjs";
import { ensureDirectory, readDirectory, directoryFile, startIam } from "./iam.mjs";
import { writeJson } from "./files.mjs";
import { freePort } from "./ports.mjs";
import { openSecrets } from "./secrets.mjs";

const home = mkdtempSync(join(tmpdir(), "townlake-edge-"));
/** @type {{ url: string, tlsPort: number, caFile: string, stop: () => Promise<unknown> }} */
let edge;

before(async () => {
  ensureDirectory(home);
  const port = await freePort();
  const tlsPort = await freePort();
  const upstreamPort = await freePort();
  // Stands where the Workers would: answers with what reached it.
  const upstream = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    if (request.url === "/slow") response.write("first ");
    setTimeout(() => response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body })), request.url === "/slow" ? 300 : 0);
  }).listen(upstreamPort, "127.0.0.1");
  const url = `http://127.0.0.1:${port}`;
  const secrets = openSecrets(home);
  const certificates = await ensureCertificates(home, Date.now());
  const access = await openAccess({ home, keyPem: secrets.value("access-key.pem"), teamDomain: url, audience: "test", origins: [url, `https://localhost:${tlsPort}`] });
  const { stop } = await startEdge({ port, tlsPort, upstreamPort, certificates, access });
  edge = {
    url, tlsPort, caFile: certificates.caFile,
    stop: async () => {
      await stop();
      upstream.closeAllConnections();
      upstream.close();
      rmSync(home, { recursive: true });
    },
  };
});
after(() => edge.stop());

/** @param {Record<string, string>} [headers] @param {string} [path] */
const echo = async (headers = {}, path = "/any?x=1") => /** @type {any} */ (await (await fetch(`${edge.url}${path}`, { headers })).json());

test("a login's cookie becomes the assertion that Access's keys verify", async () => {
  const cookie = await signIn(edge.url, "ana@corp.example");
  const { headers } = await echo({ cookie });
  const keys = /** @type {any} */ (await (await fetch(`${edge.url}/cdn-cgi/access/certs`)).json());
  const { payload } = await jwtVerify(headers["cf-access-jwt-assertion"], createLocalJWKSet(keys), { issuer: edge.url, audience: "test" });
  assert.equal(payload.email, "ana@corp.example");
});

test("what only the edge may say is not taken from a client", async () => {
  const { headers } = await echo({ "cf-access-jwt-assertion": "forged", "x-forwarded-proto": "https", "x-forwarded-host": "evil.example", "x-forwarded-prefix": "/t/x", forwarded: "host=evil.example" });
  assert.equal(headers["cf-access-jwt-assertion"], undefined);
  assert.equal(headers["x-forwarded-prefix"], undefined);
  assert.equal(headers.forwarded, undefined);
  assert.equal(headers["x-forwarded-proto"], "http");
  assert.equal(headers["x-forwarded-host"], new URL(edge.url).host);
});

test("method, path and body pass unchanged", async () => {
  const answer = await callApi(edge.url, "a=b", "POST", "/v1/statement?x=%20", { select: 1 });
  assert.equal(answer.method, "POST");
  assert.equal(answer.url, "/v1/statement?x=%20");
  assert.equal(answer.body, '{"select":1}');
});

test("bytes pass on as they come", async () => {
  const response = await fetch(`${edge.url}/slow`);
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const started = Date.now();
  const { value } = await reader.read();
  assert.equal(Buffer.from(value ?? []).toString(), "first ");
  assert.ok(Date.now() - started < 250, "the first bytes did not wait for the last");
  await reader.cancel();
});

test("TLS is trusted through the local CA, and says so to the Workers", async () => {
  const text = await new Promise((resolve, reject) => {
    httpsRequest({ host: "localhost", port: edge.tlsPort, path: "/", ca: readFileSync(edge.caFile), agent: false }, async (response) => {
      resolve(Buffer.concat(await response.toArray()).toString());
    }).on("error", reject).end();
  });
  assert.equal(JSON.parse(text).headers["x-forwarded-proto"], "https");
});

for (const [what, init, status] of /** @type {[string, RequestInit, number][]} */ ([
  ["a person who is not in the directory", { body: "email=eve@corp.example" }, 403],
  ["a page of another site", { body: "email=ana@corp.example", headers: { origin: "https://evil.example" } }, 403],
  ["no person", { body: "" }, 403],
  ["a flood", { body: `email=${"a".repeat(20_000)}` }, 413],
])) {
  test(`the login refuses ${what}`, async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded", ...init.headers };
    const response = await fetch(`${edge.url}/cdn-cgi/access/login`, { method: "POST", redirect: "manual", ...init, headers });
    assert.equal(response.status, status);
    assert.equal(response.headers.get("set-cookie"), null);
  });
}

for (const [given, expected] of [["/review?x=1", "/review?x=1"], ["//evil.example", "/"], ["https://evil.example", "/"], ["/\\evil.example", "/"]]) {
  test(`after a login to ${given} one is at ${expected}`, async () => {
    const body = new URLSearchParams({ email: "ana@corp.example", redirect_url: given });
    const response = await fetch(`${edge.url}/cdn-cgi/access/login`, { method: "POST", body, redirect: "manual" });
    assert.equal(response.status, 303);
    assert.equal(response.headers.get("location"), expected);
  });
}

test("the login page names the active people and no one else", async () => {
  const directory = readDirectory(home);
  directory.people.push({ email: "old@corp.example", name: "<b>Old</b>", active: false });
  writeJson(directoryFile(home), directory);
  const page = await (await fetch(`${edge.url}/cdn-cgi/access/login`)).text();
  for (const person of ["ana", "bo", "rui", "ines"]) assert.match(page, new RegExp(`${person}@corp\\.example`));
  assert.doesNotMatch(page, /old@corp/);
});

test("the directory answers its credential alone, and 304 when nothing changed", async () => {
  const iam = await startIam({ home, token: "secret", port: await freePort() });
  try {
    assert.equal((await fetch(iam.url)).status, 401);
    const headers = { authorization: "Bearer secret" };
    const first = await fetch(iam.url, { headers });
    assert.equal(first.status, 200);
    const again = { ...headers, "if-none-match": first.headers.get("etag") ?? "" };
    assert.equal((await fetch(iam.url, { headers: again })).status, 304);
    const directory = readDirectory(home);
    directory.groups[0].members = [];
    writeJson(directoryFile(home), directory);
    assert.equal((await fetch(iam.url, { headers: again })).status, 200);
  } finally {
    await iam.stop();
  }
});
