// Runs every test: Rust, the web pages, the tools, and the journeys through the running platform. All of them run even
// when one fails; the runners' own closing lines stand at the end.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { cargoEnvironment } from "../build/cargo.mjs";
import { build } from "../build.mjs";
import { ensureWeb, ensureWebPackages } from "../build/web.mjs";
import { workerNames } from "../build/workers.mjs";
import { npmBinaries, root } from "../paths.mjs";
import { buildEngine } from "../platform/engine.mjs";
import { terminalReport } from "../platform/report.mjs";
import { run } from "../run.mjs";
import { closingLines, totals } from "./closing.mjs";
import { ensureCorpus } from "./corpus.mjs";
import { ensurePython } from "./python.mjs";

/** The platform starts anew for each file; on a small machine two at once only make both late. */
const JOURNEYS_AT_ONCE = "1";
/** The longest journey takes half a minute. One that hangs must not hold up the others, nor what comes after. */
const LONGEST_TEST_MS = 300_000;

/** @typedef {{ title: string, command: string, args: string[] }} Suite */

/** @param {string[]} words */
export async function main(words) {
  const report = terminalReport();
  const started = Date.now();
  await setUp(report);
  const corpus = await ensureCorpus();
  /** @type {string[]} */
  const closing = [];
  const failed = [];
  for (const { title, command, args } of suites(words)) {
    report.say(`\n== ${title}`);
    let output = "";
    try {
      const env = { ...cargoEnvironment(), PATH: `${npmBinaries}:${process.env.PATH ?? ""}`, TOWNLAKE_SQL_CORPUS: corpus.folder };
      await run(command, args, { cwd: root, env, onLine: (line) => (output += `${line}\n`) });
    } catch (error) {
      failed.push(title);
      report.say(error instanceof Error ? error.message : String(error));
    }
    closing.push(`== ${title}`, ...closingLines(output));
  }
  report.say(`\n${closing.join("\n")}\n`);
  if (corpus.missing) report.say(`not run: the queries of TPC-H and TPC-DS were not parsed: ${corpus.missing}`);
  for (const title of failed) report.say(`failed: ${title}`);
  const { passed, failures, skipped } = totals(closing);
  report.say(`all of it took ${((Date.now() - started) / 1000).toFixed(0)} s`);
  report.say(`${passed} passed, ${failures} failed, ${skipped} skipped`);
  return failed.length === 0 ? 0 : 1;
}

/** @param {import("../platform/report.mjs").Report} report */
async function setUp(report) {
  await report.step("the engine is compiled", buildEngine);
  await report.step("the Workers are compiled", (progress) => build(workerNames, { quiet: true, onLine: progress }));
  await report.step("the web pages are built", ensureWeb);
  await ensureWebPackages();
  await report.step("Python's clients are installed", ensurePython);
}

/** @param {string[]} words @returns {Suite[]} */
function suites(words) {
  const chosen = (/** @type {string} */ file) => words.length === 0 || words.some((word) => file.includes(word));
  const scripts = [...testsIn("tools"), ...testsIn("tests")].filter(chosen);
  /** @type {Suite[]} */
  const all = [];
  if (words.length === 0) {
    all.push({ title: "Rust (cargo test)", command: "cargo", args: ["test", "--workspace", "--no-fail-fast"] });
    all.push({ title: "web pages", command: "npm", args: ["--prefix", "web", "test", "--silent"] });
  }
  if (scripts.length > 0) {
    const reporter = `--test-reporter=${join(root, "tools", "test", "reporter.mjs")}`;
    // A file's own teardown stops what it started; what it forgot must not keep its process alive.
    const args = ["--test", `--test-concurrency=${JOURNEYS_AT_ONCE}`, `--test-timeout=${LONGEST_TEST_MS}`, "--test-force-exit", reporter, ...scripts];
    all.push({ title: "tools and journeys (node --test)", command: process.execPath, args });
  }
  return all;
}

/** @param {string} folder @returns {string[]} */
function testsIn(folder) {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.mjs"))
    .sort()
    .map((file) => join(folder, file));
}
