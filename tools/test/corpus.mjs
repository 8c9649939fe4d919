// TPC-H and TPC-DS as Trino's own benchmarks write them, which `shared/sql/tests/corpus.rs` parses. They come from Maven
// Central once and stay in the user's cache; a machine that cannot fetch them runs the tests without them.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { artifact, NotHere } from "../../tests/support/java.mjs";
import { withLock } from "../build/lock.mjs";
import { cacheFolder } from "../paths.mjs";
import { run } from "../run.mjs";
import { python } from "./python.mjs";

/** The last release that Maven Central has; the texts did not change with the project's name. */
const QUERIES = "io.prestosql:presto-benchto-benchmarks:350";
const FOLDER_IN_JAR = join("sql", "presto");
const SETS = { tpch: 22, tpcds: 99 };

const folder = join(cacheFolder, "sql-corpus");

/**
 * The folder with the statements, or why there is none.
 * @returns {Promise<{ folder: string, missing?: undefined } | { folder?: undefined, missing: string }>}
 */
export async function ensureCorpus() {
  try {
    await withLock(`${folder}.lock`, async () => {
      if (!existsSync(folder)) await fetchCorpus();
    });
    return { folder };
  } catch (error) {
    if (error instanceof NotHere) return { missing: error.message };
    throw error;
  }
}

async function fetchCorpus() {
  const jar = await artifact(QUERIES);
  const unpacked = `${folder}.unpacked`;
  const made = `${folder}.made`;
  for (const old of [unpacked, made]) rmSync(old, { recursive: true, force: true });
  await run(python, ["-m", "zipfile", "-e", jar, unpacked], { quiet: true });
  for (const [set, count] of Object.entries(SETS)) {
    const from = join(unpacked, FOLDER_IN_JAR, set);
    const files = readdirSync(from).filter((file) => file.endsWith(".sql"));
    if (files.length !== count) throw new Error(`${QUERIES} has ${files.length} queries of ${set}, not ${count}`);
    mkdirSync(join(made, set), { recursive: true });
    for (const file of files) writeFileSync(join(made, set, file), statement(readFileSync(join(from, file), "utf8")));
  }
  rmSync(unpacked, { recursive: true });
  renameSync(made, folder);
}

/**
 * A query of the benchmark's template: its tables are `${database}.${schema}.${prefix}orders`.
 * @param {string} template
 */
export function statement(template) {
  const values = { database: "tpch", schema: "tiny", prefix: "", scale: "1" };
  const text = template.replaceAll(/\$\{(\w+)\}/g, (whole, name) => values[/** @type {keyof typeof values} */ (name)] ?? whole);
  return `${text.trim().replace(/;$/, "")}\n`;
}
