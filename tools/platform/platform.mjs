// Starts the whole platform on this machine, in the right order, and stops it again.
import { setTimeout as sleep } from "node:timers/promises";
import { endRunning } from "../run.mjs";
import { openAccess } from "./access.mjs";
import { ensureCertificates } from "./certificates.mjs";
import { createToken, signIn } from "./client.mjs";
import { startCrons } from "./crons.mjs";
import { startEdge } from "./edge.mjs";
import { engineAnswers, generateDemo, startEngine, writeEngineConfig } from "./engine.mjs";
import { directoryFile, ensureDirectory, startIam } from "./iam.mjs";
import { startPolicyProxy } from "./policy-proxy.mjs";
import { assertFree, freePort } from "./ports.mjs";
import { parsePostgresCatalogs } from "./postgres-catalogs.mjs";
import { startPostgres } from "./postgres.mjs";
import { claimHome } from "./runfile.mjs";
import { openSecrets } from "./secrets.mjs";
import { seed } from "./seed.mjs";
import { addressesOf, audience, workerSettings } from "./settings.mjs";
import { killRuntime, startWatchdog } from "./watchdog.mjs";
import { migrate, startWorkers, writeConfigs } from "./workers.mjs";

/** Long enough to start a Trino by hand: it wants the policy of a gateway that runs already. */
const EXTERNAL_ENGINE_WITHIN_MS = 600_000;

/** @typedef {import("./supervisor.mjs").Supervised} Supervised */

/**
 * @typedef {object} Options
 * @property {string} home
 * @property {number} port
 * @property {number} tlsPort
 * @property {boolean} demo whether to make the demo company's data and decisions
 * @property {number} scale the demo's size
 * @property {string} [engineUrl] an engine that already runs
 * @property {string} [postgres] the addresses of more Postgres databases, as TOWNLAKE_POSTGRES has them
 * @property {import("./report.mjs").Report} report
 * @property {boolean} [policyProxy] whether the engine's policy goes through a proxy that tests can disturb
 * @property {number} [watchdogMs]
 * @property {import("./settings.mjs").Model} [model] a classifier for Skimmer
 */

/** @typedef {"engine" | "workers" | "postgres"} Part */

/**
 * @typedef {object} Platform
 * @property {string} url
 * @property {string} tlsUrl
 * @property {string} caFile
 * @property {string} home
 * @property {string} engineUrl
 * @property {string} iamFile the directory of people and groups; an edit counts at once
 * @property {string} [postgresUrl] the demo's Postgres, with the right to write
 * @property {import("./secrets.mjs").Secrets} secrets
 * @property {(email: string) => Promise<string>} signIn the cookie of a login
 * @property {(email: string, hours?: number) => Promise<string>} token a personal access token
 * @property {(email: string, claims?: Record<string, unknown>) => Promise<string>} assertion a token of the local Access
 * @property {(part: Part | "runtime") => Promise<void>} kill ends a part as a crash would; it starts again by itself
 * @property {(part: Part) => number} restarts how often a part was started again
 * @property {() => Promise<void>} tick fires the crons now
 * @property {Awaited<ReturnType<typeof startPolicyProxy>>} [policyProxy]
 * @property {() => Promise<void>} stop
 */

/** Starting was given up because the platform was told to stop. */
export class StoppedError extends Error {}

/**
 * @param {Options} options
 * @param {AbortSignal} [signal] stops the platform, also while it is still starting
 * @returns {Promise<Platform>}
 */
export async function startPlatform(options, signal) {
  const keeper = newKeeper(options.home, options.report);
  signal?.addEventListener("abort", () => void keeper.stop(), { once: true });
  try {
    const platform = await start(options, keeper);
    if (signal?.aborted) throw new StoppedError("stopped");
    return platform;
  } catch (error) {
    const told = signal?.aborted;
    await keeper.stop();
    throw told ? new StoppedError("stopped") : error;
  }
}

/**
 * Keeps what was started, so that all of it is stopped in the end, last first.
 * @param {string} home
 * @param {import("./report.mjs").Report} report
 */
function newKeeper(home, report) {
  const claim = claimHome(home);
  /** @type {Map<string, Supervised>} */
  const processes = new Map();
  /** @type {(() => Promise<unknown> | unknown)[]} */
  const undo = [];
  /** @type {Promise<void> | undefined} */
  let stopped;
  const undoLater = (/** @type {() => Promise<unknown> | unknown} */ step) => void (stopped ? step() : undo.push(step));
  return {
    claim,
    processes,
    undoLater,
    stopping: () => stopped !== undefined,
    /** @type {import("./supervisor.mjs").Events} */
    events: {
      onStart(part, supervised) {
        processes.set(part, supervised);
        undoLater(() => supervised.stop());
      },
      onRestart: (message) => report.warn(message),
      onPid: () => claim.update({ pids: Object.fromEntries([...processes].flatMap(([part, { pid }]) => (pid() ? [[part, pid() ?? 0]] : []))) }),
    },
    stop: () => (stopped ??= (async () => {
      endRunning();
      for (let step = undo.pop(); step; step = undo.pop()) await step();
      claim.release();
    })()),
  };
}

/**
 * @param {Options} options
 * @param {ReturnType<typeof newKeeper>} keeper
 * @returns {Promise<Platform>}
 */
