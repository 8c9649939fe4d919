// Over TLS with the local authority, as the JDBC driver and the CLI come: both ways to send the token.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { runSql } from "./support/clients.mjs";
import { startTestPlatform } from "./support/platform.mjs";

/** @type {Awaited<ReturnType<typeof startTestPlatform>>} */
let platform;
before(async () => {
  platform = await startTestPlatform({ demo: false });
});
after(() => platform?.stop());

test("an empty platform answers over TLS, by bearer and by password", async () => {
  const user = "ana@corp.example";
  const token = await platform.token(user);
  for (const basic of [false, true]) {
    const [answer] = await runSql({ url: platform.tlsUrl, user, token, basic, verify: platform.caFile }, ["SELECT 1 AS one"]);
    assert.deepEqual(answer.rows, [[1]], JSON.stringify(answer));
  }
});
