// The whole platform for a test file: real Workers, engine, Postgres and clients, in a home of its own on free ports.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../tools/platform/ports.mjs";
import { writeJson } from "../../tools/platform/files.mjs";
import { startPlatform } from "../../tools/platform/platform.mjs";
import { quietReport } from "../../tools/platform/report.mjs";

/** 200 accounts: enough to answer every question of the journeys. */
const SMALL = 0.1;

/** A new folder for a platform of a test. */
export const newTestHome = () => mkdtempSync(join(tmpdir(), "townlake-test-"));

/** Removes it, unless `TOWNLAKE_KEEP` is set. @param {string} home */
export function discardHome(home) {
  if (process.env.TOWNLAKE_KEEP) process.stderr.write(`! kept ${home}\n`);
  else rmSync(home, { recursive: true, force: true });
}

/** @typedef {import("../../tools/platform/platform.mjs").Options} Options */
/** @typedef {import("../../tools/platform/iam.mjs").Directory} Directory */

/**
 * Starts a platform. `TOWNLAKE_KEEP=1` keeps its folder for a look at the logs.
 * @param {Partial<Options>} [options] what differs from a small demo; a home given here is its giver's to remove
 */
export async function startTestPlatform(options = {}) {
  const home = options.home ?? newTestHome();
  const port = options.port ?? (await freePort());
  let tlsPort = await freePort();
  while (tlsPort === port) tlsPort = await freePort();
  const discard = () => void (options.home ?? discardHome(home));
  let platform;
  try {
    platform = await startPlatform({ home, port, tlsPort, demo: true, scale: SMALL, report: quietReport(), ...options });
  } catch (error) {
    discard();
    throw error;
  }
  return {
    ...platform,

    /** Changes people and groups in the company's IAM; it counts at Lifeguard's next pull. @param {(directory: Directory) => void} change */
    editDirectory(change) {
      const directory = JSON.parse(readFileSync(platform.iamFile, "utf8"));
      change(directory);
      writeJson(platform.iamFile, directory);
    },

    /** What a part has written. @param {"workers" | "engine" | "postgres"} part */
    log: (part) => readFileSync(join(home, "logs", `${part}.log`), "utf8"),

    async stop() {
      await platform.stop();
      discard();
    },
  };
}

/**
 * Asks until the answer is right, for things that take effect within the refresh time.
 * @template T
 * @param {() => Promise<T>} ask a failure counts as not yet
 * @param {(answer: T) => boolean} isRight
 * @param {{ withinMs?: number, what?: string }} [options]
 * @returns {Promise<T>}
 */
export async function eventually(ask, isRight, { withinMs = 10_000, what = "the expected answer" } = {}) {
  const until = Date.now() + withinMs;
  /** @type {unknown} */
  let last;
  do {
    try {
      const answer = await ask();
      if (isRight(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await sleep(100);
  } while (Date.now() < until);
  const seen = last instanceof Error ? last.message : JSON.stringify(last)?.slice(0, 2_000);
  throw new Error(`${what} did not come within ${withinMs / 1000} s; the last one was: ${seen}`);
}
