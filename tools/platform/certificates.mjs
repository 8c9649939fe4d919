// A certificate for https://localhost, and the local CA that clients are told to trust.
import "reflect-metadata";
import { mkdirSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { readText, writeWhole } from "./files.mjs";

const DAY_MS = 86_400_000;
/** Some clients refuse certificates that live longer than 825 days. */
const LIFETIME_DAYS = 800;
const RENEW_BEFORE_DAYS = 30;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
/** Node's, under the names of the web's types. */
const subtle = /** @type {SubtleCrypto} */ (/** @type {unknown} */ (webcrypto.subtle));
const NAMES = ["localhost", "127.0.0.1", "::1"];

/**
 * @typedef {{ caFile: string, certificate: string, key: string }} Certificates
 */

/**
 * The kept certificate, or a new one when there is none or it ends soon.
 * @param {string} home
 * @param {number} now milliseconds since 1970
 * @returns {Promise<Certificates>}
 */
export async function ensureCertificates(home, now) {
  const folder = join(home, "tls");
  const files = { ca: join(folder, "ca.pem"), certificate: join(folder, "localhost.pem"), key: join(folder, "localhost-key.pem") };
  const kept = { ca: readText(files.ca), certificate: readText(files.certificate), key: readText(files.key) };
  if (kept.ca && kept.certificate && kept.key) {
    const end = new x509.X509Certificate(kept.certificate).notAfter.getTime();
    if (end - now > RENEW_BEFORE_DAYS * DAY_MS) return { caFile: files.ca, certificate: kept.certificate, key: kept.key };
  }
  mkdirSync(folder, { recursive: true });
  const made = await make(now);
  writeWhole(files.ca, made.ca);
  writeWhole(files.certificate, made.certificate);
  writeWhole(files.key, made.key, 0o600);
  return { caFile: files.ca, certificate: made.certificate, key: made.key };
}

/** The CA's own key is used once and kept nowhere: nobody can sign anything else with it. @param {number} now */
async function make(now) {
  x509.cryptoProvider.set(/** @type {any} */ (webcrypto));
  const caKeys = await generateKeys();
  const validity = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + LIFETIME_DAYS * DAY_MS) };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: serial(),
    name: "CN=Town Lake local CA, O=Town Lake on this machine",
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const keys = await generateKeys();
  const names = NAMES.map((name) => /** @type {const} */ ({ type: isIP(name) ? "ip" : "dns", value: name }));
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity,
    serialNumber: serial(),
    subject: "CN=localhost",
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const key = await subtle.exportKey("pkcs8", keys.privateKey);
  return { ca: ca.toString("pem"), certificate: certificate.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
}

const generateKeys = () => subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

/** A positive number of 16 bytes. */
function serial() {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] & 0x7f) | 0x01;
  return Buffer.from(bytes).toString("hex");
}