async function start(options, { claim, processes, undoLater, stopping, events, stop }) {
  const { home, report } = options;
  const external = parsePostgresCatalogs(options.postgres);
  await assertFree(options.port, "the gateway", "TOWNLAKE_PORT");
  await assertFree(options.tlsPort, "the gateway over TLS", "TOWNLAKE_TLS_PORT");
  const ports = { gateway: options.port, tls: options.tlsPort, ...(await innerPorts(claim.previousPorts)) };
  claim.update({ ports });

  const secrets = openSecrets(home);
  const certificates = await ensureCertificates(home, Date.now());
  ensureDirectory(home);
  const iam = await startIam({ home, token: secrets.value("iam-token"), port: ports.iam });
  undoLater(() => iam.stop());
  const addresses = addressesOf(ports, { engineUrl: options.engineUrl, iamUrl: iam.url });
  const { url, tlsUrl, origins, engineUrl } = addresses;
  const access = await openAccess({ home, keyPem: secrets.value("access-key.pem"), teamDomain: url, audience, origins });
  const policyProxy = options.policyProxy ? await startPolicyProxy({ port: ports.policy, target: url }) : undefined;
  if (policyProxy) undoLater(() => policyProxy.stop());

  /** Postgres and the demo's data. */
  const startDatabase = async () => {
    if (!options.demo || options.engineUrl) return undefined;
    const postgres = await report.step("Postgres", () => startPostgres({ home, port: ports.postgres, secrets, events }));
    const postgresUrlFile = secrets.keep("postgres-owner-url", postgres.ownerUrl);
    await report.step(`the demo company's data (scale ${options.scale})`, (progress) => generateDemo({ home, scale: options.scale, postgresUrlFile, now: Date.now() }, progress));
    return postgres;
  };
  /** The Workers and what stands in front of them. */
  const startFront = async () => {
    writeConfigs(home, workerSettings(addresses, secrets, options.model));
    await report.step("the Workers' databases", (progress) => migrate(home, progress));
    await report.step("the Workers", () => startWorkers({ home, port: ports.workers, inspectorPort: ports.inspector, events }));
    const edge = await startEdge({ port: options.port, tlsPort: options.tlsPort, upstreamPort: ports.workers, certificates, access });
    undoLater(() => edge.stop());
  };
  const [postgres] = await allOf([startDatabase(), startFront()]);

  if (options.engineUrl) {
    await report.step(`the engine at ${engineUrl}`, (progress) => untilEngineAnswers(engineUrl, progress));
  } else {
    const catalogs = [...(postgres ? [{ catalog: "postgres", url: postgres.readerUrl }] : []), ...external];
    const configFile = writeEngineConfig({
      home, secrets,
      port: ports.engine,
      policyUrl: `${policyProxy?.url ?? url}/internal/policy`,
      eventsUrl: `${url}/internal/events`,
      postgres: Object.fromEntries(catalogs.map(({ catalog, url }) => [catalog, secrets.keep(`postgres-url-${catalog}`, url)])),
      demo: options.demo,
    });
    await report.step("the query engine", () => startEngine({ home, port: ports.engine, configFile, events }));
  }
  claim.update({ url, tls_url: tlsUrl, ca_file: certificates.caFile });
  if (options.demo) {
    const missing = await report.step("the demo company's reviews and grants", (progress) => seed(url, progress));
    // Another engine need not have the demo's tables; ours must.
    if (missing.length > 0 && !options.engineUrl) throw new Error(missing.join("\n    "));
    for (const line of missing) report.warn(line);
  }

  const watchdog = startWatchdog({
    port: ports.workers,
    wranglerPid: () => processes.get("workers")?.pid(),
    killAll: () => processes.get("workers")?.kill("SIGKILL"),
    onKill: (message) => report.warn(message),
    patienceMs: options.watchdogMs,
  });
  undoLater(() => watchdog.stop());
  const crons = startCrons({ url, token: secrets.value("cron-token"), onFailure: (message) => stopping() || report.warn(message) });
  undoLater(() => crons.stop());

  return {
    url, tlsUrl, home, engineUrl, secrets, policyProxy, stop,
    caFile: certificates.caFile,
    iamFile: directoryFile(home),
    postgresUrl: postgres?.ownerUrl,
    signIn: (email) => signIn(url, email),
    token: (email, hours = 1) => createToken(url, email, { hours }),
    assertion: (email, claims) => access.sign(email, claims),
    async kill(part) {
      if (part === "runtime") await killRuntime(processes.get("workers")?.pid(), ports.workers);
      else processes.get(part)?.kill("SIGKILL");
    },
    restarts: (part) => processes.get(part)?.restarts() ?? 0,
    tick: () => crons.tick(),
  };
}

/**
 * Ports that nobody has to know, the last run's where they are free.
 * @param {Record<string, number>} previous
 */
async function innerPorts(previous) {
  const names = /** @type {const} */ (["workers", "inspector", "engine", "iam", "postgres", "policy"]);
  /** @type {Record<string, number>} */
  const ports = {};
  for (const name of names) {
    do ports[name] = await freePort(previous[name]);
    while (names.some((other) => other !== name && ports[other] === ports[name]));
  }
  return /** @type {Record<typeof names[number], number>} */ (ports);
}

/**
 * As `Promise.all`, but nothing is still starting when it fails.
 * @template {readonly unknown[]} T
 * @param {{ [K in keyof T]: Promise<T[K]> }} work
 * @returns {Promise<T>}
 */
async function allOf(work) {
  await Promise.allSettled(work);
  return /** @type {Promise<any>} */ (Promise.all(work));
}

/** @param {string} url @param {(detail: string) => void} progress */
async function untilEngineAnswers(url, progress) {
  const until = Date.now() + EXTERNAL_ENGINE_WITHIN_MS;
  progress("waiting for its /v1/info; a Trino and its relay can be started now (docs/trino.md)");
  while (!(await engineAnswers(url))) {
    if (Date.now() > until) throw new Error(`no engine answers at ${url}/v1/info; check --engine-url, and docs/trino.md for how to start a Trino`);
    await sleep(300);
  }
}
