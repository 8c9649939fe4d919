// Trino's own command line and JDBC driver on the embedded engine, over TLS with the local authority.
import { after, before } from "node:test";
import { openTpch, scan } from "./support/govern.mjs";
import { testJavaClients } from "./support/java-client-tests.mjs";
import { ensureJavaClients } from "./support/java-clients.mjs";
import { orSkip } from "./support/java.mjs";
import { startTestPlatform } from "./support/platform.mjs";

const { found: clients, skip } = await orSkip(ensureJavaClients);

/** @type {Awaited<ReturnType<typeof startTestPlatform>>} */
let platform;
before(async () => {
  if (!clients) return;
  platform = await startTestPlatform({ demo: false });
  await scan(platform);
  await openTpch(platform);
});
after(() => platform?.stop());

testJavaClients({ clients, skip, platform: () => platform });
