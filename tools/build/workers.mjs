// The Workers of this repository. The first is the only public one, as `wrangler dev` wants it.
import { join, relative } from "node:path";
import { root } from "../paths.mjs";

/** @typedef {"gateway" | "lifeguard" | "skimmer" | "catalog" | "skipper"} WorkerName */

/** @type {readonly WorkerName[]} */
export const workerNames = ["gateway", "lifeguard", "skimmer", "catalog", "skipper"];

/**
 * @param {string} name
 * @returns {name is WorkerName}
 */
export function isWorkerName(name) {
  return /** @type {readonly string[]} */ (workerNames).includes(name);
}

/** @param {WorkerName} name */
export const crateOf = (name) => `townlake-${name}`;

/** @param {WorkerName} name */
export const libraryOf = (name) => `townlake_${name}`;

/** @param {WorkerName} name */
export const folderOf = (name) => join(root, "workers", name);

/** The gateway's configuration stands at the root: it is what `wrangler dev` finds by itself. @param {WorkerName} name */
export const configOf = (name) => join(name === "gateway" ? root : folderOf(name), "wrangler.toml");

/** A path as a person in the repository would write it. @param {string} path */
export const shown = (path) => relative(root, path) || ".";
