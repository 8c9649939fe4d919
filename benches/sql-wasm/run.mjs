// Follows every statement of a folder in WebAssembly, and prints the CPU time as JSON.
//   node run.mjs MODULE.wasm SCHEMA.json FOLDER
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const [file, schemaFile, folder] = process.argv.slice(2);
const bytes = readFileSync(file);
const { instance } = await WebAssembly.instantiate(bytes, {});
const { memory, room, table, follow } = /** @type {any} */ (instance.exports);

/** @param {string} text */
function give(text) {
  const encoded = new TextEncoder().encode(text);
  const at = room(encoded.length);
  new Uint8Array(memory.buffer, at, encoded.length).set(encoded);
}

/** @type {Record<string, Record<string, string>>} */
const schema = JSON.parse(readFileSync(schemaFile, "utf8"));
for (const [name, columns] of Object.entries(schema)) {
  give([name, ...Object.entries(columns).map(([column, type]) => `${column}\t${type}`)].join("\n"));
  table();
}
const texts = readdirSync(folder).filter((name) => name.endsWith(".sql")).map((name) => readFileSync(join(folder, name), "utf8"));

/**
 * The module without its names and notes, as a Worker is uploaded.
 * @param {Buffer} module
 */
function withoutCustomSections(module) {
  const kept = [module.subarray(0, 8)];
  for (let at = 8; at < module.length; ) {
    let size = 0;
    let next = at + 1;
    for (let shift = 0; ; shift += 7) {
      const byte = module[next++];
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    if (module[at] !== 0) kept.push(module.subarray(at, next + size));
    at = next + size;
  }
  return Buffer.concat(kept);
}

/** What the compiler of the runtime needs once is not the module's own cost. */
const WARM = 3;
let columns = 0;
let best = Infinity;
for (let round = 0; round <= WARM; round++) {
  const before = process.cpuUsage();
  columns = 0;
  for (const text of texts) {
    give(text);
    columns += follow();
  }
  const { user, system } = process.cpuUsage(before);
  best = Math.min(best, (user + system) / 1000);
}
console.log(JSON.stringify({ statements: texts.length, columns, cpu_ms: best, gzip_kb: Math.round(gzipSync(withoutCustomSections(bytes), { level: 9 }).length / 1024) }));
