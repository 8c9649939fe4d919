// The platform's secrets: made once, one file each, readable by their owner only.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { readText, writeWhole } from "./files.mjs";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

/** File name of each secret and how it is made. */
const RECIPES = {
  /** HMAC key of the tokens by which the gateway speaks to the engine; base64. */
  "engine-jwt-key": () => randomBytes(32).toString("base64"),
  /** The engine's credential towards the gateway. */
  "policy-token": () => randomBytes(32).toString("base64url"),
  /** HMAC key of the `/t/<claims>.<mac>` prefix; base64. */
  "url-key": () => randomBytes(32).toString("base64"),
  /** The supervisor's credential for ticking crons. */
  "cron-token": () => randomBytes(32).toString("base64url"),
  /** Lifeguard's credential towards the IAM. */
  "iam-token": () => randomBytes(32).toString("base64url"),
  /** Passwords of the local Postgres: its owner, and the engine's reader. */
  "postgres-owner": () => randomBytes(24).toString("base64url"),
  "postgres-reader": () => randomBytes(24).toString("base64url"),
  /** The key by which the local issuer signs as Cloudflare Access does. */
  "access-key.pem": () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
};

/** @typedef {keyof typeof RECIPES} SecretName */
/** @typedef {{ value: (name: SecretName) => string, file: (name: SecretName) => string, keep: (name: string, text: string) => string }} Secrets */

/**
 * @param {string} home
 * @returns {Secrets}
 */
export function openSecrets(home) {
  const folder = join(home, "secrets");
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  chmodSync(folder, PRIVATE_FOLDER);
  const file = (/** @type {string} */ name) => join(folder, name);
  for (const [name, make] of Object.entries(RECIPES)) {
    if (readText(file(name)) === undefined) writeWhole(file(name), make(), PRIVATE_FILE);
  }
  return {
    value: (name) => readText(file(name)) ?? "",
    file,
    /** Keeps a text that another part reads from a file, and says where. */
    keep(name, text) {
      writeWhole(file(name), text, PRIVATE_FILE);
      return file(name);
    },
  };
}
