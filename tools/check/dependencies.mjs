// The rules about dependencies: licences, sources and bans from deny.toml, which cargo-deny reads the same way, and
// what the pure crates may use. Needs no network and no cargo-deny.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { cargoEnvironment } from "../build/cargo.mjs";
import { isAllowed } from "./licences.mjs";
import { root } from "../paths.mjs";
import { run } from "../run.mjs";

/**
 * What a pure crate may depend on: no async runtime, clock, storage or network. `kit` and the programs are free.
 * @type {Record<string, readonly string[]>}
 */
const PURE = {
  "townlake-core": ["serde", "serde_json", "thiserror", "regex", "sha2", "hmac", "hex", "base64", "url", "percent-encoding", "unicode-normalization", "chrono", "indexmap"],
  "townlake-sql": ["townlake-core", "sqlparser", "serde", "serde_json", "thiserror"],
  "townlake-protocol": ["townlake-core", "serde", "serde_json", "thiserror", "http", "base64", "hex", "hmac", "sha2", "percent-encoding", "url", "chrono", "bytes"],
};

/** The web pages' packages are shipped to browsers; the other packages of npm are tools. */
const SHIPPED_LOCKFILE = "web/package-lock.json";

/**
 * @typedef {{ name: string, kind: string | null, pkg: string }} Edge
 * @typedef {{ id: string, name: string, version: string, license: string | null, source: string | null, dependencies: { name: string, kind: string | null, req: string, path?: string }[] }} Package
 * @typedef {{ packages: Package[], resolve: { nodes: { id: string, deps: { pkg: string, dep_kinds: { kind: string | null }[] }[] }[] } }} Metadata
 */

/** @returns {Promise<string[]>} what breaks a rule, and how to mend it */
export async function dependencyProblems() {
  const { stdout } = await run("cargo", ["metadata", "--format-version", "1", "--locked"], { cwd: root, env: cargoEnvironment(), quiet: true });
  const metadata = /** @type {Metadata} */ (JSON.parse(stdout));
  const rules = /** @type {any} */ (parse(readFileSync(join(root, "deny.toml"), "utf8")));
  return [
    ...licenceProblems(metadata, rules.licenses),
    ...sourceProblems(metadata, rules.sources),
    ...banProblems(metadata, rules.bans),
    ...pureProblems(metadata),
    ...npmProblems(rules.licenses),
    ...featureProblems(await featuresOf("normal,build"), await featuresOf("normal,build,dev")),
  ];
}

/** Each crate with its features, as the native programs have them. @param {string} edges @returns {Promise<Set<string>>} */
async function featuresOf(edges) {
  const { stdout } = await run("cargo", ["tree", "--workspace", "--locked", "-e", edges, "-f", "{p} [{f}]", "--prefix", "none"], { cwd: root, env: cargoEnvironment(), quiet: true });
  return new Set(stdout.split("\n").map((line) => line.replace(/ \(\*\)$/, "")).filter(Boolean));
}

/**
 * A feature that only tests switch on would have `npm test` compile DataFusion anew after `npm start`.
 * @param {ReadonlySet<string>} programs
 * @param {ReadonlySet<string>} tests
 */
export function featureProblems(programs, tests) {
  return [...programs].filter((crate) => !tests.has(crate)).map((crate) => {
    const name = crate.split(" [")[0];
    const inTests = [...tests].find((other) => other.startsWith(`${name} [`));
    return `the tests give ${name} other features than the programs (${inTests ?? "none"} instead of ${crate}); name them in the root Cargo.toml`;
  });
}

/** @param {Metadata} metadata @param {{ allow: string[] }} rules */
export function licenceProblems(metadata, rules) {
  const allowed = new Set(rules.allow);
  return metadata.packages.filter(({ source }) => source).flatMap(({ name, version, license }) => {
    if (license && isAllowed(license, allowed)) return [];
    return [`${name} ${version} is licensed ${license ? `\`${license}\`` : "without saying how"}, which deny.toml does not allow; use another crate`];
  });
}

/** @param {Metadata} metadata @param {{ "allow-registry": string[], "allow-git": string[] }} rules */
export function sourceProblems(metadata, rules) {
  const allowed = new Set([...rules["allow-registry"].map((url) => `registry+${url}`), ...rules["allow-git"].map((url) => `git+${url}`)]);
  return metadata.packages.flatMap(({ name, version, source }) =>
    !source || allowed.has(source.replace(/[?#].*$/, "")) ? [] : [`${name} ${version} comes from ${source}, which deny.toml does not allow; take it from the registry`],
  );
}

/** @param {Metadata} metadata @param {{ deny: { crate: string, wrappers?: string[], "deny-multiple-versions"?: boolean }[] }} rules */
export function banProblems(metadata, rules) {
  const byId = new Map(metadata.packages.map((entry) => [entry.id, entry]));
  return rules.deny.flatMap(({ crate, wrappers, "deny-multiple-versions": single }) => {
    const versions = metadata.packages.filter(({ name }) => name === crate);
    if (single) {
      return versions.length > 1 ? [`there is more than one ${crate}: ${versions.map(({ version }) => version).join(", ")}; agree on one in the root Cargo.toml`] : [];
    }
    const ids = new Set(versions.map(({ id }) => id));
    const parents = metadata.resolve.nodes.filter(({ deps }) => deps.some(({ pkg }) => ids.has(pkg))).map(({ id }) => byId.get(id)?.name ?? id);
    const wrong = parents.filter((parent) => !wrappers?.includes(parent));
    return wrong.map((parent) => `${parent} depends on ${crate}, which deny.toml allows ${wrappers?.length ? wrappers.join(", ") : "nobody"} only`);
  });
}

/** @param {Metadata} metadata */
export function pureProblems(metadata) {
  return metadata.packages.flatMap(({ name, dependencies }) => {
    const allowed = PURE[name];
    if (!allowed) return [];
    const wrong = dependencies.filter((dependency) => dependency.kind === null && !allowed.includes(dependency.name));
    return wrong.map((dependency) => `${name} is pure and depends on ${dependency.name}; it may use ${allowed.join(", ")} (tools/check/dependencies.mjs)`);
  });
}

/** @param {{ allow: string[] }} rules */
function npmProblems(rules) {
  const file = join(root, SHIPPED_LOCKFILE);
  if (!existsSync(file)) return [];
  const allowed = new Set(rules.allow);
  /** @type {[string, { license?: string, dev?: boolean, version?: string }][]} */
  const packages = Object.entries(JSON.parse(readFileSync(file, "utf8")).packages);
  return packages.filter(([path, { dev }]) => path !== "" && !dev).flatMap(([path, { license, version }]) =>
    license && isAllowed(license, allowed) ? [] : [`${SHIPPED_LOCKFILE}: ${path} ${version} is licensed \`${license ?? "nothing"}\`, which deny.toml does not allow`],
  );
}
