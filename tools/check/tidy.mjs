// The repository's own rules about files, of which no compiler knows.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "../paths.mjs";

const LONGEST_FILE = 800;
const SOURCE = /\.(rs|mjs|js|ts|svelte|py)$/;
const VAGUE_NAMES = /^(mod\.rs|(utils?|helpers?|common|manager|misc)\.(rs|mjs|ts|js|py))$/;
/** Somebody's own folders have no place in the repository. */
const MACHINE_PATHS = /(^|[\s"'`(=])\/(root|work|home\/[a-z][\w.-]*)\//;

/** @returns {string[]} */
export function tidyProblems() {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" });
  return listed.split("\n").filter((file) => file && existsSync(join(root, file))).flatMap(problemsOf);
}

/** @param {string} file @returns {string[]} */
function problemsOf(file) {
  if (!SOURCE.test(file) && !/\.(md|toml|json)$/.test(file)) return [];
  const problems = [];
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  if (SOURCE.test(file) && lines.length > LONGEST_FILE) problems.push(`${file}: ${lines.length} lines; split it, ${LONGEST_FILE} is the most`);
  if (VAGUE_NAMES.test(basename(file))) problems.push(`${file}: the name says nothing; name it after what it holds`);
  if (file.startsWith("tools/check/tidy")) return problems;
  lines.forEach((line, index) => {
    if (MACHINE_PATHS.test(line)) problems.push(`${file}:${index + 1}: a path of one machine`);
    if (SOURCE.test(file) && /(^|[^\w`])(TODO|FIXME|XXX)\b/.test(line)) problems.push(`${file}:${index + 1}: unfinished work belongs into an issue`);
  });
  return problems;
}
