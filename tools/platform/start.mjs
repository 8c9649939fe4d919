// What `npm start` does after the bootstrap: set-up, platform, and the words for the person who started it.
import { parseArgs } from "node:util";
import { build } from "../build.mjs";
import { ensureWeb } from "../build/web.mjs";
import { workerNames } from "../build/workers.mjs";
import { defaultHome } from "../paths.mjs";
import { buildEngine, demoMade, engineExists } from "./engine.mjs";
import { readDirectory } from "./iam.mjs";
import { StoppedError, startPlatform } from "./platform.mjs";
import { assertFree, portFrom } from "./ports.mjs";
import { terminalReport } from "./report.mjs";
import { modelFrom } from "./settings.mjs";

const DEFAULT_SCALE = 1;
const LARGEST_SCALE = 100;

const HELP = `npm start [-- OPTION...]

  --no-demo          start empty: no demo data, no reviews, no grants
  --scale N          size of the demo's data, up to ${LARGEST_SCALE} (default ${DEFAULT_SCALE}: 2,000 accounts)
  --engine-url URL   use an engine that already runs, any that speaks Trino's protocol

  TOWNLAKE_PORT      port of the gateway (8787)
  TOWNLAKE_TLS_PORT  port of the gateway over TLS (8743)
  TOWNLAKE_HOME      folder of all state (.townlake); removing it is a fresh start
  TOWNLAKE_POSTGRES  postgres://user:password@host:port/database, added as a catalog named after the database;
                     name=postgres://... names it otherwise; several are separated by spaces
  TOWNLAKE_MODEL_URL, TOWNLAKE_MODEL_NAME, TOWNLAKE_MODEL_KEY
                     an OpenAI-compatible endpoint (its part before /chat/completions), its model and key: Skimmer
                     asks it about new columns; without one its own detectors decide
`;

/** @typedef {{ demo: boolean, scale: number | undefined, engineUrl: string | undefined }} Arguments */

/**
 * @param {string[]} args
 * @returns {Arguments | undefined} undefined when only the help was asked for
 */
export function parseStartArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      "no-demo": { type: "boolean", default: false },
      scale: { type: "string" },
      "engine-url": { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const scale = values.scale === undefined ? undefined : Number(values.scale);
  if (scale !== undefined && !(scale > 0 && scale <= LARGEST_SCALE)) {
    throw new Error(`--scale is \`${values.scale}\`; it has to be a number above 0 and up to ${LARGEST_SCALE}`);
  }
  return { demo: !values["no-demo"], scale, engineUrl: engineUrlFrom(values["engine-url"]) };
}

/** @param {string | undefined} text */
function engineUrlFrom(text) {
  if (text === undefined) return undefined;
  let url;
  try {
    url = new URL(text);
  } catch {
    throw new Error(`--engine-url is \`${text}\`, which is not a URL; it looks like http://127.0.0.1:8080`);
  }
  if (!["http:", "https:"].includes(url.protocol)) throw new Error(`--engine-url starts with \`${url.protocol}\`; it has to be http: or https:`);
  return url.origin;
}

/** @param {string[]} args */
export async function main(args) {
  const parsed = parseStartArguments(args);
  if (!parsed) {
    process.stdout.write(HELP);
    return 0;
  }
  const { demo, engineUrl } = parsed;
  const home = defaultHome;
  const report = terminalReport();
  const model = modelFrom(process.env);
  const port = portFrom("TOWNLAKE_PORT", 8787);
  const tlsPort = portFrom("TOWNLAKE_TLS_PORT", 8743);
  // Asked now, before minutes of compiling.
  await assertFree(port, "the gateway", "TOWNLAKE_PORT");
  await assertFree(tlsPort, "the gateway over TLS", "TOWNLAKE_TLS_PORT");

  const stopper = new AbortController();
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      if (!stopper.signal.aborted) report.say("\nstopping ...");
      stopper.abort();
    });
  }
  try {
    await prepare(report, { engine: !engineUrl, signal: stopper.signal });
    const scale = parsed.scale ?? demoMade(home)?.scale ?? DEFAULT_SCALE;
    const options = { home, port, tlsPort, demo, scale, engineUrl, postgres: process.env.TOWNLAKE_POSTGRES, model, report };
    const platform = await startPlatform(options, stopper.signal);
    introduce(platform, report);
    await new Promise((resolve) => {
      if (stopper.signal.aborted) resolve(undefined);
      stopper.signal.addEventListener("abort", resolve, { once: true });
    });
    await platform.stop();
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
  }
  report.say("stopped");
  return 0;
}

/**
 * Everything that has to be compiled, unless it is.
 * @param {import("./report.mjs").Report} report
 * @param {{ engine: boolean, signal?: AbortSignal }} options
 */
export async function prepare(report, { engine, signal }) {
  const { endRunning } = await import("../run.mjs");
  const end = () => endRunning();
  signal?.addEventListener("abort", end);
  try {
    if (engine && !engineExists()) report.say("  the engine's first compilation takes 15 to 20 minutes on two cores; later ones seconds");
    if (engine) await report.step("the engine is compiled", buildEngine);
    await report.step("the Workers are compiled", (progress) => build(workerNames, { quiet: true, onLine: progress }));
    await report.step("the web pages are built", ensureWeb);
  } catch (error) {
    throw signal?.aborted ? new StoppedError("stopped") : error;
  } finally {
    signal?.removeEventListener("abort", end);
  }
  if (signal?.aborted) throw new StoppedError("stopped");
}

/**
 * What a person needs to know to begin.
 * @param {import("./platform.mjs").Platform} platform
 * @param {import("./report.mjs").Report} report
 */
function introduce({ url, tlsUrl, caFile, home }, { say }) {
  const { people, groups } = readDirectory(home);
  const person = people[0]?.email ?? "you@corp.example";
  const token = `$(npm run -s token -- ${person})`;
  const mcp = { mcpServers: { townlake: { type: "http", url: `${url}/mcp`, headers: { Authorization: "Bearer TOKEN" } } } };
  say(`
Town Lake   ${url}
            ${tlsUrl}   (its CA: ${caFile})

People who can sign in`);
  for (const { email, name } of people.filter(({ active }) => active)) {
    const member = groups.filter(({ members }) => members.includes(email)).map((group) => group.name);
    say(`  ${email.padEnd(20)} ${name.padEnd(16)} ${member.join(", ")}`);
  }
  say(`
A token of one hour, for any client
  npm run -s token -- ${person}

Trino's command line
  TRINO_PASSWORD=${token} trino --server ${tlsUrl} --truststore-path ${caFile} --user ${person} --password

MCP in an IDE (with a token in the place of TOKEN)
  ${JSON.stringify(mcp)}

Logs are in ${home}/logs; Ctrl-C stops everything.
Town Lake is ready`);
}
