// The virtual environment with the official Python clients that the tests drive.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../build/lock.mjs";
import { cacheFolder, root } from "../paths.mjs";
import { CommandError, run } from "../run.mjs";

const folder = join(cacheFolder, "venv");
const requirements = join(root, "tools", "requirements.txt");

/** The interpreter that has the clients. */
export const python = join(folder, "bin", "python");

/**
 * Makes the environment, unless it is there as `tools/requirements.txt` wants it.
 * @param {(detail: string) => void} [progress]
 */
export async function ensurePython(progress = () => {}) {
  await withLock(join(cacheFolder, "venv.lock"), async () => {
    const wanted = createHash("sha256").update(readFileSync(requirements)).digest("hex");
    const note = join(folder, "townlake-made-of");
    if (existsSync(note) && readFileSync(note, "utf8") === wanted) return;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(cacheFolder, { recursive: true });
    const onLine = (/** @type {string} */ line) => progress(line.trim().slice(0, 100));
    try {
      await run("python3", ["-m", "venv", folder], { quiet: true, onLine });
    } catch (error) {
      const missing = error instanceof CommandError && error.missing;
      const what = missing ? "`python3` is not installed" : `python3 could not make a virtual environment (on Debian the package python3-venv is needed): ${/** @type {Error} */ (error).message}`;
      throw new Error(`${what}; the tests drive Python clients and need Python 3.10 or later`);
    }
    await run(python, ["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "-r", requirements], { quiet: true, onLine });
    writeFileSync(note, wanted);
  });
}
