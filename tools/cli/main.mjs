// Compiles the command `townlake` where that is needed, and becomes it.
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { isCurrent, remember } from "../build/inputs.mjs";
import { withLock } from "../build/lock.mjs";
import { cacheFolder, root } from "../paths.mjs";
import { CommandError, run } from "../run.mjs";

// A folder of its own: in the shared one this selection of packages would have DataFusion compiled with other features.
const folder = resolve(root, process.env.TOWNLAKE_CLI_TARGET || join(cacheFolder, "cli-target"));
const binary = join(folder, "debug", "townlake");

/** @param {string[]} args what the command is given */
export async function main(args) {
  await buildCommand();
  // npm runs scripts in the repository; the files are meant from where the user stands.
  const child = spawn(binary, args, { cwd: process.env.INIT_CWD, stdio: "inherit" });
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** @returns {Promise<string>} where the command is */
export async function buildCommand() {
  if (isCurrent(binary)) return binary;
  await withLock(`${folder}.lock`, async () => {
    if (isCurrent(binary)) return;
    const started = Date.now();
    try {
      const env = { ...process.env, CARGO_TARGET_DIR: folder };
      await run("cargo", ["build", "-p", "townlake-cli", "--bin", "townlake"], { cwd: root, env, quiet: true });
    } catch (error) {
      if (error instanceof CommandError && error.missing) {
        throw new Error("`cargo` is not installed or not on the PATH; install Rust 1.95 or later (https://rustup.rs), then run this again");
      }
      if (error instanceof CommandError) throw new Error(`the command did not compile:\n${error.output}`);
      throw error;
    }
    remember(binary, `${binary}.d`, started);
  });
  return binary;
}
