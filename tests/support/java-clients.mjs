// Trino's own clients, as their users run them: over TLS, trusting the local authority.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { root } from "../../tools/paths.mjs";
import { artifact, javaHome } from "./java.mjs";
import { VERSION } from "./trino.mjs";

/** The JDBC program is run from its source, for which a JDK is needed. */
const OLDEST_JAVA = 17;
const WITHIN_MS = 120_000;

/** @typedef {{ java: string, cli: string, jdbc: string }} JavaClients */

/**
 * Finds a Java, and fetches the clients when the cache lacks them.
 * @returns {Promise<JavaClients>}
 */
export async function ensureJavaClients() {
  const java = join(await javaHome(OLDEST_JAVA), "bin", "java");
  return { java, cli: await artifact(`io.trino:trino-cli:${VERSION}:jar:executable`), jdbc: await artifact(`io.trino:trino-jdbc:${VERSION}`) };
}

/**
 * Whom to be, and where; the token is sent as an access token or as a password.
 * @typedef {{ tlsUrl: string, caFile: string, user: string, token: string, credential?: "accessToken" | "password" }} Connection
 */

/**
 * Runs statements in the command line client.
 * @param {JavaClients} clients
 * @param {Connection} connection
 * @param {string} statements separated by semicolons
 * @param {string[]} [options]
 * @returns {Promise<{ code: number, output: string, errors: string }>}
 */
export function runCli({ java, cli }, { tlsUrl, caFile, user, token, credential = "password" }, statements, options = []) {
  const shown = credential === "password" ? ["--password"] : ["--access-token", token];
  const args = ["-jar", cli, "--server", tlsUrl, "--truststore-path", caFile, "--user", user, ...shown, ...options, "--execute", statements];
  return runJava(java, args, { TRINO_PASSWORD: token });
}

/**
 * Gives the JDBC driver tasks over one connection; `tests/clients/Jdbc.java` says which there are.
 * @param {JavaClients} clients
 * @param {Connection & { parameters?: Record<string, string> }} connection
 * @param {string[][]} tasks
 * @returns {Promise<string[]>} a line for each
 */
export async function runJdbc({ java, jdbc }, { tlsUrl, caFile, user, token, parameters = {}, credential = "accessToken" }, tasks) {
  const query = new URLSearchParams({ SSL: "true", SSLTrustStorePath: caFile, ...parameters });
  const address = `jdbc:trino://${new URL(tlsUrl).host}?${query}`;
  const words = tasks.flatMap((task, index) => (index === 0 ? task : ["--", ...task]));
  const args = ["-cp", jdbc, join(root, "tests", "clients", "Jdbc.java"), address, ...words];
  const { code, output, errors } = await runJava(java, args, { TOWNLAKE_USER: user, TOWNLAKE_TOKEN: token, TOWNLAKE_CREDENTIAL: credential });
  if (code !== 0) throw new Error(`the JDBC program ended with code ${code}: ${errors.slice(-2_000)}`);
  return output.trimEnd().split("\n");
}

/**
 * @param {string} java
 * @param {string[]} args
 * @param {Record<string, string>} environment
 * @returns {Promise<{ code: number, output: string, errors: string }>}
 */
function runJava(java, args, environment) {
  return new Promise((resolve) => {
    execFile(java, args, { env: { ...process.env, ...environment }, timeout: WITHIN_MS, maxBuffer: 16 << 20 }, (error, output, errors) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, output, errors });
    });
  });
}
