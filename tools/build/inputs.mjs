// Which files went into what cargo made, so that it need not be asked again while none of them changes.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";

/** @param {string} artifact */
const noteOf = (artifact) => `${artifact}.inputs.json`;

/**
 * Whether an artifact is still what was noted, made from this very working tree out of files as they still are.
 * @param {string} artifact
 */
export function isCurrent(artifact) {
  try {
    const note = JSON.parse(readFileSync(noteOf(artifact), "utf8"));
    if (note.root !== root || note.artifact !== fingerprint(artifact)) return false;
    return Object.entries(note.files).every(([file, seen]) => fingerprint(file) === seen);
  } catch {
    return false;
  }
}

/**
 * Notes what cargo read, from its own dependency file: the sources of the artifact and of every crate of ours under it.
 * @param {string} artifact
 * @param {string} dependencyFile
 * @param {number} started when cargo was; a file that changed since may not have been read as it is now
 */
export function remember(artifact, dependencyFile, started) {
  const text = readFileSync(dependencyFile, "utf8");
  const sources = text.slice(text.indexOf(": ") + 2).trim().split(/(?<!\\) /).map((file) => file.replaceAll("\\ ", " "));
  const manifests = new Set(["Cargo.toml", "Cargo.lock"].map((file) => join(root, file)));
  for (const source of sources) {
    const manifest = join(source.split("/src/")[0], "Cargo.toml");
    if (existsSync(manifest)) manifests.add(manifest);
  }
  const files = [...sources, ...manifests];
  if (files.some((file) => !existsSync(file) || statSync(file).mtimeMs >= started)) {
    rmSync(noteOf(artifact), { force: true });
    return;
  }
  const seen = Object.fromEntries(files.map((file) => [file, fingerprint(file)]));
  writeFileSync(noteOf(artifact), JSON.stringify({ root, artifact: fingerprint(artifact), files: seen }));
}

/** @param {string} file */
function fingerprint(file) {
  const { mtimeMs, size } = statSync(file);
  return `${mtimeMs}:${size}`;
}
