// Runs cargo for the Workers, all of them in one call: a call per Worker would resolve other features
// for the shared crates and compile them again.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { root, targetFolder } from "../paths.mjs";
import { CommandError, run } from "../run.mjs";
import { isCurrent, remember } from "./inputs.mjs";
import { crateOf, libraryOf, workerNames } from "./workers.mjs";

/** @typedef {import("./workers.mjs").WorkerName} WorkerName */
/** @typedef {"wdev" | "release"} Profile */

/**
 * What becomes of a compiler's words: passed on, or kept for the error's message and told line by line.
 * @typedef {{ quiet?: boolean, onLine?: (line: string) => void }} Output
 */

const WASM_TARGET = "wasm32-unknown-unknown";

/** @returns {NodeJS.ProcessEnv} */
export const cargoEnvironment = () => ({ ...process.env, CARGO_TARGET_DIR: targetFolder });

/** @param {WorkerName} name @param {Profile} profile */
export const wasmOf = (name, profile) => join(targetFolder, WASM_TARGET, profile, `${libraryOf(name)}.wasm`);

/**
 * Compiles the Workers' crates. Only those that are wanted have to compile.
 * @param {readonly WorkerName[]} wanted
 * @param {Profile} profile
 * @param {Output} [output]
 */
export async function compileWorkers(wanted, profile, output = {}) {
  if (workerNames.every((name) => isCurrent(wasmOf(name, profile)))) return;
  await ensureWasmTarget();
  /** @type {Set<WorkerName>} */
  const compiled = new Set();
  const args = [
    "build", "--lib", "--profile", profile, "--target", WASM_TARGET, "--keep-going",
    "--message-format", "json-render-diagnostics", ...workerNames.flatMap((name) => ["-p", crateOf(name)]),
  ];
  const started = Date.now();
  try {
    await cargo(args, output, (message) => {
      if (message.reason !== "compiler-artifact") return;
      const name = workerNames.find((name) => message.target?.name === libraryOf(name));
      if (name) compiled.add(name);
    });
  } catch (error) {
    if (!wanted.every((name) => compiled.has(name))) throw error;
    // Cargo writes its dependency files only when all that it was asked for has compiled.
    return;
  }
  for (const name of compiled) remember(wasmOf(name, profile), wasmOf(name, profile).replace(/\.wasm$/, ".d"), started);
}

/**
 * Runs cargo with JSON messages on its standard output; what it has to say to a person is on the other one.
 * @param {string[]} args
 * @param {Output} output
 * @param {(message: { reason: string, target?: { name: string } }) => void} onMessage
 */
async function cargo(args, { quiet = false, onLine: tell }, onMessage) {
  try {
    await run("cargo", args, {
      cwd: root,
      env: cargoEnvironment(),
      quiet: true,
      onLine(line) {
        if (line.startsWith("{")) onMessage(JSON.parse(line));
        else if (!quiet) process.stderr.write(`${line}\n`);
        else tell?.(line.trim());
      },
    });
  } catch (error) {
    if (error instanceof CommandError && error.missing) {
      throw new CommandError(
        "`cargo` is not installed or not on the PATH; install Rust 1.95 or later (https://rustup.rs), then run this again",
        { code: null, output: "", missing: true },
      );
    }
    if (error instanceof CommandError) {
      const said = error.output.split("\n").filter((line) => !line.startsWith("{"));
      const text = quiet ? `\n${said.join("\n")}` : "; its own words stand above";
      throw new CommandError(`the Workers did not compile${text}`, { code: error.code, output: error.output, missing: false });
    }
    throw error;
  }
}

/** `rustup` fetches the standard library for WebAssembly once; cargo does not do it by itself. */
async function ensureWasmTarget() {
  const { stdout } = await run("rustc", ["--print", "target-libdir", "--target", WASM_TARGET], { cwd: root, quiet: true });
  if (existsSync(stdout.trim())) return;
  try {
    await run("rustup", ["target", "add", WASM_TARGET], { cwd: root });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Rust's standard library for ${WASM_TARGET} is missing and could not be added (${reason}); ` +
        `add it with your Rust installation's own means, for rustup: rustup target add ${WASM_TARGET}`,
    );
  }
}

/**
 * The wasm-bindgen driver of `tools/wasm-bindgen`, compiled when its source or version changed.
 * @param {Output} [output]
 * @returns {Promise<string>} its path
 */
export async function wasmBindgen({ quiet = false, onLine } = {}) {
  const folder = join(root, "tools", "wasm-bindgen");
  const hash = createHash("sha256");
  for (const file of ["Cargo.toml", "src/main.rs"]) hash.update(readFileSync(join(folder, file)));
  hash.update(/name = "wasm-bindgen-cli-support"\nversion = "[^"]+"/.exec(readFileSync(join(root, "Cargo.lock"), "utf8"))?.[0] ?? "");
  const kept = join(targetFolder, "townlake", `wasm-bindgen-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(kept)) return kept;
  // `--workspace` for its features: naming the package alone would compile shared dependencies twice.
  const args = ["build", "--workspace", "--bin", "townlake-wasm-bindgen"];
  await run("cargo", args, { cwd: root, env: cargoEnvironment(), quiet, onLine });
  mkdirSync(join(targetFolder, "townlake"), { recursive: true });
  copyFileSync(join(targetFolder, "debug", "townlake-wasm-bindgen"), `${kept}.${process.pid}`);
  renameSync(`${kept}.${process.pid}`, kept);
  return kept;
}
