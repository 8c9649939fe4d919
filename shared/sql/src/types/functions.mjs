// Makes functions.txt out of Trino's answer to SHOW FUNCTIONS:
//
//   node shared/sql/src/types/functions.mjs shared/sql/tests/data/trino-functions.json > shared/sql/src/types/functions.txt
//
// What SHOW FUNCTIONS does not tell is added here: which functions take any number of arguments, what their
// type variables must be able to do, and how the parameters of a result are computed.
import { readFileSync } from "node:fs";

/** The last argument may be repeated, or left out. */
const VARIADIC = new Set([
  "concat(array(E))", "concat(varbinary)", "concat(varchar)", "concat_ws(varchar, varchar)",
  "greatest(E)", "least(E)", "map_concat(map(K,V))",
]);

/** Type variables whose values are compared for equality: as keys, or as members of a set. @type {Record<string, string>} */
const COMPARABLE = {
  approx_distinct: "T", array_distinct: "E", array_except: "E", array_histogram: "T", array_intersect: "E",
  array_position: "T", array_remove: "E", array_union: "E", arrays_overlap: "E", checksum: "T", contains: "T",
  contains_sequence: "T", histogram: "T", make_set_digest: "T", map: "K", map_agg: "K", map_from_entries: "K",
  map_union: "K", multimap_agg: "K", multimap_from_entries: "K", transform_keys: "K2",
};

/** Type variables whose values are put in order. With a function to order by, nothing is needed of them. @type {Record<string, string>} */
const ORDERABLE = {
  array_max: "T", array_min: "T", array_sort: "E", greatest: "E", least: "E", max: "TE", max_by: "K", min: "TE",
  min_by: "K",
};

const WHOLE_DIGITS = "rp = p - s + min(s, 1)";
/** How a result's parameters follow from those of the arguments. @type {Record<string, string>} */
const COMPUTED = {
  "ceil(decimal(p,s))": WHOLE_DIGITS,
  "ceiling(decimal(p,s))": WHOLE_DIGITS,
  "floor(decimal(p,s))": WHOLE_DIGITS,
  "concat(char(x), char(y))": "u = x + y",
  "mod(decimal(a_precision,a_scale), decimal(b_precision,b_scale))":
    "r_precision = min(b_precision - b_scale, a_precision - a_scale) + max(a_scale, b_scale); r_scale = max(a_scale, b_scale)",
  "regexp_replace(varchar(x), joniregexp, varchar(y))": "z = min(2147483647, x + max(x * y / 2, y) * (x + 1))",
  "render(varchar(x), color)": "y = min(2147483647, x + 15)",
  "replace(varchar(x), varchar(y), varchar(z))": "u = min(2147483647, x + z * (x + 1))",
  "round(decimal(p,s))": "rp = min(38, p - s + min(1, s)); rs = 0",
  "round(decimal(p,s), integer)": "rp = min(38, p + 1)",
  "to_iso8601(timestamp(p))": "n = 22 + p + min(p, 1)",
  "to_iso8601(timestamp(p) with time zone)": "n = 28 + p + min(p, 1)",
  "truncate(decimal(p,s))": "rp = max(p - s, 1)",
  "url_encode(varchar(x))": "y = min(2147483647, x * 12)",
};

/** Type variables are written in upper case, numbers in lower. @param {string} types */
function withVariables(types) {
  return types.replace(/\b(?:decimal|varchar|char|time|timestamp)\([^()]*\)|\b[A-Za-z][0-9]?\b/g, (found) =>
    found.includes("(") ? found : found.toUpperCase());
}

/** @param {[string, string, string, string, boolean]} row */
function line([name, result, given, kind, deterministic]) {
  const parameters = withVariables(given);
  const signature = `${name}(${parameters})`;
  const notes = [];
  if (kind !== "scalar") notes.push(kind);
  if (!deterministic) notes.push("random");
  if (VARIADIC.has(signature)) notes.push("variadic");
  const variables = new Set(parameters.match(/\b[A-Z][0-9]?\b/g));
  for (const variable of variables) {
    if (COMPARABLE[name] === variable) notes.push(`${variable} comparable`);
    if (ORDERABLE[name]?.includes(variable)) notes.push(`${variable} orderable`);
    if (name === "array_join") notes.push(`${variable} castable varchar`);
  }
  if (COMPUTED[signature]) notes.push(COMPUTED[signature]);
  return [name, parameters, withVariables(result), notes.join("; ")].join("\t");
}

/** @type {{ rows: [string, string, string, string, boolean][] }} */
const { rows } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const lines = rows.filter(([, , , kind]) => kind !== "table").map(line);
console.log("# Trino 476's functions, from SHOW FUNCTIONS, made by functions.mjs: name, arguments, result, notes.");
console.log([...new Set(lines)].sort((a, b) => (a < b ? -1 : 1)).join("\n"));
