// Java, and what the tests take from Maven Central: the clients of Trino and Trino itself. Not every machine has them.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { withLock } from "../../tools/build/lock.mjs";
import { cacheFolder } from "../../tools/paths.mjs";
import { run } from "../../tools/run.mjs";

const SYSTEM_JAVAS = "/usr/lib/jvm";
const COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";

/** Where artifacts are kept between runs. */
export const javaCache = join(cacheFolder, "java");

/** What the machine lacks for a test, in words for whoever reads why it was not run. */
export class NotHere extends Error {}

/**
 * The folder of a Java runtime of at least this version: `JAVA_HOME`, the one on the PATH, or one of the system's.
 * @param {number} oldest its major version
 * @returns {Promise<string>}
 */
export async function javaHome(oldest) {
  const system = existsSync(SYSTEM_JAVAS) ? readdirSync(SYSTEM_JAVAS).map((name) => join(SYSTEM_JAVAS, name)) : [];
  for (const folder of [process.env.JAVA_HOME, undefined, ...system]) {
    const found = await inspect(folder ? join(folder, "bin", "java") : "java");
    if (found && found.version >= oldest) return found.home;
  }
  throw new NotHere(`Java ${oldest} or later is not on this machine; set JAVA_HOME to one`);
}

/** @param {string} java @returns {Promise<{ home: string, version: number } | undefined>} */
async function inspect(java) {
  try {
    const { stderr } = await promisify(execFile)(java, ["-XshowSettings:properties", "-version"]);
    const home = /java\.home = (.*)/.exec(stderr)?.[1].trim();
    const version = Number(/java\.specification\.version = (\d+)/.exec(stderr)?.[1]);
    return home && version ? { home, version } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A file of Maven Central, fetched by Maven when it is not in the cache.
 * @param {string} coordinates `group:artifact:version[:type[:classifier]]`
 * @returns {Promise<string>} its path
 */
export async function artifact(coordinates) {
  const [, name, version, type = "jar", classifier] = coordinates.split(":");
  const file = join(javaCache, `${[name, version, classifier].filter(Boolean).join("-")}.${type}`);
  await withLock(join(javaCache, `${basename(file)}.lock`), async () => {
    if (existsSync(file)) return;
    mkdirSync(javaCache, { recursive: true });
    try {
      await run("mvn", ["-q", "-B", COPY, `-Dartifact=${coordinates}`, `-DoutputDirectory=${javaCache}`], { quiet: true });
    } catch (error) {
      const { missing } = /** @type {import("../../tools/run.mjs").CommandError} */ (error);
      throw new NotHere(missing ? "Maven (`mvn`) is not on this machine" : `Maven could not fetch ${coordinates}: ${/** @type {Error} */ (error).message}`);
    }
  });
  return file;
}

/**
 * What a test file needs, or why its tests are skipped.
 * @template T
 * @param {() => Promise<T>} find
 * @returns {Promise<{ found: T, skip?: undefined } | { found?: undefined, skip: string }>}
 */
export async function orSkip(find) {
  try {
    return { found: await find() };
  } catch (error) {
    if (error instanceof NotHere) return { skip: error.message };
    throw error;
  }
}
