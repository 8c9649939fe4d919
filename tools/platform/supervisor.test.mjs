import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startPolicyProxy } from "./policy-proxy.mjs";
import { freePort } from "./ports.mjs";
import { claimHome } from "./runfile.mjs";
import { supervise } from "./supervisor.mjs";

const folder = mkdtempSync(join(tmpdir(), "townlake-supervisor-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** @param {string} script what a shell runs in the program's place @param {string[]} [said] */
function shell(script, said = []) {
  return supervise(
    { part: "engine", name: "the program", command: "sh", args: ["-c", script], cwd: folder, env: process.env, logFile: join(folder, "program.log"), graceMs: 500 },
    { onStart() {}, onPid() {}, onRestart: (message) => said.push(message) },
  );
}

/** @param {() => boolean} isSo */
async function until(isSo) {
  for (let tries = 0; !isSo(); tries += 1) {
    assert.ok(tries < 200, "it did not happen within 4 s");
    await sleep(20);
  }
}

/** @param {number | undefined} pid */
const isRunning = (pid) => {
  try {
    return process.kill(pid ?? 0, 0);
  } catch {
    return false;
  }
};

test("what crashes is started again, with a line that says so", async () => {
  /** @type {string[]} */
  const said = [];
  const program = shell("sleep 60", said);
  program.settle();
  const first = program.pid();
  program.kill("SIGKILL");
  await until(() => program.pid() !== first && isRunning(program.pid()));
  assert.match(said[0], /the program was ended by SIGKILL; starting it again/);
  assert.equal(program.restarts(), 1);
  await program.stop();
  assert.equal(isRunning(program.pid()), false);
});

test("stopping ends the program's own children too, and one that ignores it", async () => {
  const program = shell("trap '' TERM; sleep 61 & echo child $!; while true; do sleep 1; done");
  program.settle();
  await until(() => program.lastLines().length > 0);
  const child = Number(program.lastLines()[0].split(" ")[1]);
  await program.stop();
  assert.equal(isRunning(program.pid()), false);
  await until(() => !isRunning(child));
});

test("what ends while it starts is an error with its last words", async () => {
  const program = shell("echo no such file: engine.json; exit 3");
  await assert.rejects(program.failed, /the program ended with code 3 while starting.*no such file: engine\.json/s);
  // The log is written behind the program's back, so its last words may come a moment later.
  const log = () => readFileSync(join(folder, "program.log"), "utf8");
  for (let tries = 0; tries < 50 && !/no such file/.test(log()); tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.match(log(), /no such file/);
});

test("a failed start leaves nothing that keeps this process alive", () => {
  const script = `
    import { supervise, untilReady } from "${import.meta.dirname}/supervisor.mjs";
    const program = { part: "engine", name: "the program", command: "sh", args: ["-c", "setsid sleep 62 & exit 3"], cwd: "/", env: process.env, logFile: "${folder}/left.log" };
    const supervised = supervise(program, { onStart() {}, onPid() {}, onRestart() {} });
    await untilReady(supervised, async () => false, 60_000).catch((error) => console.log(error.message));
  `;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", timeout: 20_000 });
  assert.match(stdout, /the program ended with code 3 while starting/);
  assert.equal(status, 0);
});

test("a home belongs to one supervisor, and what its last one left is forgotten", () => {
  const home = join(folder, "home");
  const claim = claimHome(home);
  claim.update({ url: "http://127.0.0.1:1", ports: { gateway: 1 } });
  claim.release();
  assert.deepEqual(claimHome(home).previousPorts, { gateway: 1 });
});

test("the policy's way can be cut, damaged and mended", async () => {
  const gateway = createServer((_request, response) => response.writeHead(200, { etag: '"1"' }).end('{"meta":{"version":1}}'));
  const port = await freePort();
  await new Promise((resolve) => gateway.listen(port, "127.0.0.1", () => resolve(undefined)));
  const proxy = await startPolicyProxy({ port: await freePort(), target: `http://127.0.0.1:${port}` });
  const ask = () => fetch(`${proxy.url}/internal/policy`);
  try {
    assert.deepEqual(await (await ask()).json(), { meta: { version: 1 } });
    proxy.set("corrupt");
    await assert.rejects((await ask()).json());
    proxy.set("error");
    assert.equal((await ask()).status, 500);
    proxy.set("delay", { delayMs: 200 });
    const started = Date.now();
    await ask();
    assert.ok(Date.now() - started >= 190);
    proxy.set("down");
    await assert.rejects(ask());
    proxy.set("ok");
    assert.equal((await ask()).status, 200);
  } finally {
    await proxy.stop();
    gateway.closeAllConnections();
    gateway.close();
  }
});
