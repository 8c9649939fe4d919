// The official clients, each as a person runs it.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "../../tools/paths.mjs";
import { python } from "../../tools/test/python.mjs";

/** A statement over the official Python client ended so. @typedef {{ columns: [string, string][], rows: any[][], query_id: string, error?: undefined }} Answer */
/** @typedef {{ error: { name: string, type: string, message: string }, rows?: undefined, columns?: undefined }} Refusal */

/**
 * @typedef {object} SqlOptions
 * @property {string} url
 * @property {string} [token]
 * @property {string} [user]
 * @property {Record<string, string>} [session]
 * @property {string} [time_zone]
 * @property {string} [verify] the file of the authority that signed the server's certificate
 * @property {boolean} [basic] sends the token as a password
 * @property {string} [catalog]
 * @property {string} [schema]
 */

/**
 * Runs statements over one connection of the official Trino client.
 * @param {SqlOptions} options
 * @param {(string | { sql: string, parameters: unknown[] })[]} statements
 * @returns {Promise<any[]>} an `Answer` or a `Refusal` for each
 */
export const runSql = (options, statements) => runPython("sql.py", { ...options, statements });

/**
 * Lists the tools and calls some of them with the official MCP client for Python.
 * @param {{ url: string, token: string, mode?: "auto" | "legacy", calls: { name: string, arguments: object }[] }} task
 * @returns {Promise<{ tools: string[], results: { error: boolean, text: string[], structured: any }[] }>}
 */
export const runAgent = (task) => runPython("agent.py", task);

/**
 * Runs statements in Postgres itself, then copies rows into tables, all in one transaction.
 * @param {string} url
 * @param {string[]} statements
 * @param {{ table: string, rows: unknown[][] }[]} [copy]
 * @returns {Promise<{ rows: any[][] }>} the last statement's
 */
export const queryPostgres = (url, statements, copy = []) => runPython("postgres.py", { url, statements, copy });

/**
 * @param {string} script in `tests/clients`
 * @param {object} task
 * @returns {Promise<any>}
 */
function runPython(script, task) {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [join(root, "tests", "clients", script)], { stdio: ["pipe", "pipe", "pipe"] });
    let [output, errors] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) return reject(new Error(`${script} ended with code ${code}: ${errors.slice(-2_000)}`));
      resolve(JSON.parse(output));
    });
    child.stdin.end(JSON.stringify(task));
  });
}

/**
 * The public API as a signed-in person's browser calls it. Answers whatever comes, refusals included.
 * @param {{ url: string, signIn: (email: string) => Promise<string> }} platform
 * @param {string} email
 */
export async function browserOf(platform, email) {
  const cookie = await platform.signIn(email);
  return async (/** @type {string} */ method, /** @type {string} */ path, /** @type {unknown} */ body = undefined) => {
    const response = await fetch(`${platform.url}${path}`, {
      method,
      headers: { cookie, origin: platform.url, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  };
}
