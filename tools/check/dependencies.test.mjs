import assert from "node:assert/strict";
import { test } from "node:test";
import { banProblems, featureProblems, pureProblems, sourceProblems } from "./dependencies.mjs";
import { isAllowed } from "./licences.mjs";

const ALLOWED = new Set(["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]);

for (const [expression, expected] of /** @type {[string, boolean][]} */ ([
  ["MIT", true],
  ["MIT/Apache-2.0", true],
  ["GPL-3.0", false],
  ["GPL-3.0 OR MIT", true],
  ["GPL-3.0 AND MIT", false],
  ["MIT AND (GPL-3.0 OR Apache-2.0)", true],
  ["(MIT OR GPL-3.0) AND GPL-3.0", false],
  ["Apache-2.0 WITH LLVM-exception", true],
  ["MIT WITH LLVM-exception", false],
])) {
  test(`\`${expression}\` is ${expected ? "allowed" : "refused"}`, () => assert.equal(isAllowed(expression, ALLOWED), expected));
}

test("a licence that cannot be read is an error, not a yes", () => assert.throws(() => isAllowed("(MIT", ALLOWED), /open bracket/));

/** @param {Record<string, string[]>} edges each package and what it depends on */
function metadata(edges) {
  const packages = Object.entries(edges).map(([name, uses]) => ({
    id: name, name, version: "1.0.0", license: "MIT", source: null,
    dependencies: uses.map((use) => ({ name: use, kind: null, req: "*" })),
  }));
  const nodes = Object.entries(edges).map(([id, uses]) => ({ id, deps: uses.map((pkg) => ({ pkg, dep_kinds: [{ kind: null }] })) }));
  return { packages, resolve: { nodes } };
}

test("a crate is used by its wrappers alone", () => {
  const rules = { deny: [{ crate: "worker", wrappers: ["kit"] }] };
  assert.deepEqual(banProblems(metadata({ kit: ["worker"], worker: [] }), rules), []);
  assert.match(banProblems(metadata({ core: ["worker"], worker: [] }), rules)[0], /core depends on worker/);
});

test("a pure crate takes nothing that waits, stores or talks", () => {
  assert.match(pureProblems(metadata({ "townlake-core": ["tokio"] }))[0], /townlake-core is pure and depends on tokio/);
  assert.deepEqual(pureProblems(metadata({ "townlake-core": ["serde"] })), []);
});

test("a crate from elsewhere than the registry is refused", () => {
  const git = metadata({ a: [] });
  Object.assign(git.packages[0], { source: "git+https://example.com/a?branch=main#abc" });
  assert.equal(sourceProblems(git, { "allow-registry": [], "allow-git": [] }).length, 1);
  assert.equal(sourceProblems(git, { "allow-registry": [], "allow-git": ["https://example.com/a"] }).length, 0);
});

test("tests switch on no feature that the programs do without", () => {
  assert.deepEqual(featureProblems(new Set(["a v1 [x]"]), new Set(["a v1 [x]", "b v1 []"])), []);
  assert.match(featureProblems(new Set(["a v1 [x]"]), new Set(["a v1 [x,y]"]))[0], /a v1 \[x,y\] instead of a v1 \[x\]/);
});
