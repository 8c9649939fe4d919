// Logs in at the local issuer and prints a new personal access token, and nothing else.
import { defaultHome } from "../paths.mjs";
import { createToken } from "./client.mjs";
import { runningPlatform } from "./runfile.mjs";

/** @param {string[]} args */
export async function main(args) {
  const [email, ...rest] = args;
  if (!email || email.startsWith("-") || rest.length > 0) {
    process.stderr.write("usage: npm run -s token -- PERSON\nPERSON is an e-mail address of the directory, for example ana@corp.example\n");
    return 2;
  }
  const { url } = runningPlatform(defaultHome);
  process.stdout.write(`${await createToken(url, email)}\n`);
  return 0;
}
