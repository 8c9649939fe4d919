// What the person in front of the terminal reads: one line for each step, and signs of life for long ones.

const SIGN_OF_LIFE_MS = 5_000;
const WORTH_A_TIME_MS = 1_000;

/**
 * @typedef {object} Report
 * @property {(message: string) => void} say
 * @property {(message: string) => void} warn
 * @property {<T>(title: string, work: (progress: (detail: string) => void) => Promise<T>) => Promise<T>} step
 */

/** Prints to the terminal. @param {NodeJS.WritableStream} [stream] @returns {Report} */
export function terminalReport(stream = process.stdout) {
  const say = (/** @type {string} */ message) => void stream.write(`${message}\n`);
  return { say, warn: (message) => say(`! ${message}`), step: (title, work) => timed(title, work, say) };
}

/** Says nothing but warnings, for tests; they go where a test runner shows them. @returns {Report} */
export function quietReport() {
  return { say() {}, warn: (message) => void process.stderr.write(`! ${message}\n`), step: (_title, work) => work(() => {}) };
}

/**
 * @template T
 * @param {string} title
 * @param {(progress: (detail: string) => void) => Promise<T>} work
 * @param {(message: string) => void} say
 * @returns {Promise<T>}
 */
async function timed(title, work, say) {
  const started = Date.now();
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;
  let detail = "";
  let announced = false;
  const announce = () => {
    if (!announced) say(`  ${title} ...`);
    announced = true;
  };
  const first = setTimeout(announce, WORTH_A_TIME_MS);
  const life = setInterval(() => {
    announce();
    say(`    ${title}: ${seconds()}${detail ? `, ${detail}` : ""}`);
  }, SIGN_OF_LIFE_MS);
  try {
    const result = await work((text) => (detail = text));
    const took = Date.now() - started >= WORTH_A_TIME_MS ? ` (${seconds()})` : "";
    say(`✓ ${title}${took}`);
    return result;
  } catch (error) {
    say(`✗ ${title}`);
    throw error;
  } finally {
    clearTimeout(first);
    clearInterval(life);
  }
}
