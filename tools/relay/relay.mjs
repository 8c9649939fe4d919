// The policy's way to a Trino. Trino's fetch carries no credential and keeps no last good answer, and its groups come
// from a file: so this fetches with the engine's credential, keeps the last good document for as long as it is valid,
// writes the groups, and serves the rules on the loopback interface.
import { randomBytes } from "node:crypto";
import { chmodSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { groupFile, lingering, momentOf, readPolicy } from "./document.mjs";

const FETCH_WITHIN_MS = 10_000;
/** How long a group stays that the policy no longer has. */
const LINGER_MS = 60_000;

/** @typedef {import("./document.mjs").Policy} Policy */

/**
 * @param {object} options
 * @param {string} options.policyUrl
 * @param {() => string} options.token read anew for each fetch, so that it can be changed
 * @param {string} options.groupsPath the file for Trino's group provider
 * @param {string} options.host
 * @param {number} options.port
 * @param {number} options.refreshMs
 * @param {number} options.groupRefreshMs Trino's own period for the group file: rules come after the groups that they name
 * @param {(message: string) => void} options.say
 */
export async function startRelay({ policyUrl, token, groupsPath, host, port, refreshMs, groupRefreshMs, say }) {
  const stopper = new AbortController();
  /** @type {{ policy: Policy, etag: string | null } | undefined} */
  let fetched;
  /** What Trino is given. @type {Policy | undefined} */
  let served;
  /** @type {Map<string, { members: string[], until: number }>} */
  const old = new Map();
  let trouble = "";

  async function refresh() {
    const headers = { authorization: `Bearer ${token()}`, ...(fetched?.etag ? { "if-none-match": fetched.etag } : {}) };
    const signal = AbortSignal.any([stopper.signal, AbortSignal.timeout(FETCH_WITHIN_MS)]);
    const response = await fetch(policyUrl, { headers, signal, redirect: "error" });
    const text = await response.text();
    if (response.status === 304 && fetched) {
      fetched.policy.validUntil = momentOf(response.headers.get("x-townlake-valid-until"));
      return;
    }
    if (!response.ok) throw new Error(`the gateway answered ${response.status} ${text.slice(0, 300)}`);
    const policy = readPolicy(text);
    await publish(policy);
    fetched = { policy, etag: response.headers.get("etag") };
    say(`version ${policy.version} of the policy`);
  }

  /** Groups first: rules that name a group which Trino has not read yet close what they should open. @param {Policy} policy */
  async function publish(policy) {
    const now = Date.now();
    for (const [group, { until }] of old) if (until < now) old.delete(group);
    for (const [group, members] of Object.entries(lingering(fetched?.policy.groups ?? {}, policy.groups))) old.set(group, { members, until: now + LINGER_MS });
    for (const group of Object.keys(policy.groups)) old.delete(group);
    const kept = Object.fromEntries([...old].map(([group, { members }]) => [group, members]));
    const brings = Object.keys(policy.groups).some((group) => !(group in (fetched?.policy.groups ?? {})));
    writeWhole(groupsPath, groupFile({ ...kept, ...policy.groups }));
    if (brings && served) await sleep(groupRefreshMs, undefined, { signal: stopper.signal });
    served = policy;
  }

  async function keepFresh() {
    while (!stopper.signal.aborted) {
      try {
        await refresh();
        if (trouble) say("the policy is there again");
        trouble = "";
      } catch (error) {
        if (stopper.signal.aborted) return;
        const reason = reasonOf(error);
        if (reason !== trouble) say(`no news of the policy: ${reason}`);
        trouble = reason;
      }
      await sleep(refreshMs, undefined, { signal: stopper.signal }).catch(() => {});
    }
  }

  const server = createServer((request, response) => {
    // Trino refuses every query while it gets no document: closed, with these words in its error.
    const [status, body] = !served ? [503, `no policy yet${trouble ? `: ${trouble}` : ""}`]
      : served.validUntil < Date.now() ? [503, "the last policy is no longer valid"]
      : request.method !== "GET" ? [405, "only GET"]
      : [200, served.text];
    response.writeHead(status, { "content-type": status === 200 ? "application/json" : "text/plain", "cache-control": "no-store" }).end(body);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(undefined));
  });
  const keeping = keepFresh();
  return {
    /** The version that Trino is given. */
    version: () => served?.version,
    async stop() {
      stopper.abort();
      await keeping;
      await new Promise((resolve) => {
        server.close(() => resolve(undefined));
        server.closeAllConnections();
      });
    },
  };
}

/** Node's `fetch failed` hides the reason. @param {unknown} error */
function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? /** @type {NodeJS.ErrnoException} */ (error.cause) : undefined;
  return cause ? `${error.message} (${cause.code ?? cause.message})` : error.message;
}

/** Trino must not read half a file. @param {string} path @param {string} text */
function writeWhole(path, text) {
  const staged = `${path}.${randomBytes(4).toString("hex")}`;
  writeFileSync(staged, text, { mode: 0o640 });
  chmodSync(staged, 0o640);
  renameSync(staged, path);
}
