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
 * @param {() => void} options.killAll ends wrangler too, for when its runtime alone was not the trouble
 * @param {(message: string) => void} options.onKill
 * @param {number} [options.patienceMs] how long a health check may stay unanswered
 * @returns {{ stop: () => void }}
 */
export function startWatchdog({ port, wranglerPid, killAll, onKill, patienceMs = 10_000 }) {
  let stopped = false;
  let kills = 0;
  /** @type {NodeJS.Timeout} */
  let timer;
  async function look() {
    const well = await answers(port, patienceMs);
    if (stopped) return;
    if (well) {
      kills = 0;
    } else {
      kills += 1;
      onKill(`the Workers did not answer for ${patienceMs / 1000} s (an endless loop?); they are started again`);
      if (kills > 1 || (await killRuntime(wranglerPid(), port)) === 0) killAll();
    }
    timer = setTimeout(look, PROBE_EVERY_MS);
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
 * Kills the workerd process in which the Workers run. wrangler has a second one, which listens on the port and holds
 * requests back while the first starts again; without it wrangler itself would have to start again.
 * @param {number | undefined} wranglerPid
 * @param {number} port
 * @returns {Promise<number>} how many
 */
export async function killRuntime(wranglerPid, port) {
  if (!wranglerPid) return 0;
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,args="]);
  const processes = stdout.trim().split("\n").map((line) => {
    const [pid, parent, ...command] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), command: command.join(" ") };
  });
  const family = new Set([wranglerPid]);
  for (let before = -1; before !== family.size; ) {
    before = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  const runtimes = processes.filter(({ pid, command }) => family.has(pid) && /^\S*workerd /.test(command) && !command.includes(`127.0.0.1:${port} `));
  for (const { pid } of runtimes) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
  return runtimes.length;
}
