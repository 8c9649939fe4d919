// A real Trino for the tests, set up as docs/trino.md says. On the loopback interface only, in a folder of its own.
import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../tools/build/lock.mjs";
import { engineAnswers } from "../../tools/platform/engine.mjs";
import { writeWhole } from "../../tools/platform/files.mjs";
import { supervise } from "../../tools/platform/supervisor.mjs";
import { root } from "../../tools/paths.mjs";
import { run } from "../../tools/run.mjs";
import { artifact, javaCache, javaHome } from "./java.mjs";

/** The last version whose whole server is on Maven Central. */
export const VERSION = "476";
const OLDEST_JAVA = 24;
/** The archive holds fifty; unpacked it takes ten times the room of these. */
const PLUGINS = ["http-event-listener", "iceberg", "password-authenticators", "tpch"];
const READY_WITHIN_MS = 90_000;

/** @type {import("../../tools/platform/supervisor.mjs").Events} */
const silent = { onStart() {}, onRestart() {}, onPid() {} };

/** Lets Trino read the embedded engine's lake, whose Iceberg catalog is a SQLite file. */
const SQLITE = "org.xerial:sqlite-jdbc:3.49.1.0";

/** Where Trino and a Java for it are. @typedef {{ home: string, java: string }} Installation */

/**
 * Finds a Java, and fetches and unpacks Trino when the cache lacks it.
 * @returns {Promise<Installation>}
 */
export async function ensureTrino() {
  const java = await javaHome(OLDEST_JAVA);
  const home = join(javaCache, `trino-${VERSION}`);
  await withLock(`${home}.lock`, async () => {
    if (existsSync(home)) return;
    const archive = await artifact(`io.trino:trino-server:${VERSION}:tar.gz`);
    const staged = join(javaCache, "unpacking");
    rmSync(staged, { recursive: true, force: true });
    mkdirSync(staged);
    // All of it: the archive links files of one plugin to another's.
    await run("tar", ["-xzf", archive, "-C", staged], { quiet: true });
    const unpacked = join(staged, `trino-server-${VERSION}`);
    for (const plugin of readdirSync(join(unpacked, "plugin"))) {
      if (!PLUGINS.includes(plugin)) rmSync(join(unpacked, "plugin", plugin), { recursive: true });
    }
    copyFileSync(await artifact(SQLITE), join(unpacked, "plugin", "iceberg", "sqlite-jdbc.jar"));
    renameSync(unpacked, home);
    rmSync(staged, { recursive: true });
    rmSync(archive);
  });
  return { home, java };
}

/**
 * How a Trino stands under the gateway's policy.
 * @typedef {object} Governance
 * @property {string} relayUrl where the relay serves the policy
 * @property {string} groupFile which the relay writes
 * @property {string} jwtKeyFile the gateway's key
 * @property {string} eventsUrl the gateway's route for reports of queries
 * @property {string} policyToken the engine's credential for it
 */

/** @typedef {Record<string, string[]>} CatalogSettings the lines of each catalog's file */

/** An Iceberg catalog of Trino's own in a folder, which is made. @param {string} folder @returns {string[]} */
export function ownLake(folder) {
  mkdirSync(folder, { recursive: true });
  return [
    "connector.name=iceberg",
    "iceberg.catalog.type=TESTING_FILE_METASTORE",
    "hive.metastore.catalog.dir=local:///metastore",
    "fs.native-local.enabled=true",
    `local.location=${folder}`,
  ];
}

/** The embedded engine's lake. @param {string} home the platform's @returns {string[]} */
export const platformLake = (home) => [
  "connector.name=iceberg",
  "iceberg.catalog.type=jdbc",
  "iceberg.jdbc-catalog.driver-class=org.sqlite.JDBC",
  `iceberg.jdbc-catalog.connection-url=jdbc:sqlite:${join(home, "lake.db")}`,
  "iceberg.jdbc-catalog.catalog-name=lake",
  "iceberg.jdbc-catalog.schema-version=V1",
  `iceberg.jdbc-catalog.default-warehouse-dir=file://${join(home, "warehouse")}`,
  "fs.hadoop.enabled=true",
];

/**
 * Starts a Trino.
 * @param {object} options
 * @param {Installation} options.installation
 * @param {string} options.folder of its own
 * @param {number} options.port
 * @param {CatalogSettings} options.catalogs besides `tpch`
 * @param {Governance} [options.governance] none: it is open to everyone, for making data
 */
