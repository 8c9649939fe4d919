// `npm start` and `npm run token` as a person meets them: what is printed, what a second start does, what is left behind.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../tools/paths.mjs";
import { freePort } from "../tools/platform/ports.mjs";

const READY = "Town Lake is ready";
const FIRST_START_MS = 300_000;
const SECOND_START_MS = 15_000;

const home = mkdtempSync(join(tmpdir(), "townlake-start-"));
const port = await freePort();
const tlsPort = await freePort();
const environment = { ...process.env, TOWNLAKE_HOME: home, TOWNLAKE_PORT: String(port), TOWNLAKE_TLS_PORT: String(tlsPort) };

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
after(async () => {
  for (const child of running) {
    child.kill("SIGTERM");
    await once(child, "close");
  }
  rmSync(home, { recursive: true, force: true });
});

/** @param {string} script @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
function start(script, args, env = environment) {
  const child = spawn(process.execPath, [join(root, "tools", script), ...args], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const ended = once(child, "close").then(([code]) => {
    running.delete(child);
    return /** @type {number | null} */ (code);
  });
  return { child, ended, output: () => stdout, errors: () => stderr };
}

/** @param {ReturnType<typeof start>} program @param {number} withinMs */
async function untilReady(program, withinMs) {
  const until = Date.now() + withinMs;
  while (!program.output().trimEnd().endsWith(READY)) {
    if (program.child.exitCode !== null || Date.now() > until) {
      assert.fail(`not ready: ${program.output()}\n${program.errors()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** @param {number} port */
const isTaken = (port) => new Promise((resolve) => {
  const server = createServer().once("error", () => resolve(true));
  server.listen(port, "127.0.0.1", () => server.close(() => resolve(false)));
});

test("a first start brings everything up and says how to begin", async () => {
  const first = start("start.mjs", []);
  await untilReady(first, FIRST_START_MS);
  const output = first.output();
  for (const expected of [
    `http://127.0.0.1:${port}`, `https://localhost:${tlsPort}`, join(home, "tls", "ca.pem"),
    "ana@corp.example", "bo@corp.example", "rui@corp.example", "ines@corp.example",
    "npm run -s token -- ana@corp.example", "--truststore-path", "mcpServers",
  ]) {
    assert.ok(output.includes(expected), `the output names ${expected}:\n${output}`);
  }

  const token = start("token.mjs", ["ana@corp.example"]);
  assert.equal(await token.ended, 0, token.errors());
  assert.match(token.output(), /^tlp_[\w-]{43}\n$/);
  const headers = { authorization: `Bearer ${token.output().trim()}` };
  const me = /** @type {any} */ (await (await fetch(`http://127.0.0.1:${port}/api/me`, { headers })).json());
  assert.equal(me.user, "ana@corp.example");

  const stranger = start("token.mjs", ["eve@corp.example"]);
  assert.equal(await stranger.ended, 1);
  assert.match(stranger.errors(), /`eve@corp.example` is not in the directory/);

  const other = start("start.mjs", [], { ...environment, TOWNLAKE_PORT: String(await freePort()), TOWNLAKE_TLS_PORT: String(await freePort()) });
  assert.equal(await other.ended, 1);
  assert.match(other.errors(), /a platform already runs in .*TOWNLAKE_HOME/s);

  const run = JSON.parse(readFileSync(join(home, "run.json"), "utf8"));
  first.child.kill("SIGINT");
  assert.equal(await first.ended, 0, first.errors());
  for (const [part, number] of Object.entries(run.ports)) assert.equal(await isTaken(/** @type {number} */ (number)), false, `${part} has let go of its port`);
  for (const pid of Object.values(run.pids)) assert.throws(() => process.kill(/** @type {number} */ (pid), 0), { code: "ESRCH" });
});

test("a second start takes less than 15 seconds, and repeats nothing", async () => {
  const started = Date.now();
  const second = start("start.mjs", []);
  await untilReady(second, 120_000);
  const took = Date.now() - started;
  console.log(`second start: ${(took / 1000).toFixed(1)} s`);
  assert.ok(took < SECOND_START_MS, `it took ${took} ms:\n${second.output()}`);
  second.child.kill("SIGTERM");
  assert.equal(await second.ended, 0);
});

test("what a killed supervisor left behind does not stop the next start", async () => {
  const killed = start("start.mjs", []);
  await untilReady(killed, 120_000);
  killed.child.kill("SIGKILL");
  await killed.ended;
  const next = start("start.mjs", []);
  await untilReady(next, 120_000);
  next.child.kill("SIGTERM");
  assert.equal(await next.ended, 0);
});

test("a busy port is named, with the way to another, before anything is done", async () => {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  const program = start("start.mjs", []);
  assert.equal(await program.ended, 1);
  assert.match(program.errors(), new RegExp(`port ${port} for the gateway is already in use.*TOWNLAKE_PORT=`));
  server.close();
});

test("without a platform a token's command says to start one", async () => {
  const program = start("token.mjs", ["ana@corp.example"]);
  assert.equal(await program.ended, 1);
  assert.match(program.errors(), /no platform runs in .*npm start/);
});

test("without cargo the set-up says what to install", async () => {
  const nothingCompiled = join(home, "target");
  const program = start("start.mjs", [], { ...environment, PATH: "/nonexistent", CARGO_TARGET_DIR: nothingCompiled });
  assert.equal(await program.ended, 1);
  assert.match(program.errors(), /`cargo` is not installed.*Rust 1\.95/);
});
