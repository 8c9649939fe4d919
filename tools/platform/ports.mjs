// Which TCP ports the parts listen on; all of them on the loopback interface.
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** A port that a person or script relies on is taken. */
export class PortError extends Error {
  /** @param {number} port @param {string} what @param {string} variable @param {string} reason */
  constructor(port, what, variable, reason) {
    super(`port ${port} for ${what} ${reason}; stop what uses it (\`ss -ltnp\` or \`lsof -i :${port}\` names it), or choose another: ${variable}=<port> npm start`);
    this.name = "PortError";
  }
}

/**
 * The port number of an environment variable.
 * @param {string} variable
 * @param {number} otherwise
 */
export function portFrom(variable, otherwise) {
  const text = process.env[variable];
  if (!text) return otherwise;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Error(`${variable} is \`${text}\`, which is not a port number (1 to 65535)`);
  }
  return port;
}

/** @param {number} port @returns {Promise<number | NodeJS.ErrnoException>} */
function tryPort(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(port)));
  });
}

/**
 * @param {number} port
 * @param {string} what
 * @param {string} variable the environment variable that chooses another
 */
export async function assertFree(port, what, variable) {
  const result = await tryPort(port);
  if (typeof result === "number") return;
  throw new PortError(port, what, variable, result.code === "EACCES" ? "may not be used by this user" : "is already in use");
}

/**
 * Below the ports that systems give to outgoing connections (Linux: from 32768, others: from 49152). One of those could
 * be taken by any connection before its program listens; asking in vain whether something answers there can even connect
 * to itself and take it.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const TRIES = 100;

/** A port that was free a moment ago, the preferred one if it is. @param {number} [preferred] */
export async function freePort(preferred = randomInt(FIRST_PORT, LAST_PORT)) {
  for (let tries = 0, port = preferred; tries < TRIES; tries += 1, port = randomInt(FIRST_PORT, LAST_PORT)) {
    if (typeof (await tryPort(port)) === "number") return port;
  }
  throw new Error(`none of ${TRIES} ports between ${FIRST_PORT} and ${LAST_PORT} on 127.0.0.1 is free`);
}
