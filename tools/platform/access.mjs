// Plays Cloudflare Access: a login page for the directory's people, the tokens that it signs, and its public keys.
// The gateway verifies these tokens with the very code that verifies Cloudflare's.
import { createPublicKey, randomUUID } from "node:crypto";
import { SignJWT, calculateJwkThumbprint, exportJWK, importPKCS8, jwtVerify } from "jose";
import { readDirectory } from "./iam.mjs";
import { loginPage } from "./login-page.mjs";

const ALGORITHM = "RS256";
const SESSION_SECONDS = 24 * 3600;
const COOKIE = "CF_Authorization";
const LARGEST_FORM = 8 * 1024;

/** The header in which Access hands its token to what stands behind it. */
export const assertionHeader = "cf-access-jwt-assertion";

/**
 * @typedef {object} Access
 * @property {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse, url: URL) => Promise<boolean>} answer
 *   answers the requests that are Access's own; false for all others
 * @property {(request: import("node:http").IncomingMessage) => string | undefined} assertion the token of the request's cookie
 * @property {(email: string, overrides?: Record<string, unknown>) => Promise<string>} sign
 */

/**
 * @param {{ home: string, keyPem: string, teamDomain: string, audience: string, origins: readonly string[] }} options
 * @returns {Promise<Access>}
 */
export async function openAccess({ home, keyPem, teamDomain, audience, origins }) {
  const privateKey = await importPKCS8(keyPem, ALGORITHM);
  const publicKey = createPublicKey(keyPem);
  const jwk = { ...(await exportJWK(publicKey)), alg: ALGORITHM, use: "sig" };
  const kid = await calculateJwkThumbprint(jwk);
  const keys = { keys: [{ ...jwk, kid }] };
  const hosts = new Set(origins.map((origin) => new URL(origin).host));

  /** @param {string} email @param {Record<string, unknown>} [overrides] claims that differ, for tests of the verification */
  function sign(email, overrides = {}) {
    const now = Math.floor(Date.now() / 1000);
    const claims = { email, type: "app", identity_nonce: randomUUID(), country: "XX", ...overrides };
    return new SignJWT({ iss: teamDomain, aud: [audience], sub: email, iat: now, nbf: now, exp: now + SESSION_SECONDS, ...claims })
      .setProtectedHeader({ alg: ALGORITHM, kid, typ: "JWT" })
      .sign(privateKey);
  }

  /** Who the cookie says is signed in, for the login page only. @param {import("node:http").IncomingMessage} request */
  async function current(request) {
    const token = cookieOf(request);
    if (!token) return undefined;
    try {
      const { payload } = await jwtVerify(token, publicKey, { issuer: teamDomain, audience });
      return typeof payload.email === "string" ? payload.email : undefined;
    } catch {
      return undefined;
    }
  }

  /** @type {Access["answer"]} */
  async function answer(request, response, url) {
    if (!url.pathname.startsWith("/cdn-cgi/access/")) return false;
    if (!hosts.has(request.headers.host ?? "")) {
      fail(response, 403, "host-not-served", `the host \`${request.headers.host ?? ""}\` is not one of this platform's; use ${origins[0]}`);
      return true;
    }
    switch (`${request.method} ${url.pathname}`) {
      case "GET /cdn-cgi/access/certs":
        json(response, 200, keys);
        break;
      case "GET /cdn-cgi/access/login":
        html(response, 200, loginPage(readDirectory(home), { current: await current(request), next: localPath(url.searchParams.get("redirect_url")) }));
        break;
      case "POST /cdn-cgi/access/login":
        await login(request, response);
        break;
      case "GET /cdn-cgi/access/logout":
      case "POST /cdn-cgi/access/logout":
        redirect(response, "/cdn-cgi/access/login", `${COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`);
        break;
      default:
        fail(response, 404, "not-found", "Access serves login, logout and certs here");
    }
    return true;
  }

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
  async function login(request, response) {
    const { origin } = request.headers;
    if (origin && !origins.includes(origin)) {
      return fail(response, 403, "foreign-origin", `a page of \`${origin}\` may not sign anyone in here`);
    }
    const body = await readBody(request);
    if (body === undefined) return fail(response, 413, "too-large", "a login form is smaller than this");
    const asJson = (request.headers["content-type"] ?? "").startsWith("application/json");
    const form = asJson ? fromJson(body) : Object.fromEntries(new URLSearchParams(body));
    const email = typeof form.email === "string" ? form.email.trim().toLowerCase() : "";
    const person = readDirectory(home).people.find((person) => person.email === email);
    if (!person) {
      const known = readDirectory(home).people.map((person) => person.email).join(", ");
      return fail(response, 403, "unknown-person", `\`${email}\` is not in the directory; it has ${known}`);
    }
    if (!person.active) return fail(response, 403, "inactive-person", `\`${email}\` is no longer active in the directory`);
    const cookie = `${COOKIE}=${await sign(email)}; Path=/; Max-Age=${SESSION_SECONDS}; HttpOnly; SameSite=Lax`;
    if (asJson) return json(response, 200, { email, name: person.name, seconds: SESSION_SECONDS }, { "set-cookie": cookie });
    redirect(response, localPath(typeof form.redirect_url === "string" ? form.redirect_url : null), cookie);
  }

  return { answer, assertion: cookieOf, sign };
}

/** @param {import("node:http").IncomingMessage} request */
function cookieOf(request) {
  for (const part of (request.headers.cookie ?? "").split(";")) {
    const [name, value] = part.trim().split("=", 2);
    if (name === COOKIE && value) return value;
  }
  return undefined;
}

/** Where to go after the login; only ever within this site. @param {string | null} path */
function localPath(path) {
  return path && /^\/(?![/\\])[^\u0000-\u001f\\]*$/.test(path) ? path : "/";
}

/** @param {import("node:http").IncomingMessage} request @returns {Promise<string | undefined>} undefined when too large */
async function readBody(request) {
  let body = "";
  for await (const chunk of request) {
    body += chunk;
    if (body.length > LARGEST_FORM) return undefined;
  }
  return body;
}

/** @param {string} body @returns {Record<string, unknown>} */
function fromJson(body) {
  try {
    const value = JSON.parse(body);
    return value instanceof Object ? value : {};
  } catch {
    return {};
  }
}

/** @param {import("node:http").ServerResponse} response @param {number} status @param {string} page */
function html(response, status, page) {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
  });
  response.end(page);
}

/** @param {import("node:http").ServerResponse} response @param {number} status @param {unknown} value @param {Record<string, string>} [headers] */
function json(response, status, value, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers });
  response.end(JSON.stringify(value));
}

/** @param {import("node:http").ServerResponse} response @param {string} location @param {string} cookie */
function redirect(response, location, cookie) {
  response.writeHead(303, { location, "set-cookie": cookie, "cache-control": "no-store" });
  response.end();
}

/** @param {import("node:http").ServerResponse} response @param {number} status @param {string} code @param {string} detail */
export function fail(response, status, code, detail, hint = "") {
  response.writeHead(status, { "content-type": "application/problem+json", "cache-control": "no-store", ...(status === 503 ? { "retry-after": "1" } : {}) });
  response.end(JSON.stringify({ type: "about:blank", title: detail, status, code, detail, hint, next: [] }));
}
