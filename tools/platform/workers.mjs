// All Workers in one `wrangler dev`, from copies of their configurations that know this run's addresses.
//
// A Worker's secrets reach it through the `.dev.vars` beside its configuration, which must not lie in the source
// tree; so the configurations are copied into the platform's home, with absolute paths and without a build command.
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse } from "smol-toml";
import { configOf, workerNames } from "../build/workers.mjs";
import { cacheFolder, npmBinaries, root } from "../paths.mjs";
import { run } from "../run.mjs";
import { readJson, writeJson, writeWhole } from "./files.mjs";
import { supervise, untilReady } from "./supervisor.mjs";

/** @typedef {import("../build/workers.mjs").WorkerName} WorkerName */
/** @typedef {{ vars: Record<string, string>, secrets: Record<string, string> }} Settings */

const READY_WITHIN_MS = 90_000;

/** @param {string} home @param {WorkerName} name */
const localConfig = (home, name) => join(home, "workers", name, "wrangler.json");

/** @param {string} home */
const stateFolder = (home) => join(home, "workers", "state");

/**
 * Writes each Worker's configuration of this run.
 * @param {string} home
 * @param {Partial<Record<WorkerName, Partial<Settings>>>} settings what differs from the repository's
 */
export function writeConfigs(home, settings) {
  for (const name of workerNames) {
    const source = configOf(name);
    const { build: _build, env: _env, ...config } = /** @type {any} */ (parse(readFileSync(source, "utf8")));
    const absolute = (/** @type {string} */ path) => resolve(dirname(source), path);
    config.main = absolute(config.main);
    if (config.assets) config.assets.directory = absolute(config.assets.directory);
    for (const database of config.d1_databases ?? []) database.migrations_dir = absolute(database.migrations_dir);
    const { vars = {}, secrets = {} } = settings[name] ?? {};
    config.vars = { ...config.vars, ...vars };
    writeJson(localConfig(home, name), config);
    const lines = Object.entries(secrets).map(([key, value]) => `${key}='${value}'\n`);
    writeWhole(join(dirname(localConfig(home, name)), ".dev.vars"), lines.join(""), 0o600);
  }
}

/** The environment that keeps wrangler from asking, reporting and finding other platforms on the machine. @param {string} home */
function wranglerEnvironment(home) {
  return {
    ...process.env,
    // wrangler's own `#!/usr/bin/env node` has to find the Node that npm brought.
    PATH: `${npmBinaries}:${process.env.PATH ?? ""}`,
    CI: "1",
    NO_COLOR: "1",
    FORCE_COLOR: "0",
    WRANGLER_SEND_METRICS: "false",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_REGISTRY_PATH: join(home, "workers", "registry"),
    WRANGLER_LOG_PATH: join(home, "logs", "wrangler"),
  };
}

/**
 * Applies the migrations that the databases of this home have not seen. Empty databases with all of them applied are
 * kept in the cache: starting wrangler for each database takes longer than the rest of a fresh start.
 * @param {string} home
 * @param {(detail: string) => void} progress
 */
export async function migrate(home, progress) {
  const databases = workerNames.flatMap((name) => {
    /** @type {{ binding: string, migrations_dir: string }[]} */
    const bindings = readJson(localConfig(home, name)).d1_databases ?? [];
    return bindings.map(({ binding, migrations_dir: folder }) => ({ name, binding, fingerprint: migrationsIn(folder) }));
  });
  const noteFile = join(home, "workers", "migrated.json");
  const wanted = Object.fromEntries(databases.map(({ name, fingerprint }) => [name, fingerprint]));
  const note = readJson(noteFile);
  const { version } = readJson(join(root, "node_modules", "wrangler", "package.json"));
  const key = createHash("sha256").update(JSON.stringify([version, wanted])).digest("hex").slice(0, 16);
  const kept = join(cacheFolder, "databases", key);
  const files = join(stateFolder(home), "v3", "d1");
  if (!note && existsSync(kept)) {
    cpSync(kept, files, { recursive: true });
    writeJson(noteFile, wanted);
    return;
  }
  const done = { ...note };
  for (const { name, binding, fingerprint } of databases) {
    if (done[name] === fingerprint) continue;
    progress(name);
    const args = ["d1", "migrations", "apply", binding, "--local", "--persist-to", stateFolder(home), "-c", localConfig(home, name)];
    await run(join(npmBinaries, "wrangler"), args, { cwd: root, env: wranglerEnvironment(home), quiet: true });
    done[name] = fingerprint;
    writeJson(noteFile, done);
  }
  if (note) return;
  rmSync(dirname(kept), { recursive: true, force: true });
  const staged = `${kept}.${process.pid}`;
  cpSync(files, staged, { recursive: true });
  try {
    renameSync(staged, kept);
  } catch {
    // Another start was faster; what it kept is the same.
    rmSync(staged, { recursive: true });
  }
}

/** @param {string} folder */
function migrationsIn(folder) {
  const files = readdirSync(folder).filter((file) => file.endsWith(".sql")).sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest("hex");
}

/**
 * @param {object} options
 * @param {string} options.home
 * @param {number} options.port
 * @param {number} options.inspectorPort
 * @param {import("./supervisor.mjs").Events} options.events
 */
export async function startWorkers({ home, port, inspectorPort, events }) {
  const args = [
    "dev", "--local", "--persist-to", stateFolder(home), "--ip", "127.0.0.1", "--port", String(port),
    "--inspector-ip", "127.0.0.1", "--inspector-port", String(inspectorPort), "--show-interactive-dev-session=false",
    ...workerNames.flatMap((name) => ["-c", localConfig(home, name)]),
  ];
  const supervised = supervise(
    { part: "workers", name: "the Workers' runtime", command: join(npmBinaries, "wrangler"), args, cwd: root, env: wranglerEnvironment(home), logFile: join(home, "logs", "workers.log") },
    events,
  );
  await untilReady(supervised, () => isHealthy(port, 5_000), READY_WITHIN_MS);
  return supervised;
}

/**
 * @param {number} port
 * @param {number} patienceMs
 * @returns {Promise<boolean>}
 */
export async function isHealthy(port, patienceMs) {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(patienceMs) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
