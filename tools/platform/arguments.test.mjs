import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { assertFree, freePort, portFrom } from "./ports.mjs";
import { parsePostgresCatalogs } from "./postgres-catalogs.mjs";
import { parseStartArguments } from "./start.mjs";

for (const [args, message] of /** @type {[string[], RegExp][]} */ ([
  [["--scale", "many"], /--scale is `many`/],
  [["--scale", "0"], /above 0 and up to 100/],
  [["--engine-url", "trino"], /not a URL/],
  [["--engine-url", "ftp://trino"], /has to be http/],
  [["--nodemo"], /--nodemo/],
])) {
  test(`start refuses ${args.join(" ")}`, () => assert.throws(() => parseStartArguments(args), message));
}

test("start takes the address of an engine without its path", () => {
  assert.deepEqual(parseStartArguments(["--engine-url", "http://127.0.0.1:8080/ui/", "--no-demo", "--scale", "3"]), {
    demo: false, scale: 3, engineUrl: "http://127.0.0.1:8080",
  });
});

for (const [text, expected] of /** @type {[string | undefined, string[] | RegExp][]} */ ([
  [undefined, []],
  ["postgres://u:p@db:5432/chinook", ["chinook"]],
  ["shop=postgres://u:p@db/chinook  postgres://u:p@db/My-Data", ["shop", "my_data"]],
  ["postgres://u:p@db/lake", /already a catalog `lake`/],
  ["a=postgres://u:p@db/x a=postgres://u:p@db/y", /already a catalog `a`/],
  ["mysql://u:p@db/x", /has to be postgres/],
  ["postgres://u:secret@db", /names no database/],
  ["nonsense", /not an address/],
])) {
  test(`TOWNLAKE_POSTGRES=${text}`, () => {
    if (expected instanceof RegExp) assert.throws(() => parsePostgresCatalogs(text), expected);
    else assert.deepEqual(parsePostgresCatalogs(text).map(({ catalog }) => catalog), expected);
  });
}

test("a password of TOWNLAKE_POSTGRES is in no message", () => {
  assert.throws(() => parsePostgresCatalogs("postgres://u:hunter2@db"), (error) => !String(error).includes("hunter2"));
});

test("a busy port is named, with the way to another", async () => {
  const port = await freePort();
  const server = createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  await assert.rejects(assertFree(port, "the gateway", "TOWNLAKE_PORT"), new RegExp(`port ${port} for the gateway is already in use.*TOWNLAKE_PORT=`));
  server.close();
});

test("a port that is none is refused", () => {
  process.env.TOWNLAKE_TEST_PORT = "http";
  assert.throws(() => portFrom("TOWNLAKE_TEST_PORT", 1), /TOWNLAKE_TEST_PORT is `http`/);
  delete process.env.TOWNLAKE_TEST_PORT;
  assert.equal(portFrom("TOWNLAKE_TEST_PORT", 8787), 8787);
});
