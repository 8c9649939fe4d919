import assert from "node:assert/strict";
import { test } from "node:test";
import { statement } from "./corpus.mjs";

test("a benchmark's template becomes a statement", () => {
  const template = 'SELECT *\nFROM "${database}"."${schema}"."${prefix}orders" -- ${other}\n;\n';
  assert.equal(statement(template), 'SELECT *\nFROM "tpch"."tiny"."orders" -- ${other}\n\n');
});
