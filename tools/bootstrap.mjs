// Before anything else: the npm packages, and a Node that is new enough. Imports nothing that npm has to bring.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { npmBinaries, root } from "./paths.mjs";

/** What wrangler needs; an older one only has to be able to run this file and npm. */
const WANTED = [22, 12];
const OLDEST = [20, 11];

/**
 * Returns when packages and Node are right. With an old Node it does not return: the program is run again
 * with the one that npm brought, and its exit code becomes this one's.
 */
export async function bootstrap() {
  if (!atLeast(OLDEST)) {
    throw new Error(`Node ${process.versions.node} is too old to start from; install Node ${OLDEST.join(".")} or later (a newer one for the platform itself comes from npm)`);
  }
  if (!packagesAreCurrent(root)) await installPackages(root);
  if (atLeast(WANTED)) return;
  const node = join(npmBinaries, "node");
  if (!existsSync(node)) {
    throw new Error(`Node ${process.versions.node} is too old, and npm has no newer one for ${process.platform}-${process.arch}; install Node ${WANTED.join(".")} or later`);
  }
  process.exit(await runAgain(node));
}

/** @param {number[]} wanted */
function atLeast([major, minor]) {
  const [ourMajor, ourMinor] = process.versions.node.split(".").map(Number);
  return ourMajor > major || (ourMajor === major && ourMinor >= minor);
}

/**
 * Whether `node_modules` holds what the lock file says. npm notes there what it installed; packages for other
 * machines are left out.
 * @param {string} folder
 */
export function packagesAreCurrent(folder) {
  const installed = packagesIn(join(folder, "node_modules", ".package-lock.json"));
  const wanted = packagesIn(join(folder, "package-lock.json"));
  if (!installed || !wanted) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === "") return true;
    return path in installed ? installed[path].version === version : optional === true;
  });
}

/** @param {string} file @returns {Record<string, { version?: string, optional?: boolean }> | undefined} */
function packagesIn(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : undefined;
}

/**
 * @param {string} folder
 * @returns {Promise<void>}
 */
export function installPackages(folder) {
  process.stderr.write(`  installing npm packages (${folder === root ? "." : folder.slice(root.length + 1)}) ...\n`);
  const started = Date.now();
  return new Promise((resolve, reject) => {
    // To stderr: what a caller reads from this program's output is its answer alone.
    const npm = spawn("npm", ["ci", "--no-progress", "--loglevel=error"], { cwd: folder, stdio: ["ignore", 2, 2] });
    npm.on("error", (error) => reject(new Error(`npm could not be started (${error.message}); it comes with Node`)));
    npm.on("close", (code) => {
      if (code !== 0) return reject(new Error(`\`npm ci\` in ${folder} ended with code ${code}; its own words stand above`));
      process.stderr.write(`✓ npm packages (${((Date.now() - started) / 1000).toFixed(0)} s)\n`);
      resolve();
    });
  });
}

/** @param {string} node @returns {Promise<number>} */
function runAgain(node) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, process.argv.slice(1), { stdio: "inherit", env: { ...process.env, PATH: `${npmBinaries}:${process.env.PATH ?? ""}` } });
    // The child ends in its own time; this one waits for it.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    process.on("SIGHUP", () => child.kill("SIGHUP"));
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/**
 * Runs a command's `main` behind the bootstrap; failures that a person can mend are told without a stack.
 * @param {() => Promise<{ main: (args: string[]) => Promise<number | undefined> }>} load imports the command's module
 */
export async function command(load) {
  try {
    await bootstrap();
    const { main } = await load();
    // At once: what still waits for something (a start that has failed elsewhere) waits in vain.
    process.exit((await main(process.argv.slice(2))) ?? 0);
  } catch (error) {
    const detail = process.env.TOWNLAKE_DEBUG && error instanceof Error ? error.stack : error instanceof Error ? error.message : String(error);
    process.stderr.write(`\nerror: ${detail}\n`);
    process.exit(1);
  }
}
