// The relay's command line.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startRelay } from "./relay.mjs";

const HELP = `node tools/relay.mjs --policy-url URL --token-file FILE --groups FILE [--listen HOST:PORT] [--refresh SECONDS]

  --policy-url URL   the gateway's policy, e.g. https://lake.example/internal/policy
  --token-file FILE  holds the engine's credential (the gateway's POLICY_TOKEN)
  --groups FILE      is written for Trino's file group provider
  --listen HOST:PORT where Trino fetches the rules (127.0.0.1:8791); whoever reaches it can read the whole policy
  --refresh SECONDS  between two fetches (1); give Trino the same security.refresh-period and file.refresh-period
`;

/**
 * @param {string[]} args
 * @returns {{ policyUrl: string, tokenFile: string, groupsPath: string, host: string, port: number, refreshMs: number } | undefined} undefined when only the help was asked for
 */
export function parseRelayArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      "policy-url": { type: "string" },
      "token-file": { type: "string" },
      groups: { type: "string" },
      listen: { type: "string", default: "127.0.0.1:8791" },
      refresh: { type: "string", default: "1" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  const { "policy-url": policyUrl, "token-file": tokenFile, groups: groupsPath } = values;
  if (!policyUrl || !tokenFile || !groupsPath) throw new Error("--policy-url, --token-file and --groups are needed; --help says what they are");
  if (!URL.canParse(policyUrl)) throw new Error(`--policy-url is \`${policyUrl}\`, which is not a URL`);
  const address = URL.parse(`http://${values.listen}`);
  if (!address?.port) throw new Error(`--listen is \`${values.listen}\`; it looks like 127.0.0.1:8791`);
  const refreshMs = Number(values.refresh) * 1000;
  if (!(refreshMs >= 100 && refreshMs <= 60_000)) throw new Error(`--refresh is \`${values.refresh}\`; it has to be between 0.1 and 60 seconds`);
  return { policyUrl, tokenFile, groupsPath, host: address.hostname.replace(/^\[|\]$/g, ""), port: Number(address.port), refreshMs };
}

/** @param {string[]} args */
export async function main(args) {
  const parsed = parseRelayArguments(args);
  if (!parsed) return void process.stdout.write(HELP);
  const { tokenFile, refreshMs, ...others } = parsed;
  const say = (/** @type {string} */ message) => void process.stdout.write(`${new Date().toISOString()} ${message}\n`);
  const relay = await startRelay({ ...others, refreshMs, groupRefreshMs: refreshMs, token: () => readFileSync(tokenFile, "utf8").trim(), say });
  say(`serving http://${others.host}:${others.port}/`);
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => void relay.stop());
}
