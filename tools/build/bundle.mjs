// From a compiled Worker to the module that the runtime loads: wasm-bindgen, worker-build's shim, esbuild.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { buildSync } from "esbuild";
import { run } from "../run.mjs";
import { wasmOf } from "./cargo.mjs";
import { folderOf } from "./workers.mjs";

/** @typedef {import("./workers.mjs").WorkerName} WorkerName */
/** @typedef {import("./cargo.mjs").Profile} Profile */

const here = dirname(fileURLToPath(import.meta.url));
const PARTS = ["shim.template.js", "abort-guard.mjs", "bundle.mjs"].map((file) => join(here, file));

/** Exported by the `worker` crate for the shim itself, not for callers. */
const SYSTEM_FUNCTIONS = new Set(["__wbg_reset_state", "__worker_init_state"]);

/** The runtime calls these with (argument, env, ctx); every other export becomes an RPC method. */
const HANDLERS = new Set(["fetch", "queue", "scheduled", "email", "connect"]);

/**
 * Writes `workers/<name>/build/`, unless it was made of the same wasm by the same build.
 * @param {WorkerName} name
 * @param {Profile} profile
 * @param {string} wasmBindgen the driver's path
 */
export async function bundle(name, profile, wasmBindgen) {
  const wasm = wasmOf(name, profile);
  const output = join(folderOf(name), "build");
  const hash = createHash("sha256").update(profile).update(wasmBindgen);
  for (const file of [wasm, ...PARTS]) hash.update(readFileSync(file));
  const made = hash.digest("hex");
  if (existsSync(join(output, "made-of")) && readFileSync(join(output, "made-of"), "utf8") === made) return;

  const staging = `${output}.${process.pid}`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  try {
    await run(wasmBindgen, [wasm, staging, "index"], { quiet: true });
    const glue = join(staging, "index.js");
    writeFileSync(join(staging, "shim.js"), shimFor(readFileSync(glue, "utf8")));
    const { outputFiles } = buildSync({
      entryPoints: [join(staging, "shim.js")],
      bundle: true,
      format: "esm",
      // `import source` is the runtime's future syntax; today it takes the plain import of a module.
      external: ["./index_bg.wasm", "cloudflare:*"],
      write: false,
      logLevel: "error",
    });
    rmSync(join(staging, "snippets"), { recursive: true, force: true });
    rmSync(join(staging, "shim.js"));
    writeFileSync(glue, outputFiles[0].text.replaceAll("import source ", "import "));
    writeFileSync(join(staging, "made-of"), made);
    swap(staging, output);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * Replaces the files one by one: the folder itself stays, since `wrangler dev` watches it.
 * @param {string} staging
 * @param {string} output
 */
function swap(staging, output) {
  mkdirSync(output, { recursive: true });
  for (const file of ["index_bg.wasm", "index.js", "made-of"]) renameSync(join(staging, file), join(output, file));
}

/**
 * The Worker's entry around the generated glue.
 * @param {string} glue wasm-bindgen's module text
 */
function shimFor(glue) {
  const functions = [...glue.matchAll(/^export (?:async )?function (\w+)|^export \{.* as (\w+) ?\}/gm)]
    .map((match) => match[1] ?? match[2])
    .filter((name) => !SYSTEM_FUNCTIONS.has(name));
  const classes = [...glue.matchAll(/^export class (\w+)/gm)].map((match) => match[1]);
  const handlers = functions.map((name) =>
    HANDLERS.has(name)
      ? `Entrypoint.prototype.${name} = function ${name}(arg) { return exports.${name}.call(this, arg, this.env, this.ctx); };`
      : `Entrypoint.prototype.${name} = exports.${name};`,
  );
  const exported = classes.map((name) => `export const ${name} = guardClass(new Proxy(exports.${name}, classProxyHooks));`);
  return readFileSync(PARTS[0], "utf8")
    .replace("$ABORT_GUARD", () => PARTS[1])
    .replace("$HANDLERS", () => handlers.join("\n"))
    .replace("\n$CLASSES", () => exported.map((line) => `\n${line}`).join(""));
}

/** What the runtime has to load, compressed as Cloudflare counts it. @param {WorkerName} name @returns {number} bytes */
export function gzipSize(name) {
  const output = join(folderOf(name), "build");
  return ["index.js", "index_bg.wasm"].reduce((sum, file) => sum + gzipSync(readFileSync(join(output, file)), { level: 9 }).length, 0);
}
