// `run.json`: what runs in a home, for scripts that need its address and for the next start after a crash.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readJson, writeJson } from "./files.mjs";
import { isAlive, signalGroup } from "./supervisor.mjs";

/**
 * @typedef {object} Run
 * @property {number} supervisor its process id
 * @property {string} [url] where the gateway answers; absent until it does
 * @property {string} [tls_url]
 * @property {string} [ca_file]
 * @property {Record<string, number>} ports
 * @property {Record<string, number>} pids of the process groups that it started
 */

/** @param {string} home */
const runFile = (home) => join(home, "run.json");

/** @param {string} home @returns {Run | undefined} undefined when nothing was started, or it stopped in order */
export const readRun = (home) => readJson(runFile(home));

/** The running platform's, or an error that says what to do. @param {string} home @returns {Run & { url: string }} */
export function runningPlatform(home) {
  const run = readRun(home);
  if (!run || !isAlive(run.supervisor) || !run.url) throw new Error(`no platform runs in ${home}; start it with \`npm start\``);
  return /** @type {Run & { url: string }} */ (run);
}

/**
 * Takes the home for this process. What a killed supervisor left running is ended first.
 * @param {string} home
 * @returns {{ update: (change: Partial<Run>) => void, release: () => void, previousPorts: Record<string, number> }}
 */
export function claimHome(home) {
  mkdirSync(home, { recursive: true });
  const previous = readRun(home);
  if (previous && previous.supervisor !== process.pid && isSupervisor(previous.supervisor)) {
    throw new Error(
      `a platform already runs in ${home}${previous.url ? ` at ${previous.url}` : ""} (process ${previous.supervisor}); ` +
        "stop it first, or start another one with its own TOWNLAKE_HOME, TOWNLAKE_PORT and TOWNLAKE_TLS_PORT",
    );
  }
  for (const pid of Object.values(previous?.pids ?? {})) endLeftover(pid, home);
  /** @type {Run} */
  let run = { supervisor: process.pid, ports: {}, pids: {} };
  writeJson(runFile(home), run);
  let released = false;
  return {
    update(change) {
      if (released) return;
      run = { ...run, ...change };
      writeJson(runFile(home), run);
    },
    release() {
      released = true;
      // The ports are kept: the next start takes the same ones if it can.
      writeJson(join(home, "ports.json"), run.ports);
      rmSync(runFile(home), { force: true });
    },
    previousPorts: previous?.ports ?? readJson(join(home, "ports.json")) ?? {},
  };
}

/** Process ids are used again: another program under the old number is not ours. @param {number} pid */
const isSupervisor = (pid) => isAlive(pid) && commandOf(pid).includes("node");

/** Ends what a killed supervisor left running, and waits until it is gone. @param {number} pid @param {string} home */
function endLeftover(pid, home) {
  const isOurs = () => isAlive(pid) && commandOf(pid).includes(home);
  if (!isOurs()) return;
  signalGroup(pid, "SIGKILL");
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < 50 && isOurs(); tries += 1) Atomics.wait(clock, 0, 0, 100);
}

/** The command line; without its words when the process has ended and waits to be reaped. @param {number} pid */
export function commandOf(pid) {
  try {
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}