export async function startTrino({ installation, folder, port, catalogs, governance }) {
  const settings = join(folder, "etc");
  rmSync(settings, { recursive: true, force: true });
  for (const [file, lines] of Object.entries(settingsOf({ installation, folder, port, catalogs, governance }))) {
    writeWhole(join(settings, file), `${lines.join("\n")}\n`, 0o600);
  }
  const logFile = join(folder, "trino.log");
  const supervised = supervise(
    {
      part: "trino", name: "Trino", cwd: folder, logFile,
      command: join(installation.home, "bin", "launcher"),
      args: ["run", "--etc-dir", settings],
      env: { ...process.env, JAVA_HOME: installation.java, PATH: `${join(installation.java, "bin")}:${process.env.PATH ?? ""}`, POLICY_TOKEN: governance?.policyToken ?? "" },
    },
    silent,
  );
  const url = `http://127.0.0.1:${port}`;
  try {
    await Promise.race([supervised.failed, untilReady(url)]);
  } catch (error) {
    await supervised.stop();
    throw error;
  }
  return { url, logFile, stop: () => supervised.stop() };
}

/**
 * Runs the relay as it runs beside a coordinator.
 * @param {object} options
 * @param {string} options.policyUrl
 * @param {string} options.tokenFile
 * @param {string} options.groupFile
 * @param {number} options.port
 * @param {string} options.folder for its log
 */
export function startRelayProgram({ policyUrl, tokenFile, groupFile, port, folder }) {
  const supervised = supervise(
    {
      part: "relay", name: "the relay", cwd: folder, logFile: join(folder, "relay.log"), env: process.env, command: process.execPath,
      args: [join(root, "tools", "relay.mjs"), "--policy-url", policyUrl, "--token-file", tokenFile, "--groups", groupFile, "--listen", `127.0.0.1:${port}`],
    },
    silent,
  );
  const url = `http://127.0.0.1:${port}/`;
  return {
    url,
    /** Whether it has a policy to give. */
    hasPolicy: () => fetch(url).then(({ ok }) => ok, () => false),
    failed: supervised.failed,
    stop: () => supervised.stop(),
  };
}

/** @param {string} url */
async function untilReady(url) {
  const until = Date.now() + READY_WITHIN_MS;
  while (!(await engineAnswers(url))) {
    if (Date.now() > until) throw new Error(`Trino was not ready within ${READY_WITHIN_MS / 1000} s`);
    await sleep(200);
  }
}

/**
 * The files of its `etc` folder.
 * @param {Parameters<typeof startTrino>[0]} options
 * @returns {Record<string, string[]>}
 */
function settingsOf({ installation, folder, port, catalogs, governance }) {
  return {
    "node.properties": ["node.environment=test", "node.id=one", `node.data-dir=${join(folder, "data")}`, `plugin.dir=${join(installation.home, "plugin")}`],
    "jvm.config": [
      "-server", "-Xmx1G", "-XX:+ExitOnOutOfMemoryError", "-XX:-OmitStackTraceInFastThrow", "-XX:ReservedCodeCacheSize=256M",
      "-Djdk.attach.allowAttachSelf=true", "-Dfile.encoding=UTF-8", "-XX:+EnableDynamicAgentLoading",
      "--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED",
    ],
    "config.properties": [
      "coordinator=true",
      "node-scheduler.include-coordinator=true",
      "catalog.management=static",
      `http-server.http.port=${port}`,
      `discovery.uri=http://127.0.0.1:${port}`,
      "node.bind-ip=127.0.0.1",
      "node.internal-address=127.0.0.1",
      ...(governance ? [
        "http-server.process-forwarded=true",
        "http-server.authentication.type=JWT",
        `http-server.authentication.jwt.key-file=${governance.jwtKeyFile}`,
        `internal-communication.shared-secret=${randomBytes(32).toString("hex")}`,
        "hide-inaccessible-columns=true",
        `event-listener.config-files=${join(folder, "etc", "http-event-listener.properties")}`,
      ] : []),
    ],
    "catalog/tpch.properties": ["connector.name=tpch"],
    ...Object.fromEntries(Object.entries(catalogs).map(([name, lines]) => [`catalog/${name}.properties`, lines])),
    ...(governance ? {
      "access-control.properties": [
        "access-control.name=file",
        `security.config-file=${governance.relayUrl}`,
        "security.json-pointer=/trino",
        "security.refresh-period=1s",
      ],
      "group-provider.properties": ["group-provider.name=file", `file.group-file=${governance.groupFile}`, "file.refresh-period=1s"],
      "http-event-listener.properties": [
        "event-listener.name=http",
        "http-event-listener.log-completed=true",
        `http-event-listener.connect-ingest-uri=${governance.eventsUrl}`,
        "http-event-listener.connect-http-headers=Authorization: Bearer ${ENV:POLICY_TOKEN}",
        "http-event-listener.connect-retry-count=3",
      ],
    } : {}),
  };
}
