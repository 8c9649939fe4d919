// Addresses and settings of one run, as each part is told them.

/**
 * @typedef {object} Addresses
 * @property {string} url the gateway's, over plain http
 * @property {string} tlsUrl
 * @property {readonly string[]} origins all that people may write in their browser
 * @property {string} engineUrl
 * @property {string} iamUrl
 */

/**
 * A classifier model behind an OpenAI-compatible endpoint.
 * @typedef {{ url: string, name: string, key?: string }} Model
 */

const REFRESH_SECONDS = "1";
/** A membership that the IAM has not confirmed for so long no longer counts. */
const IAM_MAX_AGE_SECONDS = "30";

/** What the tokens of the local Access are made for. */
export const audience = "townlake-local";

/**
 * @param {{ gateway: number, tls: number, engine: number }} ports
 * @param {{ engineUrl?: string, iamUrl: string }} others
 * @returns {Addresses}
 */
export function addressesOf(ports, { engineUrl, iamUrl }) {
  const url = `http://127.0.0.1:${ports.gateway}`;
  const tlsUrl = `https://localhost:${ports.tls}`;
  const origins = [url, `http://localhost:${ports.gateway}`, tlsUrl, `https://127.0.0.1:${ports.tls}`];
  return { url, tlsUrl, origins, engineUrl: engineUrl ?? `http://127.0.0.1:${ports.engine}`, iamUrl };
}

/**
 * The Workers' variables and secrets.
 * @param {Addresses} addresses
 * @param {import("./secrets.mjs").Secrets} secrets
 * @param {Model} [model]
 * @returns {Parameters<typeof import("./workers.mjs").writeConfigs>[1]}
 */
export function workerSettings(addresses, secrets, model) {
  return {
    gateway: {
      vars: {
        ACCESS_TEAM_DOMAIN: addresses.url,
        ACCESS_AUD: audience,
        ENGINE_URL: addresses.engineUrl,
        PUBLIC_ORIGINS: addresses.origins.join(","),
        REFRESH_SECONDS,
      },
      secrets: {
        ENGINE_JWT_KEY: secrets.value("engine-jwt-key"),
        POLICY_TOKEN: secrets.value("policy-token"),
        URL_KEY: secrets.value("url-key"),
        CRON_TOKEN: secrets.value("cron-token"),
      },
    },
    lifeguard: {
      vars: { IAM_URL: addresses.iamUrl, IAM_MAX_AGE_SECONDS, REFRESH_SECONDS, PUBLIC_URL: addresses.url },
      secrets: { IAM_TOKEN: secrets.value("iam-token") },
    },
    skimmer: model ? { vars: { MODEL_URL: model.url, MODEL_NAME: model.name }, secrets: model.key ? { MODEL_KEY: model.key } : {} } : {},
    skipper: { vars: { PUBLIC_URL: addresses.url } },
  };
}

/**
 * The model of the environment, if one is named there.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Model | undefined}
 */
export function modelFrom({ TOWNLAKE_MODEL_URL: url, TOWNLAKE_MODEL_NAME: name, TOWNLAKE_MODEL_KEY: key }) {
  if (!url) return undefined;
  if (!name) throw new Error("TOWNLAKE_MODEL_URL is set, but not which model to ask there; set TOWNLAKE_MODEL_NAME too");
  if (!URL.canParse(url)) throw new Error(`TOWNLAKE_MODEL_URL is \`${url}\`, which is not a URL; it looks like http://127.0.0.1:11434/v1`);
  return { url, name, key: key || undefined };
}
