// Keeps a program running: starts it again when it ends by itself, and ends all of it when asked.
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lineSplitter } from "../run.mjs";
import { readText } from "./files.mjs";

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 10_000;
/** A program that ran this long was healthy: the next pause is short again. */
const HEALTHY_AFTER_MS = 30_000;
const LARGEST_LOG = 20 * 1024 * 1024;
const LINES_IN_AN_ERROR = 15;
const ASK_EVERY_MS = 100;
/** How long a program's last words may take after its end. A grandchild that lives on would hold the pipe for ever. */
const LAST_WORDS_MS = 1_000;

/** Process groups that run now. However this process ends, short of being killed, they end with it. @type {Set<number>} */
const alive = new Set();
process.once("exit", () => {
  for (const pid of alive) signalGroup(pid, "SIGKILL");
});

/**
 * What happens to programs, for whoever keeps the whole of them.
 * @typedef {object} Events
 * @property {(part: string, supervised: Supervised) => void} onStart it is about to be started for the first time
 * @property {(message: string) => void} onRestart
 * @property {() => void} onPid a process id has changed
 */

/**
 * @typedef {object} Program
 * @property {string} part its short name
 * @property {string} name as a person would call it
 * @property {string} command
 * @property {string[]} args
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} env
 * @property {string} logFile
 * @property {NodeJS.Signals} [stopSignal]
 * @property {number} [graceMs] how long it may take to stop
 */

/**
 * @typedef {object} Supervised
 * @property {string} name
 * @property {() => Promise<void>} stop ends it and everything it started
 * @property {(signal: NodeJS.Signals) => void} kill signals all of it, as a fault would; it is then started again
 * @property {() => number | undefined} pid
 * @property {() => number} restarts
 * @property {() => string[]} lastLines
 * @property {Promise<never>} failed rejects when it ends before `settle` was called: something is wrong with it
 * @property {() => void} settle from now on it is started again when it ends
 */

/**
 * Starts a program and keeps it running.
 * @param {Program} program
 * @param {Events} events
 * @returns {Supervised}
 */
export function supervise(program, { onStart, onRestart, onPid }) {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  let child;
  /** @type {Promise<void>} */
  let ended = Promise.resolve();
  let stopping = false;
  let settled = false;
  let restarts = 0;
  let pause = FIRST_PAUSE_MS;
  /** @type {string[]} */
  let recent = [];
  /** @type {(error: Error) => void} */
  let fail = () => {};
  /** @type {Promise<never>} */
  const failed = new Promise((_resolve, reject) => (fail = reject));
  failed.catch(() => {});

  function start() {
    if (stopping) return;
    const started = Date.now();
    const log = openLog(program.logFile);
    // A process group of its own, so that nothing that it starts outlives it.
    child = spawn(program.command, program.args, { cwd: program.cwd, env: program.env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    onPid();
    recent = [];
    const lines = lineSplitter((line) => {
      recent.push(line);
      if (recent.length > LINES_IN_AN_ERROR) recent.shift();
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        log.write(chunk);
        lines.push(String(chunk));
      });
    }
    const running = child;
    if (running.pid) alive.add(running.pid);
    ended = new Promise((resolve) => {
      let over = false;
      const end = (/** @type {string} */ how) => {
        if (over) return;
        over = true;
        alive.delete(running.pid ?? 0);
        // What it started is of no use without it, and would hold its ports.
        signalGroup(running.pid, "SIGKILL");
        setTimeout(() => {
          for (const stream of [running.stdout, running.stderr]) stream?.destroy();
          log.end();
        }, LAST_WORDS_MS);
        resolve();
        afterwards(how, Date.now() - started);
      };
      running.once("error", (error) => end(`could not be started: ${error.message}`));
      running.once("exit", (code, signal) => end(signal ? `was ended by ${signal}` : `ended with code ${code}`));
    });
  }

  /** @param {string} how @param {number} ranMs */
  async function afterwards(how, ranMs) {
    if (stopping) return;
    if (!settled) {
      const said = recent.length > 0 ? `\n${recent.map((line) => `    ${line}`).join("\n")}` : "";
      fail(new Error(`${program.name} ${how} while starting; its log is ${program.logFile}${said}`));
      return;
    }
    if (ranMs > HEALTHY_AFTER_MS) pause = FIRST_PAUSE_MS;
    onRestart(`${program.name} ${how}; starting it again (log: ${program.logFile})`);
    restarts += 1;
    await sleep(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    start();
  }

  /** @type {Supervised} */
  const supervised = {
    name: program.name,
    async stop() {
      stopping = true;
      const pid = child?.pid;
      if (!pid) return;
      signalGroup(pid, program.stopSignal ?? "SIGTERM");
      const patience = new AbortController();
      await Promise.race([ended, sleep(program.graceMs ?? 8_000, undefined, { signal: patience.signal }).catch(() => {})]);
      patience.abort();
      signalGroup(pid, "SIGKILL");
      await ended;
    },
    kill: (signal) => signalGroup(child?.pid, signal),
    pid: () => child?.pid,
    restarts: () => restarts,
    lastLines: () => [...recent],
    failed,
    settle: () => void (settled = true),
  };
  onStart(program.part, supervised);
  start();
  return supervised;
}

/**
 * Waits until a program that was just started answers; from then on it is started again when it ends.
 * @param {Supervised} supervised
 * @param {() => Promise<boolean>} answers
 * @param {number} withinMs
 */
export async function untilReady(supervised, answers, withinMs) {
  const until = Date.now() + withinMs;
  // Looked at first at every step: asking on would keep this process alive long after the program has failed.
  while (!(await Promise.race([supervised.failed, answers()]))) {
    if (Date.now() > until) {
      throw new Error(`${supervised.name} was not ready within ${withinMs / 1000} s; the last lines of its log:\n${supervised.lastLines().join("\n")}`);
    }
    await sleep(ASK_EVERY_MS);
  }
  supervised.settle();
}

/**
 * Signals a process and all that share its group; one that is gone already is no error.
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
export function signalGroup(pid, signal) {
  if (!pid) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}

/** @param {number} pid */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/** @param {string} file */
function openLog(file) {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > LARGEST_LOG) renameSync(file, `${file}.old`);
  return createWriteStream(file, { flags: "a" });
}

/** The end of a log file. @param {string} file */
export const logTail = (file, lines = LINES_IN_AN_ERROR) => (readText(file) ?? "").trimEnd().split("\n").slice(-lines);
