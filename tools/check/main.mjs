// Runs every check, all of them even when one fails, and says at the end which did.
import { join } from "node:path";
import { cargoEnvironment } from "../build/cargo.mjs";
import { ensureWebPackages } from "../build/web.mjs";
import { crateOf, workerNames } from "../build/workers.mjs";
import { npmBinaries, root } from "../paths.mjs";
import { terminalReport } from "../platform/report.mjs";
import { run } from "../run.mjs";
import { dependencyProblems } from "./dependencies.mjs";
import { tidyProblems } from "./tidy.mjs";

const WORKERS = workerNames.flatMap((name) => ["-p", crateOf(name)]);

/** @type {{ title: string, work: (progress: (detail: string) => void) => Promise<unknown> }[]} */
const CHECKS = [
  { title: "Rust is formatted (cargo fmt)", work: () => program("cargo", ["fmt", "--all", "--check"]) },
  { title: "dependencies keep the rules", work: async () => failOn(await dependencyProblems()) },
  { title: "files are tidy", work: async () => failOn(tidyProblems()) },
  { title: "scripts have the right types (tsc)", work: () => program(join(npmBinaries, "tsc"), ["-p", "."]) },
  {
    title: "the web pages have the right types",
    work: async () => {
      await ensureWebPackages();
      await program("npm", ["--prefix", "web", "run", "--silent", "check"]);
    },
  },
  { title: "clippy", work: (progress) => program("cargo", ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], progress) },
  {
    title: "clippy for the Workers' runtime",
    work: (progress) => program("cargo", ["clippy", "--profile", "wdev", "--target", "wasm32-unknown-unknown", "--lib", ...WORKERS, "--", "-D", "warnings"], progress),
  },
];

export async function main() {
  const report = terminalReport();
  const started = Date.now();
  const failed = [];
  for (const { title, work } of CHECKS) {
    try {
      await report.step(title, work);
    } catch (error) {
      failed.push(title);
      report.say(error instanceof Error ? error.message : String(error));
    }
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  report.say(`\n${CHECKS.length - failed.length} passed, ${failed.length} failed (${seconds} s)`);
  for (const title of failed) report.say(`  failed: ${title}`);
  return failed.length === 0 ? 0 : 1;
}

/** @param {string} command @param {string[]} args @param {(detail: string) => void} [progress] */
function program(command, args, progress) {
  return run(command, args, { cwd: root, env: cargoEnvironment(), quiet: true, onLine: (line) => progress?.(line.trim()) });
}

/** @param {string[]} problems */
function failOn(problems) {
  if (problems.length > 0) throw new Error(problems.map((problem) => `    ${problem}`).join("\n"));
}
