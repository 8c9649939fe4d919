// A way for tests to disturb the policy's way to the engine: a proxy on loopback that can be told to fail.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * `ok` passes on; `down` drops the connection; `delay` answers after `delayMs`; `corrupt` damages the document;
 * `error` answers 500.
 * @typedef {"ok" | "down" | "delay" | "corrupt" | "error"} PolicyFault
 */

/**
 * @param {{ port: number, target: string }} options the gateway's address
 */
export async function startPolicyProxy({ port, target }) {
  /** @type {PolicyFault} */
  let mode = "ok";
  let delayMs = 30_000;
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    answer(request, response).catch(() => response.destroy());
  });

  /** @param {import("node:http").IncomingMessage} request @param {import("node:http").ServerResponse} response */
  async function answer(request, response) {
    const fault = mode;
    if (fault === "down") return void request.socket.destroy();
    if (fault === "delay") await sleep(delayMs);
    if (fault === "error") return void response.writeHead(500).end("the proxy was told to fail");
    const headers = { ...request.headers };
    delete headers.host;
    delete headers.connection;
    // A damaged answer needs a body to damage: without the tag the gateway sends one.
    if (fault === "corrupt") delete headers["if-none-match"];
    const body = request.method === "GET" ? undefined : Buffer.concat(await request.toArray());
    const upstream = await fetch(`${target}${request.url}`, { method: request.method, headers: /** @type {any} */ (headers), body });
    const bytes = Buffer.from(await upstream.arrayBuffer());
    const sent = fault === "corrupt" ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes;
    const answerHeaders = Object.fromEntries([...upstream.headers].filter(([name]) => !["content-length", "content-encoding", "transfer-encoding", "connection"].includes(name)));
    if (fault === "corrupt") answerHeaders.etag = '"corrupt"';
    response.writeHead(upstream.status, answerHeaders);
    response.end(sent);
  }

  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    /** @param {PolicyFault} fault @param {{ delayMs?: number }} [options] */
    set(fault, options = {}) {
      mode = fault;
      delayMs = options.delayMs ?? delayMs;
    },
    /** How often the engine has asked. */
    requests: () => requests,
    stop: () => new Promise((resolve) => {
      server.close(() => resolve(undefined));
      server.closeAllConnections();
    }),
  };
}
