// Builds Workers: node tools/build.mjs WORKER... | --all [--release] [--quiet]
// Every `wrangler.toml` names this as its build command, so several may run at once.
import { withLock } from "./build/lock.mjs";
import { compileWorkers, wasmBindgen } from "./build/cargo.mjs";
import { bundle, gzipSize } from "./build/bundle.mjs";
import { isWorkerName, workerNames } from "./build/workers.mjs";
import { ensureWeb } from "./build/web.mjs";
import { targetFolder } from "./paths.mjs";

/** @typedef {import("./build/workers.mjs").WorkerName} WorkerName */

/** Cloudflare's limit for a Worker on the free plan, compressed. */
const LARGEST_GZIP = 3 * 1024 * 1024;

/**
 * @param {readonly WorkerName[]} names
 * @param {{ release?: boolean } & import("./build/cargo.mjs").Output} [options]
 */
export async function build(names, { release = false, ...output } = {}) {
  const profile = release ? "release" : "wdev";
  await withLock(`${targetFolder}/townlake/workers-${profile}.lock`, async () => {
    const driver = await wasmBindgen(output);
    await compileWorkers(names, profile, output);
    for (const name of names) await bundle(name, profile, driver);
  });
}

/** @param {readonly WorkerName[]} names @returns {WorkerName[]} those over the limit */
function reportSizes(names) {
  const sizes = names.map((name) => ({ name, bytes: gzipSize(name) }));
  for (const { name, bytes } of sizes) console.log(`${name.padEnd(10)} ${(bytes / 1024).toFixed(0).padStart(6)} KB gzip`);
  return sizes.filter(({ bytes }) => bytes > LARGEST_GZIP).map(({ name }) => name);
}

/** @param {string[]} args */
async function main(args) {
  const flags = args.filter((arg) => arg.startsWith("--"));
  const words = args.filter((arg) => !arg.startsWith("--"));
  const unknown = [
    ...flags.filter((flag) => !["--all", "--release", "--quiet"].includes(flag)),
    ...words.filter((word) => !isWorkerName(word)),
  ];
  const names = flags.includes("--all") ? [...workerNames] : words.filter(isWorkerName);
  if (unknown.length > 0 || names.length === 0) {
    if (unknown.length > 0) console.error(`unknown: ${unknown.map((word) => `\`${word}\``).join(", ")}`);
    console.error(`usage: node tools/build.mjs WORKER... | --all [--release] [--quiet]\nWorkers: ${workerNames.join(", ")}`);
    return 2;
  }
  // Set by wrangler for its build command: what is deployed is optimised without being asked.
  const deploying = ["deploy", "versions upload"].includes(process.env.WRANGLER_COMMAND ?? "");
  const release = flags.includes("--release") || deploying;
  await build(names, { release, quiet: flags.includes("--quiet") });
  // The gateway serves the web pages; wrangler refuses a configuration whose assets are missing.
  if (names.includes("gateway")) await ensureWeb();
  if (!release) return 0;
  const tooLarge = reportSizes(names);
  if (tooLarge.length === 0) return 0;
  console.error(`over ${LARGEST_GZIP / 1024 / 1024} MB gzip, which Cloudflare refuses: ${tooLarge.join(", ")}`);
  return 1;
}

if (process.argv[1] === import.meta.filename) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
