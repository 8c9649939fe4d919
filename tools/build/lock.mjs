// One holder at a time among processes: `wrangler dev` starts the build of every Worker at once.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 50;
const EMPTY_FOR_LONG_MS = 5_000;

/**
 * Runs `work` while holding the lock file `path`; waits as long as another living process holds it.
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  while (!take(path)) {
    await sleep(PAUSE_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** @param {string} path */
function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
  }
  if (holderIsGone(path)) rmSync(path, { force: true });
  return false;
}

/** A holder that was killed leaves its file behind. @param {string} path */
function holderIsGone(path) {
  try {
    const holder = Number(readFileSync(path, "utf8"));
    // An empty file is a lock in the making, unless its maker died in that very moment.
    if (!holder) return Date.now() - statSync(path).mtimeMs > EMPTY_FOR_LONG_MS;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH";
  }
}
