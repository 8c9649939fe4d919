// The web pages: built once, and again when their sources changed.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { installPackages, packagesAreCurrent } from "../bootstrap.mjs";
import { root, targetFolder } from "../paths.mjs";
import { writeWhole } from "../platform/files.mjs";
import { run } from "../run.mjs";
import { withLock } from "./lock.mjs";

const folder = join(root, "web");
const dist = join(folder, "dist");

/** Folders that are made, not written. */
const MADE = new Set(["node_modules", "dist", "test-results", ".svelte-kit"]);

/**
 * Makes `web/dist`, unless it was made from the same sources.
 * @param {(detail: string) => void} [progress]
 */
export async function ensureWeb(progress = () => {}) {
  await withLock(join(targetFolder, "townlake", "web.lock"), async () => {
    const sources = fingerprint();
    const note = join(folder, "node_modules", ".townlake-built");
    if (existsSync(join(dist, "index.html")) && existsSync(note) && readFileSync(note, "utf8") === sources) return;
    if (!packagesAreCurrent(folder)) await installPackages(folder);
    await run("npm", ["run", "--silent", "build"], { cwd: folder, quiet: true, onLine: (line) => progress(line.trim()) });
    writeWhole(note, sources);
  });
}

/** The packages of the web pages, for those who check or test them. */
export async function ensureWebPackages() {
  if (!packagesAreCurrent(folder)) await installPackages(folder);
}

function fingerprint() {
  const hash = createHash("sha256");
  for (const file of filesUnder(folder)) hash.update(file).update("\0").update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

/** @param {string} path @returns {string[]} */
function filesUnder(path) {
  return readdirSync(path).filter((name) => !MADE.has(name)).sort().flatMap((name) => {
    const file = join(path, name);
    return statSync(file).isDirectory() ? filesUnder(file) : [file];
  });
}
