// The embedded engine: its configuration, the demo company's data, its process.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cargoEnvironment } from "../build/cargo.mjs";
import { isCurrent, remember } from "../build/inputs.mjs";
import { root, targetFolder } from "../paths.mjs";
import { run } from "../run.mjs";
import { readJson, writeJson } from "./files.mjs";
import { supervise, untilReady } from "./supervisor.mjs";

const READY_WITHIN_MS = 60_000;

const binary = join(targetFolder, "debug", "townlake-engine");

/** Whether it was ever compiled on this machine. */
export const engineExists = () => existsSync(binary);

/** @typedef {import("./supervisor.mjs").Supervised} Supervised */

/**
 * Compiles the engine.
 * @param {(detail: string) => void} progress
 */
export async function buildEngine(progress) {
  if (isCurrent(binary)) return;
  const started = Date.now();
  // The same profile and packages as `cargo test --workspace`: other ones would compile DataFusion again.
  const args = ["build", "--workspace", "--bin", "townlake-engine", "--bin", "townlake-wasm-bindgen"];
  try {
    await run("cargo", args, { cwd: root, env: cargoEnvironment(), quiet: true, onLine: (line) => progress(line.trim()) });
  } catch (error) {
    if (/** @type {import("../run.mjs").CommandError} */ (error).missing) {
      throw new Error("`cargo` is not installed or not on the PATH; install Rust 1.95 or later (https://rustup.rs), then run this again");
    }
    throw error;
  }
  remember(binary, `${binary}.d`, started);
}

/** A demo's questions are about today and the last days, so its data is made anew when it is older than this. */
const STALE_AFTER_MS = 24 * 3600 * 1000;

/**
 * Writes the demo company's tables. The generator leaves alone what a folder holds in that size already.
 * @param {object} options
 * @param {string} options.home
 * @param {number} options.scale
 * @param {string} options.postgresUrlFile where the generator finds Postgres's address with the right to write
 * @param {number} options.now milliseconds since 1970
 * @param {(detail: string) => void} progress
 * @returns {Promise<void>}
 */
export async function generateDemo({ home, scale, postgresUrlFile, now }, progress) {
  const made = demoMade(home);
  if (made && now - Date.parse(made.as_of) > STALE_AFTER_MS) rmSync(demoMarker(home));
  const args = ["demo", "--home", home, "--scale", String(scale), "--postgres-url-file", postgresUrlFile, "--as-of", new Date(now).toISOString()];
  await run(binary, args, { cwd: root, env: process.env, quiet: true, onLine: (line) => progress(line.trim()) });
}

/** @param {string} home */
const demoMarker = (home) => join(home, "demo.json");

/**
 * What the generator says about the data of a home.
 * @param {string} home
 * @returns {{ scale: number, as_of: string } | undefined} undefined when there is none, or not all of it
 */
export const demoMade = (home) => readJson(demoMarker(home));

/**
 * Writes the engine's configuration.
 * @param {object} options
 * @param {string} options.home
 * @param {number} options.port
 * @param {string} options.policyUrl
 * @param {string} options.eventsUrl
 * @param {import("./secrets.mjs").Secrets} options.secrets
 * @param {Record<string, string>} options.postgres files with the addresses of Postgres databases, by catalog
 * @param {boolean} options.demo whether the demo's other catalogs are there
 * @returns {string} its file
 */
export function writeEngineConfig({ home, port, policyUrl, eventsUrl, secrets, postgres, demo }) {
  const file = join(home, "engine.json");
  const catalogs = {
    tpch: { type: "tpch" },
    ...(demo ? { lake: { type: "iceberg", warehouse: join(home, "warehouse"), catalog: join(home, "lake.db") } } : {}),
    ...(demo ? { files: { type: "parquet", directory: join(home, "files") } } : {}),
    ...Object.fromEntries(Object.entries(postgres).map(([name, url_file]) => [name, { type: "postgres", url_file }])),
  };
  writeJson(file, {
    listen: `127.0.0.1:${port}`,
    catalogs,
    policy: { url: policyUrl, token_file: secrets.file("policy-token"), refresh_seconds: 1 },
    auth: { jwt_key_file: secrets.file("engine-jwt-key") },
    events: { url: eventsUrl, token_file: secrets.file("policy-token") },
  }, 0o600);
  return file;
}

/**
 * Starts the engine; it is ready once it has a valid policy.
 * @param {object} options
 * @param {string} options.home
 * @param {number} options.port
 * @param {string} options.configFile
 * @param {import("./supervisor.mjs").Events} options.events
 * @returns {Promise<Supervised>}
 */
export async function startEngine({ home, port, configFile, events }) {
  if (!existsSync(binary)) throw new Error(`the engine is not built: ${binary} is missing`);
  const supervised = supervise(
    { part: "engine", name: "the engine", command: binary, args: ["serve", "--config", configFile], cwd: home, env: process.env, logFile: join(home, "logs", "engine.log") },
    events,
  );
  await untilReady(supervised, () => engineAnswers(`http://127.0.0.1:${port}`), READY_WITHIN_MS);
  return supervised;
}

/**
 * Whether an engine, this one or a Trino, answers at an address and has finished starting.
 * @param {string} url
 * @returns {Promise<boolean>}
 */
export async function engineAnswers(url) {
  try {
    const response = await fetch(`${url}/v1/info`, { signal: AbortSignal.timeout(3_000) });
    if (!response.ok) return false;
    const info = /** @type {any} */ (await response.json());
    return info.starting !== true;
  } catch {
    return false;
  }
}
