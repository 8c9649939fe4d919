import assert from "node:assert/strict";
import { test } from "node:test";
import { closingLines, totals } from "./closing.mjs";

const OUTPUT = `running 3 tests
test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
ℹ tests 5
ℹ pass 4
ℹ fail 1
\u001b[32m      Tests  \u001b[39m2 passed (2)
`;

test("the runners' closing lines are found in their output", () => {
  assert.deepEqual(totals(closingLines(OUTPUT)), { passed: 9, failures: 1, skipped: 1 });
});

test("a test program without tests is no news", () => {
  assert.equal(closingLines(OUTPUT).filter((line) => line.startsWith("test result")).length, 1);
});
