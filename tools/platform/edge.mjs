// What stands in front of the Workers: TLS, Access, and a proxy that passes bytes on as they come.
import { createServer as createHttpServer, Agent, request as httpRequest } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { assertionHeader, fail } from "./access.mjs";

/** Headers of one connection, not of the message. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]);

/** What only the edge may say; a client's own are dropped. */
const EDGE_ONLY = new Set([assertionHeader, "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-forwarded-prefix", "x-real-ip", "cf-connecting-ip", "cf-access-authenticated-user-email"]);

/** Addresses of `localhost`; a machine without IPv6 lacks the second. */
const ADDRESSES = ["127.0.0.1", "::1"];

/**
 * @typedef {object} Edge
 * @property {() => Promise<void>} stop
 */

/**
 * @param {object} options
 * @param {number} options.port
 * @param {number} options.tlsPort
 * @param {number} options.upstreamPort where `wrangler dev` listens
 * @param {import("./certificates.mjs").Certificates} options.certificates
 * @param {import("./access.mjs").Access} options.access
 * @returns {Promise<Edge>}
 */
export async function startEdge({ port, tlsPort, upstreamPort, certificates, access }) {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const handler = (/** @type {"http" | "https"} */ scheme) => (/** @type {Incoming} */ request, /** @type {Outgoing} */ response) => {
    handle(request, response, { scheme, upstreamPort, agent, access }).catch((error) => {
      if (!response.headersSent) fail(response, 500, "edge-failed", `the local edge failed: ${error.message}`);
      else response.destroy(error);
    });
  };
  const tls = { key: certificates.key, cert: certificates.certificate };
  const servers = ADDRESSES.flatMap((address) => [
    { server: createHttpServer(handler("http")), port, address },
    { server: createHttpsServer(tls, handler("https")), port: tlsPort, address },
  ]);
  for (const { server, port, address } of servers) {
    // Long polls and slow result pages are usual; the Workers decide how long is too long.
    server.requestTimeout = 0;
    server.keepAliveTimeout = 65_000;
    await listen(server, port, address);
  }
  return {
    async stop() {
      await Promise.all(servers.map(({ server }) => new Promise((resolve) => {
        server.close(() => resolve(undefined));
        server.closeAllConnections();
      })));
      agent.destroy();
    },
  };
}

/** @typedef {import("node:http").IncomingMessage} Incoming */
/** @typedef {import("node:http").ServerResponse} Outgoing */

/** @param {import("node:net").Server} server @param {number} port @param {string} address */
function listen(server, port, address) {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const code = /** @type {NodeJS.ErrnoException} */ (error).code ?? "";
      if (address === "::1" && ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EADDRINUSE"].includes(code)) resolve(undefined);
      else reject(error);
    });
    server.listen(port, address, () => resolve(undefined));
  });
}

/**
 * @param {Incoming} request
 * @param {Outgoing} response
 * @param {{ scheme: "http" | "https", upstreamPort: number, agent: Agent, access: import("./access.mjs").Access }} context
 */
async function handle(request, response, { scheme, upstreamPort, agent, access }) {
  const url = new URL(request.url ?? "/", "http://edge");
  if (await access.answer(request, response, url)) return;
  const upstream = httpRequest({
    host: "127.0.0.1",
    port: upstreamPort,
    agent,
    method: request.method,
    path: request.url,
    headers: upstreamHeaders(request, scheme, access),
    setDefaultHeaders: false,
  });
  upstream.on("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer.rawHeaders, () => true));
    answer.pipe(response);
    answer.on("error", (error) => response.destroy(error));
  });
  upstream.on("error", (error) => {
    if (response.headersSent) response.destroy(error);
    else fail(response, 503, "workers-unavailable", "the Workers do not answer at the moment", "they are being started again; try once more in a few seconds");
  });
  response.on("close", () => {
    if (!response.writableFinished) upstream.destroy();
  });
  request.pipe(upstream);
}

/**
 * @param {Incoming} request
 * @param {"http" | "https"} scheme
 * @param {import("./access.mjs").Access} access
 * @returns {string[]} names and values in turn
 */
function upstreamHeaders(request, scheme, access) {
  const headers = endToEnd(request.rawHeaders, (name) => !EDGE_ONLY.has(name));
  headers.push("X-Forwarded-Proto", scheme, "X-Forwarded-Host", request.headers.host ?? "");
  headers.push("CF-Connecting-IP", request.socket.remoteAddress ?? "");
  const assertion = access.assertion(request);
  if (assertion) headers.push("Cf-Access-Jwt-Assertion", assertion);
  // A body of unknown length is passed on in chunks, as it comes.
  if (request.headers["transfer-encoding"]) headers.push("Transfer-Encoding", "chunked");
  return headers;
}

/**
 * @param {string[]} raw names and values in turn
 * @param {(name: string) => boolean} keep
 */
function endToEnd(raw, keep) {
  const kept = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index].toLowerCase();
    if (!HOP_BY_HOP.has(name) && keep(name)) kept.push(raw[index], raw[index + 1]);
  }
  return kept;
}
