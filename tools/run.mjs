// Runs a program to its end: output passed on, kept, or both.
import { spawn } from "node:child_process";

/** A program that could not be started or ended badly; the message says which and how. */
export class CommandError extends Error {
  /**
   * @param {string} message
   * @param {{ code: number | null, output: string, missing: boolean }} details
   */
  constructor(message, { code, output, missing }) {
    super(message);
    this.name = "CommandError";
    this.code = code;
    this.output = output;
    /** Whether the program itself was not found. */
    this.missing = missing;
  }
}

/** What runs at the moment, to be ended when this process is told to stop. @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/** Ends every program that `run` is still waiting for. */
export function endRunning() {
  for (const child of running) child.kill("SIGTERM");
}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] the whole environment, not additions
 * @property {boolean} [quiet] keep the output instead of passing it on; it is in the error when there is one
 * @property {string} [input]
 * @property {(line: string) => void} [onLine] each line of either stream, as it comes
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<{ stdout: string, stderr: string }>}
 */
export function run(command, args, { cwd, env, quiet = false, input, onLine } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
    running.add(child);
    let stdout = "";
    let stderr = "";
    const lines = onLine && lineSplitter(onLine);
    child.stdout?.on("data", (chunk) => {
      stdout += chunk;
      lines?.push(String(chunk));
      if (!quiet) process.stdout.write(chunk);
    });
    child.stderr?.on("data", (chunk) => {
      stderr += chunk;
      lines?.push(String(chunk));
      if (!quiet) process.stderr.write(chunk);
    });
    child.stdin?.end(input);
    child.on("error", (error) => {
      running.delete(child);
      const missing = /** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT";
      const reason = missing ? "is not installed or not on the PATH" : `could not be started: ${error.message}`;
      reject(new CommandError(`\`${command}\` ${reason}`, { code: null, output: "", missing }));
    });
    child.on("close", (code, signal) => {
      running.delete(child);
      lines?.end();
      if (code === 0) return resolve({ stdout, stderr });
      const end = signal ? `was ended by ${signal}` : `ended with code ${code}`;
      const output = `${stdout}${stderr}`.trim();
      const shown = quiet && output ? `\n${output}` : "";
      reject(new CommandError(`\`${[command, ...args].join(" ")}\` ${end}${shown}`, { code, output, missing: false }));
    });
  });
}

/**
 * Turns chunks into lines.
 * @param {(line: string) => void} onLine
 */
export function lineSplitter(onLine) {
  let rest = "";
  return {
    /** @param {string} chunk */
    push(chunk) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) onLine(part.replace(/\r$/, ""));
    },
    end() {
      if (rest) onLine(rest);
      rest = "";
    },
  };
}
