// The same on a shop's real-shaped data, which our own generator did not make.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "../tools/paths.mjs";
import { browserOf, queryPostgres, runSql } from "./support/clients.mjs";
import { eventually, startTestPlatform } from "./support/platform.mjs";

const DATA = join(root, "..", "shared", "data", "chinook");
const ANA = "ana@corp.example";
const CUSTOMER = "postgres.chinook.customer";
/** What a person finds personal in it, by hand. Addresses have no detector yet. */
const PERSONAL = { "customer.email": "email", "customer.phone": "phone", "customer.last_name": "person_name", "customer.first_name": "person_name", "employee.email": "email", "employee.phone": "phone" };
const HARMLESS = ["album.title", "artist.artist_id", "genre.name", "media_type.name", "track.milliseconds", "track.bytes", "invoice.total", "invoice_line.unit_price", "playlist.name"];

if (!existsSync(DATA)) {
  test("Chinook", { skip: `not run: there is no ${DATA}` }, () => {});
} else {
  describe("Chinook in Postgres", () => {
    /** @type {Awaited<ReturnType<typeof startTestPlatform>>} */
    let platform;
    /** @type {string} */
    let token;
    /** @param {string} statement */
    const ask = async (statement) => (await runSql({ url: platform.url, user: ANA, token }, [statement]))[0];
    /** @type {any[]} */
    let reviews;

    before(async () => {
      platform = await startTestPlatform();
      token = await platform.token(ANA);
      await load(platform.postgresUrl ?? "");
      const rui = await browserOf(platform, "rui@corp.example");
      await rui("POST", "/api/scans", {});
      reviews = await eventually(
        async () => (await rui("GET", "/api/reviews?state=all")).body.tables.filter((/** @type {any} */ { table }) => table.startsWith("postgres.chinook.")),
        (tables) => tables.length === 11 && tables.every((/** @type {any} */ { columns }) => columns.every((/** @type {any} */ { proposal }) => proposal)),
        { withinMs: 60_000, what: "Skimmer's look at Chinook" });
    });
    after(() => platform?.stop());

    test("its tables are listed and closed", async () => {
      const tables = await ask("SHOW TABLES FROM postgres.chinook");
      assert.equal(tables.rows.length, 11);
      assert.deepEqual((await ask(`DESCRIBE ${CUSTOMER}`)).rows, []);
      const refusal = await ask(`SELECT email FROM ${CUSTOMER}`);
      assert.match(refusal.error?.message ?? "", /awaits? review.*reviewers/s);
    });

    test("what is personal is flagged, what is not is not", () => {
      const found = Object.fromEntries(reviews.flatMap(({ table, columns }) =>
        columns.map((/** @type {any} */ { name, proposal }) => [`${table.split(".")[2]}.${name}`, proposal.class ?? null])));
      for (const [column, wanted] of Object.entries(PERSONAL)) assert.equal(found[column], wanted, column);
      for (const column of HARMLESS) assert.equal(found[column], null, column);
    });

    test("approved with a mask and granted, it answers masked", async () => {
      const [rui, ines] = await Promise.all(["rui@corp.example", "ines@corp.example"].map((email) => browserOf(platform, email)));
      const columns = [{ name: "email", decision: "masked", class: "email" }, { name: "phone", decision: "pending" }, { name: "fax", decision: "pending" }];
      const reviewed = await rui("POST", "/api/reviews", { tables: [{ table: CUSTOMER, state: "approved", columns, remaining: "clear" }] });
      assert.equal(reviewed.status, 200, JSON.stringify(reviewed.body));
      await ines("POST", "/api/grants", { subject: { group: "analysts" }, table: CUSTOMER, privileges: ["select"], reason: "shop" });
      const answer = await eventually(() => ask(`SELECT * FROM ${CUSTOMER} ORDER BY customer_id`), ({ rows }) => !!rows, { withinMs: 5_000 });
      assert.equal(answer.rows.length, 59);
      const names = answer.columns.map((/** @type {string[]} */ [name]) => name);
      assert.ok(!names.includes("phone") && !names.includes("fax"));
      const raw = (await queryPostgres(platform.postgresUrl ?? "", ["SELECT email FROM chinook.customer"])).rows.flat();
      const everything = JSON.stringify(answer);
      for (const email of raw) assert.ok(!everything.includes(email), email);
      for (const statement of [`SELECT max(email) FROM ${CUSTOMER}`, `WITH x AS (SELECT email AS y FROM ${CUSTOMER}) SELECT y FROM x`, `SELECT count(*) FROM ${CUSTOMER} WHERE email = '${raw[0]}'`]) {
        const seen = await ask(statement);
        assert.ok(seen.rows, JSON.stringify(seen.error));
        for (const email of raw) assert.ok(!JSON.stringify(seen).includes(email), statement);
      }
      assert.deepEqual((await ask(`SELECT count(*) FROM ${CUSTOMER} WHERE email = '${raw[0]}'`)).rows, [[0]]);
    });
  });
}

/** Makes the tables as the data's README describes them, and loads each file. @param {string} url */
async function load(url) {
  const readme = readFileSync(join(DATA, "README.md"), "utf8");
  const statements = ["CREATE SCHEMA chinook"];
  const copy = [];
  for (const file of readdirSync(DATA).filter((name) => name.endsWith(".csv"))) {
    const table = file.replace(/\.csv$/, "");
    const columns = new RegExp(`^\\| \`${table}\` \\| \\d+ \\| ([^|]+) \\|`, "m").exec(readme)?.[1] ?? "";
    const types = columns.replaceAll("nvarchar", "varchar").replaceAll("datetime", "timestamp").replaceAll(" PK", "");
    statements.push(`CREATE TABLE chinook.${table} (${types})`);
    const [, ...rows] = parseCsv(readFileSync(join(DATA, file), "utf8"));
    copy.push({ table: `chinook.${table}`, rows: rows.map((row) => row.map((cell) => (cell === "" ? null : cell))) });
  }
  statements.push("DO $$ BEGIN EXECUTE (SELECT string_agg('GRANT USAGE ON SCHEMA chinook TO ' || quote_ident(rolname) || '; GRANT SELECT ON ALL TABLES IN SCHEMA chinook TO ' || quote_ident(rolname) || '; ALTER DEFAULT PRIVILEGES IN SCHEMA chinook GRANT SELECT ON TABLES TO ' || quote_ident(rolname), '; ') FROM pg_roles WHERE rolcanlogin AND NOT rolsuper); END $$");
  await queryPostgres(url, statements, copy);
}

/** @param {string} text @returns {string[][]} */
function parseCsv(text) {
  const rows = [[""]];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    const row = rows[rows.length - 1];
    if (quoted) {
      if (character !== '"') row[row.length - 1] += character;
      else if (text[at + 1] === '"') row[row.length - 1] += text[++at];
      else quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ",") row.push("");
    else if (character === "\n") rows.push([""]);
    else if (character !== "\r") row[row.length - 1] += character;
  }
  return rows.filter((row) => row.length > 1 || row[0] !== "");
}
