// Where things lie. No other module builds these paths for itself.
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What survives a removed `.townlake/`: compiled code and the tests' Python packages. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "townlake");

/** Cargo's target folder; one for `npm start`, `npm test` and `wrangler dev`, so that nothing is built twice. */
export const targetFolder = resolve(root, process.env.CARGO_TARGET_DIR || join(cacheFolder, "target"));

/** All state of the running platform. */
export const defaultHome = resolve(root, process.env.TOWNLAKE_HOME || ".townlake");

/** The folder where npm keeps the commands of installed packages, a current Node among them. */
export const npmBinaries = join(root, "node_modules", ".bin");
