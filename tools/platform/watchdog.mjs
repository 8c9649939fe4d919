// An endless loop in one request freezes the whole local runtime: production's CPU limit does not exist here.
// What does not answer for too long is killed; wrangler starts the runtime again by itself.
import { execFile } from "node:child_process";
import { request } from "node:http";
import { promisify } from "node:util";

const PROBE_EVERY_MS = 1_000;

/**
 * @param {object} options
 * @param {number} options.port where the Workers listen
 * @param {() => number | undefined} options.wranglerPid
 * @param {(message: string) => void} options.onKill
 * @param {number} [options.patienceMs] how long a health check may stay unanswered
 * @returns {{ stop: () => void }}
 */
export function startWatchdog({ port, wranglerPid, onKill, patienceMs = 10_000 }) {
  let stopped = false;
  /** @type {NodeJS.Timeout} */
  let timer;
  async function look() {
    if (!(await answers(port, patienceMs)) && !stopped) {
      const killed = await killRuntime(wranglerPid());
      if (killed > 0) onKill(`the Workers did not answer for ${patienceMs / 1000} s (an endless loop?); their runtime was ended and starts again`);
    }
    if (!stopped) timer = setTimeout(look, PROBE_EVERY_MS);
  }
  timer = setTimeout(look, PROBE_EVERY_MS);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/**
 * Whether the runtime is alive: any answer counts, and so does a refused connection, since then nothing is wedged.
 * @param {number} port
 * @param {number} patienceMs
 * @returns {Promise<boolean>}
 */
function answers(port, patienceMs) {
  return new Promise((resolve) => {
    const probe = request({ host: "127.0.0.1", port, path: "/healthz", agent: false, timeout: patienceMs }, (response) => {
      response.resume();
      resolve(true);
    });
    probe.once("timeout", () => {
      resolve(false);
      probe.destroy();
    });
    probe.once("error", () => resolve(true));
    probe.end();
  });
}

/**
 * Kills the workerd processes that descend from wrangler.
 * @param {number | undefined} wranglerPid
 * @returns {Promise<number>} how many
 */
export async function killRuntime(wranglerPid) {
  if (!wranglerPid) return 0;
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,comm="]);
  const processes = stdout.trim().split("\n").map((line) => {
    const [pid, parent, ...command] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), command: command.join(" ") };
  });
  const family = new Set([wranglerPid]);
  for (let before = -1; before !== family.size; ) {
    before = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  const runtimes = processes.filter(({ pid, command }) => family.has(pid) && /(^|\/)workerd/.test(command));
  for (const { pid } of runtimes) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
  return runtimes.length;
}
