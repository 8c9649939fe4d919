// What Trino's command line and JDBC driver have to find, whichever engine is behind the gateway.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserOf } from "./clients.mjs";
import { ANALYST, CLOSED, PHONE, PHONE_OF_THE_FIRST, openSession } from "./govern.mjs";
import { runCli, runJdbc } from "./java-clients.mjs";
import { eventually } from "./platform.mjs";

/** Minutes of work for any engine, without a row until its end. */
const SLOW = "SELECT count(*) FROM tpch.tiny.lineitem a CROSS JOIN tpch.tiny.lineitem b CROSS JOIN tpch.tiny.nation c WHERE a.partkey + b.partkey + c.nationkey = -1";

/** @typedef {import("./govern.mjs").Platform & { tlsUrl: string, caFile: string, token: (email: string) => Promise<string> }} Platform */

/**
 * Defines the tests. The platform has to be as `openTpch` leaves it when they run.
 * @param {object} options
 * @param {import("./java-clients.mjs").JavaClients | undefined} options.clients
 * @param {string | undefined} options.skip
 * @param {() => Platform} options.platform
 */
export function testJavaClients({ clients: found, skip, platform }) {
  const clients = /** @type {import("./java-clients.mjs").JavaClients} */ (found);
  const connection = async () => {
    const { tlsUrl, caFile, token } = platform();
    return { tlsUrl, caFile, user: ANALYST, token: await token(ANALYST) };
  };
  const cli = async (/** @type {string} */ statements, /** @type {string[]} */ options = []) => runCli(clients, await connection(), statements, options);
  const jdbc = async (/** @type {string[][]} */ tasks, /** @type {Partial<Parameters<typeof runJdbc>[1]>} */ options = {}) => runJdbc(clients, { ...(await connection()), ...options }, tasks);

  test("CLI: queries and listings over TLS, the token as password or as access token", { skip }, async () => {
    const nations = "SELECT name FROM tpch.tiny.nation WHERE nationkey < 2 ORDER BY 1";
    assert.deepEqual(await cli(nations).then(({ code, output }) => [code, output]), [0, '"ALGERIA"\n"ARGENTINA"\n']);
    const bearer = await runCli(clients, { ...(await connection()), credential: "accessToken" }, nations);
    assert.equal(bearer.output, '"ALGERIA"\n"ARGENTINA"\n', bearer.errors);
    const listed = await cli("SHOW TABLES; SHOW SCHEMAS; USE tpch.tiny; PREPARE p FROM SELECT name FROM nation WHERE nationkey = ?; EXECUTE p USING 3", ["--catalog", "tpch", "--schema", "tiny"]);
    assert.equal(listed.code, 0, listed.errors);
    for (const line of ['"nation"', '"supplier"', '"tiny"', '"CANADA"']) assert.ok(listed.output.split("\n").includes(line), `${line} is missing:\n${listed.output}`);
  });

  test("CLI: a refusal says what to do next", { skip }, async () => {
    const { code, errors } = await cli(`SELECT * FROM ${CLOSED}`);
    assert.equal(code, 1);
    assert.ok(errors.includes(`Access Denied: table \`${CLOSED}\` awaits review`), errors);
    assert.ok(errors.includes(`/requests/new?table=${CLOSED}`), errors);
    const wrong = await runCli(clients, { ...(await connection()), token: "tlp_wrong" }, "SELECT 1");
    assert.equal(wrong.code, 1);
    assert.match(wrong.errors, /Authentication failed/);
  });

  test("CLI: a PII session by SET SESSION and by option", { skip }, async () => {
    const id = await openSession(platform());
    const flipped = await cli(`${PHONE_OF_THE_FIRST}; SET SESSION pii_session = '${id}'; ${PHONE_OF_THE_FIRST}; RESET SESSION pii_session; ${PHONE_OF_THE_FIRST}`);
    assert.equal(flipped.code, 0, flipped.errors);
    const shown = flipped.output.split("\n").filter((line) => line.startsWith('"'));
    assert.deepEqual(shown.map((line) => line === `"${PHONE}"`), [false, true, false], flipped.output);
    const { output, errors } = await cli(PHONE_OF_THE_FIRST, ["--session", `pii_session=${id}`]);
    assert.equal(output, `"${PHONE}"\n`, errors);
  });

  test("JDBC: values, parameters and metadata", { skip }, async () => {
    const prepared = ["prepared", "SELECT name FROM tpch.tiny.nation WHERE regionkey = ? AND name > ? ORDER BY name", "1", "B"];
    const expected = "name varchar(25): BRAZIL | CANADA | PERU | UNITED STATES";
    const seen = await jdbc([
      ["query", "SELECT 1, DATE '2020-01-01', TIMESTAMP '2020-01-01 00:00:00.123456', DECIMAL '1.50', 1e0, CAST(NULL AS varchar), ARRAY[1, 2], 'x', true"],
      prepared,
      ["execute", "USE tpch.tiny"],
      ["query", "SELECT count(*) FROM nation"],
      ["columns", "tpch", "tiny", "nation"],
      ["schemas", "tpch"],
      ["catalogs"],
      ["tables", "tpch", "tiny"],
      ["query", `SELECT * FROM ${CLOSED}`],
    ]);
    assert.deepEqual(seen.slice(0, 5), [
      "1,2020-01-01,2020-01-01 00:00:00.123456,1.50,1.0,null,[1, 2],x,true",
      expected,
      "rows false",
      "25",
      "nationkey,bigint,-5 | name,varchar(25),12 | regionkey,bigint,-5 | comment,varchar(152),12",
    ]);
    const [schemas, catalogs, tables, refusal] = seen.slice(5);
    assert.ok(schemas.split(" | ").includes("tiny,tpch"), schemas);
    assert.ok(catalogs.split(" | ").includes("tpch"), catalogs);
    assert.deepEqual(tables.split(" | ").filter((table) => /nation|supplier/.test(table)), ["tpch,tiny,nation,TABLE", "tpch,tiny,supplier,TABLE"]);
    assert.match(refusal, /^error 4: Query failed .* Access Denied: table `tpch\.tiny\.supplier` awaits review/);
    // Without PREPARE, and with the token as a password: as tools set it that send each statement anew.
    assert.deepEqual(await jdbc([prepared], { credential: "password", parameters: { explicitPrepare: "false" } }), [expected]);
  });

  test("JDBC: unreviewed columns are in no metadata", { skip }, async () => {
    const [columns] = await jdbc([["columns", "tpch", "tiny", "supplier"]]);
    assert.equal(columns, "");
  });

  test("JDBC: a PII session by SET SESSION and by the address", { skip }, async () => {
    const id = await openSession(platform());
    const [masked, set, lifted] = await jdbc([["query", PHONE_OF_THE_FIRST], ["execute", `SET SESSION pii_session = '${id}'`], ["query", PHONE_OF_THE_FIRST]]);
    assert.notEqual(masked, PHONE);
    assert.deepEqual([set, lifted], ["rows false", PHONE]);
    assert.deepEqual(await jdbc([["query", PHONE_OF_THE_FIRST]], { parameters: { sessionProperties: `pii_session:${id}` } }), [PHONE]);
  });

  test("JDBC: a cancelled query ends for the tool and in the engine", { skip }, async () => {
    const [cancelled, after] = await jdbc([["cancel", SLOW], ["query", "SELECT 2"]]);
    // The driver's own words, with any engine: it no longer asks for the rest.
    assert.match(cancelled, /^cancelled: /);
    assert.equal(after, "2");
    const ines = await browserOf(platform(), "ines@corp.example");
    await eventually(
      async () => (await ines("GET", "/api/audit?limit=100")).body.events,
      (events) => {
        const started = events.find((/** @type {any} */ event) => event.kind === "query_started" && event.statement === SLOW);
        return events.some((/** @type {any} */ event) => event.kind === "query_completed" && event.query_id === started?.query_id && event.outcome === "canceled");
      },
      { what: "the end of the cancelled query in the audit" });
  });
}
