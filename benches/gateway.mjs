// What the gateway costs: latency of `SELECT 1` and a million rows through it, against the engine directly.
// `node benches/gateway.mjs [--rounds N]`; needs what `npm test` has set up. Prints one JSON object.
import { createSecretKey } from "node:crypto";
import { SignJWT } from "jose";
import { startTestPlatform } from "../tests/support/platform.mjs";

const USER = "ana@corp.example";
const MILLION = `SELECT l.orderkey, l.partkey, l.suppkey FROM tpch.tiny.lineitem l
  CROSS JOIN (SELECT orderkey FROM tpch.tiny.orders ORDER BY orderkey LIMIT 17) n`;
const at = process.argv.indexOf("--rounds");
const rounds = at > 0 ? Number(process.argv[at + 1]) : 100;

const platform = await startTestPlatform();
try {
  const gateway = { url: platform.url, headers: { authorization: `Bearer ${await platform.token(USER)}` } };
  const direct = { url: platform.engineUrl, headers: await engineHeaders() };
  const latency = await alternate(rounds, "SELECT 1", { direct, gateway });
  const million = await alternate(3, MILLION, { direct, gateway });
  const rows = million.gateway.rows;
  console.log(JSON.stringify({
    latency_ms: { rounds, direct: spread(latency.direct.millis), gateway: spread(latency.gateway.millis) },
    million: {
      rows, bytes: million.gateway.bytes,
      direct_rows_per_second: Math.round(rows / (Math.min(...million.direct.millis) / 1000)),
      gateway_rows_per_second: Math.round(rows / (Math.min(...million.gateway.millis) / 1000)),
    },
  }, null, 2));
} finally {
  await platform.stop();
}

/** What the gateway sends to the engine for a person. */
async function engineHeaders() {
  const key = createSecretKey(Buffer.from(platform.secrets.value("engine-jwt-key"), "base64"));
  const token = await new SignJWT({}).setProtectedHeader({ alg: "HS256" }).setSubject("gateway").setExpirationTime("1h").sign(key);
  return { authorization: `Bearer ${token}`, "x-trino-user": USER, "x-trino-original-user": USER, "x-forwarded-proto": "http" };
}

/**
 * Runs a statement in turn on each side, so that both meet the same moods of the machine.
 * @template {string} Side
 * @param {number} count @param {string} sql @param {Record<Side, { url: string, headers: Record<string, string> }>} sides
 */
async function alternate(count, sql, sides) {
  const seen = /** @type {Record<Side, { millis: number[], rows: number, bytes: number }>} */ ({});
  for (let round = -2; round < count; round++) {
    for (const side of /** @type {Side[]} */ (Object.keys(sides))) {
      const started = performance.now();
      const { rows, bytes } = await run(sides[side], sql);
      const entry = (seen[side] ??= { millis: [], rows, bytes });
      // The first two rounds warm both sides up.
      if (round >= 0) entry.millis.push(performance.now() - started);
    }
  }
  return seen;
}

/** @param {{ url: string, headers: Record<string, string> }} side @param {string} sql */
async function run({ url, headers }, sql) {
  let [rows, bytes] = [0, 0];
  let response = await fetch(`${url}/v1/statement`, { method: "POST", body: sql, headers });
  for (;;) {
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${text.slice(0, 300)}`);
    bytes += text.length;
    const page = JSON.parse(text);
    if (page.error) throw new Error(page.error.message);
    rows += page.data?.length ?? 0;
    if (!page.nextUri) return { rows, bytes };
    response = await fetch(page.nextUri, { headers });
  }
}

/** @param {number[]} millis */
function spread(millis) {
  const sorted = millis.toSorted((a, b) => a - b);
  const rank = (/** @type {number} */ part) => Number(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))].toFixed(2));
  return { p50: rank(0.5), p90: rank(0.9), p99: rank(0.99) };
}
