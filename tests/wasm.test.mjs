// Hostile SQL in the Workers' runtime, where no stack can grow: each text ends there, read or refused, as it does natively.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cargoEnvironment } from "../tools/build/cargo.mjs";
import { root, targetFolder } from "../tools/paths.mjs";
import { freePort } from "../tools/platform/ports.mjs";
import { run } from "../tools/run.mjs";

/** A stack overflows by depth. Texts that are hard because they are long are followed natively alone. */
const LONGEST = 30_000;

const WORKER = `
  import module from "./sql.wasm";
  export default {
    async fetch(request) {
      // A new memory for each: what one text leaves behind must not help or harm the next.
      const { exports } = await WebAssembly.instantiate(module, {});
      const [, what, number] = new URL(request.url).pathname.split("/");
      try {
        return new Response(String(exports[what](Number(number))));
      } catch (error) {
        return new Response(String(error), { status: 500 });
      }
    },
  };`;

/** @param {number} port */
const configuration = (port) => `
  using Workerd = import "/workerd/workerd.capnp";
  const config :Workerd.Config = (
    services = [(name = "sql", worker = (
      modules = [(name = "worker.mjs", esModule = embed "worker.mjs"), (name = "sql.wasm", wasm = embed "sql.wasm")],
      compatibilityDate = "2026-01-01",
    ))],
    sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "sql")],
  );`;

const folder = mkdtempSync(join(tmpdir(), "townlake-wasm-"));
const port = await freePort();
/** @type {import("node:child_process").ChildProcess | undefined} */
let runtime;

before(async () => {
  const target = join(targetFolder, "sql-wasm");
  // Optimised as the Workers are deployed: other frames have other sizes.
  const args = ["build", "--release", "--locked", "--features", "hostile", "--target", "wasm32-unknown-unknown"];
  const env = { ...cargoEnvironment(), CARGO_TARGET_DIR: target };
  await run("cargo", args, { cwd: join(root, "benches", "sql-wasm"), env, quiet: true });
  copyFileSync(join(target, "wasm32-unknown-unknown", "release", "townlake_sql_wasm.wasm"), join(folder, "sql.wasm"));
  writeFileSync(join(folder, "worker.mjs"), WORKER);
  writeFileSync(join(folder, "config.capnp"), configuration(port));
  const { default: workerd } = /** @type {{ default: string }} */ (createRequire(import.meta.url)("workerd"));
  const started = spawn(workerd, ["serve", "config.capnp", "--control-fd=3"], { cwd: folder, stdio: ["ignore", "inherit", "inherit", "pipe"] });
  runtime = started;
  await new Promise((resolve, reject) => {
    started.stdio[3]?.once("data", resolve);
    started.once("error", reject);
    started.once("exit", (code) => reject(new Error(`workerd ended with ${code}`)));
  });
});

after(() => {
  runtime?.kill();
  rmSync(folder, { recursive: true });
});

/** @param {string} what @param {number} number */
async function ask(what, number) {
  const response = await fetch(`http://127.0.0.1:${port}/${what}/${number}`);
  return await response.text();
}

test("every hostile text ends as it does natively", async () => {
  const texts = readFileSync(join(root, "shared", "sql", "tests", "hostile", "texts.txt"), "utf8");
  const names = texts.split("\n").filter((line) => line.startsWith("# "));
  assert.equal(await ask("hostile_texts", 0), String(names.length));
  let followed = 0;
  for (const [number, name] of names.entries()) {
    if (Number(await ask("hostile_length", number)) > LONGEST) continue;
    assert.equal(await ask("hostile", number), "1", name);
    followed += 1;
  }
  assert.ok(followed > 30, `only ${followed} texts`);
});
