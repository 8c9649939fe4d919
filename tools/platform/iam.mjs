// Plays the company's IAM: people and groups from `iam.json`, read anew at every request so that an edit counts at once.
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { join } from "node:path";
import { readJson, readText, writeJson } from "./files.mjs";

/**
 * @typedef {{ email: string, name: string, active: boolean }} Person
 * @typedef {{ name: string, description: string, members: string[] }} Group
 * @typedef {{ people: Person[], groups: Group[] }} Directory
 */

/** The demo company's people, one for each role. @type {Directory} */
export const demoDirectory = {
  people: [
    { email: "ana@corp.example", name: "Ana Almeida", active: true },
    { email: "bo@corp.example", name: "Bo Lindqvist", active: true },
    { email: "rui@corp.example", name: "Rui Tanaka", active: true },
    { email: "ines@corp.example", name: "Ines Moreau", active: true },
  ],
  groups: [
    { name: "analysts", description: "Analysts: read the company's marts", members: ["ana@corp.example"] },
    { name: "engineers", description: "Engineers: build and run the network", members: ["bo@corp.example"] },
    { name: "reviewers", description: "Reviewers: decide what new tables and columns may show", members: ["rui@corp.example"] },
    { name: "admins", description: "Administrators: grant access to groups and people", members: ["ines@corp.example"] },
  ],
};

/** @param {string} home */
export const directoryFile = (home) => join(home, "iam.json");

/** @param {string} home */
export function ensureDirectory(home) {
  if (readText(directoryFile(home)) === undefined) writeJson(directoryFile(home), demoDirectory);
}

/**
 * @param {string} home
 * @returns {Directory}
 */
export function readDirectory(home) {
  const directory = readJson(directoryFile(home));
  if (!Array.isArray(directory?.people) || !Array.isArray(directory?.groups)) {
    throw new Error(`${directoryFile(home)} needs the lists \`people\` and \`groups\``);
  }
  return directory;
}

/**
 * Serves `GET /iam/v1/directory`.
 * @param {{ home: string, token: string, port: number }} options
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function startIam({ home, token, port }) {
  const server = createServer((request, response) => {
    const answer = directoryAnswer(home, token, request);
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  return {
    url: `http://127.0.0.1:${port}/iam/v1/directory`,
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

/**
 * @param {string} home
 * @param {string} token
 * @param {import("node:http").IncomingMessage} request
 * @returns {{ status: number, headers: Record<string, string>, body?: string }}
 */
function directoryAnswer(home, token, request) {
  if (request.url !== "/iam/v1/directory") return problem(404, "there is only GET /iam/v1/directory here");
  if (request.method !== "GET") return problem(405, "the directory can only be read");
  if (!sameText(request.headers.authorization ?? "", `Bearer ${token}`)) return problem(401, "the bearer token is missing or not the directory's");
  let directory;
  try {
    directory = readDirectory(home);
  } catch (error) {
    return problem(500, /** @type {Error} */ (error).message);
  }
  const content = JSON.stringify(directory);
  const version = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const headers = { etag: `"${version}"`, "cache-control": "no-cache" };
  if (request.headers["if-none-match"] === headers.etag) return { status: 304, headers };
  return { status: 200, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify({ version, ...directory }) };
}

/** @param {number} status @param {string} detail */
function problem(status, detail) {
  return { status, headers: { "content-type": "application/problem+json" }, body: JSON.stringify({ type: "about:blank", status, detail }) };
}

/** Compares without telling by the time taken how much was right. @param {string} given @param {string} expected */
export function sameText(given, expected) {
  const digest = (/** @type {string} */ text) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
