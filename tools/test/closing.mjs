// The lines in which a test runner says how it went.

const CARGO = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/;
const NODE = /^(?:ℹ|#) (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;
const VITEST = /^\s*Tests\s+.*\(\d+\)\s*$/;
const ESCAPES = /\u001b\[[\d;]*m/g;

/** Lines of cargo's that count nothing are left out. @param {string} output @returns {string[]} */
export function closingLines(output) {
  return output.replaceAll(ESCAPES, "").split("\n").filter((line) => {
    const cargo = CARGO.exec(line);
    if (cargo) return cargo[1] !== "0" || cargo[2] !== "0";
    return NODE.test(line) || VITEST.test(line);
  });
}

/** @param {readonly string[]} lines */
export function totals(lines) {
  const sum = { passed: 0, failures: 0, skipped: 0 };
  for (const line of lines) {
    const cargo = CARGO.exec(line);
    const node = NODE.exec(line);
    if (cargo) {
      sum.passed += Number(cargo[1]);
      sum.failures += Number(cargo[2]);
      sum.skipped += Number(cargo[3]);
    } else if (node) {
      if (node[1] === "pass") sum.passed += Number(node[2]);
      if (node[1] === "fail" || node[1] === "cancelled") sum.failures += Number(node[2]);
      if (node[1] === "skipped") sum.skipped += Number(node[2]);
    } else if (VITEST.test(line)) {
      sum.passed += Number(/(\d+) passed/.exec(line)?.[1] ?? 0);
      sum.failures += Number(/(\d+) failed/.exec(line)?.[1] ?? 0);
      sum.skipped += Number(/(\d+) skipped/.exec(line)?.[1] ?? 0);
    }
  }
  return sum;
}
