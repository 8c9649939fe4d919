// The fuzzer wants a file for each text; git and people want one file with all of them.
//   node corpus.mjs unpack   makes `corpus/statement` out of `corpus.jsonl` and the statements of the tests' cases
//   node corpus.mjs pack     makes `corpus.jsonl` out of `corpus/statement`
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const packed = join(here, "corpus.jsonl");
const folder = join(here, "corpus", "statement");
const cases = ["cases", "bound", "lineage", "diagnose", "rewrite", "touched"].map((name) => join(here, "..", "tests", name));
const MARKS = ["#", "@ ", "=> ", "| ", "%"];

/** @param {string} text */
const nameOf = (text) => createHash("sha1").update(text).digest("hex");

function unpack() {
  mkdirSync(folder, { recursive: true });
  const texts = readFileSync(packed, "utf8").split("\n").filter(Boolean).map((line) => String(JSON.parse(line)));
  for (const name of cases.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))) {
    for (const block of readFileSync(name, "utf8").split("\n\n")) {
      texts.push(block.split("\n").filter((line) => !MARKS.some((mark) => line.startsWith(mark))).join("\n"));
    }
  }
  for (const text of texts) writeFileSync(join(folder, nameOf(text)), text);
  return texts.length;
}

function pack() {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const texts = [];
  for (const file of readdirSync(folder).sort()) {
    try {
      texts.push(decoder.decode(readFileSync(join(folder, file))));
    } catch {
      // No text: the fuzzer keeps what the target refuses at once, too.
    }
  }
  writeFileSync(packed, texts.map((text) => `${JSON.stringify(text)}\n`).join(""));
  return texts.length;
}

const actions = { unpack, pack };
const action = actions[/** @type {keyof typeof actions} */ (process.argv[2] ?? "")];
if (!action) {
  console.error("usage: node corpus.mjs unpack | pack");
  process.exit(2);
}
console.log(`${action()} texts`);
