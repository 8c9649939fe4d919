// The whole platform with a real Trino as its engine: the relay, the gateway, Trino, in the order of docs/trino.md.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../tools/platform/ports.mjs";
import { openSecrets } from "../../tools/platform/secrets.mjs";
import { eventually, startTestPlatform } from "./platform.mjs";
import { startRelayProgram, startTrino } from "./trino.mjs";

/**
 * @param {object} options
 * @param {import("./trino.mjs").Installation} options.installation
 * @param {string} options.home
 * @param {import("./trino.mjs").CatalogSettings} options.catalogs
 * @param {Partial<import("../../tools/platform/platform.mjs").Options>} [options.platform]
 */
export async function startTrinoPlatform({ installation, home, catalogs, platform: others }) {
  const folder = join(home, "trino");
  mkdirSync(folder, { recursive: true });
  const secrets = openSecrets(home);
  const [port, trinoPort, relayPort] = [others?.port ?? (await freePort()), await freePort(), await freePort()];
  const [url, groupFile] = [`http://127.0.0.1:${port}`, join(folder, "groups.txt")];
  /** @type {(() => unknown)[]} */
  const undo = [];
  const stop = async () => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    const relay = startRelayProgram({ policyUrl: `${url}/internal/policy`, tokenFile: secrets.file("policy-token"), groupFile, port: relayPort, folder });
    undo.push(() => relay.stop());
    // Trino starts only with a policy, and the platform is complete only with its engine.
    const starting = startTestPlatform({ demo: false, ...others, home, port, engineUrl: `http://127.0.0.1:${trinoPort}` });
    starting.then((platform) => undo.push(() => platform.stop()), () => {});
    await Promise.race([starting, relay.failed, eventually(relay.hasPolicy, (has) => has, { withinMs: 120_000, what: "the first policy" })]);
    const trino = await startTrino({
      installation, folder, port: trinoPort, catalogs,
      governance: {
        relayUrl: relay.url, groupFile, jwtKeyFile: secrets.file("engine-jwt-key"),
        eventsUrl: `${url}/internal/events`, policyToken: secrets.value("policy-token"),
      },
    });
    undo.push(() => trino.stop());
    return { platform: await starting, trino, relay, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
