import { afterEach, expect, test } from "vitest";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { parseExactly, pathOf, run, type Column } from "./trino";

let server: Server | undefined;
const realFetch = globalThis.fetch;

afterEach(() => {
  globalThis.fetch = realFetch;
  server?.close();
});

/** A server that gives these answers in order and remembers what it was asked. */
async function serve(answers: { status?: number; body: unknown }[]) {
  const asked: string[] = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.method === "DELETE") {
      response.statusCode = 204;
      response.end();
      return;
    }
    const answer = answers.shift() ?? { status: 500, body: {} };
    response.statusCode = answer.status ?? 200;
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  globalThis.fetch = (input, init) => realFetch(origin + String(input), init);
  return asked;
}

function collect() {
  const seen: { columns: Column[]; rows: unknown[][] } = { columns: [], rows: [] };
  const watcher = {
    columns: (columns: Column[]) => void (seen.columns = columns),
    rows: (rows: unknown[][]) => void seen.rows.push(...rows),
    progress: () => undefined,
  };
  return { seen, watcher };
}

const options = (maxRows = 100) => ({ piiSession: undefined, maxRows, signal: new AbortController().signal });
const stats = { state: "RUNNING" };

test("pages are followed to the end, on our own origin", async () => {
  const asked = await serve([
    { body: { id: "q", stats, nextUri: "https://elsewhere.example/t/x/v1/statement/executing/q/s/1" } },
    { body: { id: "q", stats, columns: [{ name: "a", type: "bigint" }], data: [[1]], nextUri: "http://h/n/2" } },
    { body: { id: "q", stats: { state: "FINISHED" }, data: [[2]] } },
  ]);
  const { seen, watcher } = collect();
  expect(await run("SELECT 1", options(), watcher)).toEqual({ kind: "finished" });
  expect(seen.rows).toEqual([[1], [2]]);
  expect(asked).toEqual(["POST /v1/statement", "GET /t/x/v1/statement/executing/q/s/1", "GET /n/2"]);
});

test("an error of the engine is the outcome, not an exception", async () => {
  await serve([{ body: { id: "q", stats, error: { message: "no", errorName: "PERMISSION_DENIED" } } }]);
  const outcome = await run("SELECT 1", options(), collect().watcher);
  expect(outcome).toEqual({ kind: "failed", error: { message: "no", errorName: "PERMISSION_DENIED" } });
});

test("a server that is briefly away is asked again", async () => {
  const asked = await serve([{ status: 503, body: {} }, { body: { id: "q", stats } }]);
  expect((await run("SELECT 1", options(), collect().watcher)).kind).toBe("finished");
  expect(asked.length).toBe(2);
});

test("a refusal over HTTP carries its problem", async () => {
  await serve([{ status: 401, body: { title: "sign in first", code: "no_credential" } }]);
  await expect(run("SELECT 1", options(), collect().watcher)).rejects.toMatchObject({
    problem: { title: "sign in first", status: 401 },
  });
});

test("more rows than wanted are cut and the query is stopped", async () => {
  const asked = await serve([{ body: { id: "q", stats, data: [[1], [2], [3]], nextUri: "http://h/n/1" } }]);
  const { seen, watcher } = collect();
  expect((await run("SELECT 1", options(2), watcher)).kind).toBe("cut");
  expect(seen.rows).toEqual([[1], [2]]);
  expect(asked).toEqual(["POST /v1/statement", "DELETE /n/1"]);
});

test("large whole numbers keep their digits where the runtime tells the source", () => {
  const supported = JSON.parse("[1]", ((_k: string, v: unknown, c?: { source?: string }) =>
    c?.source ?? v) as (key: string, value: unknown) => unknown)[0] === "1";
  const [large, small] = parseExactly("[9007199254740993, 1.5]") as unknown[];
  expect(small).toBe(1.5);
  if (supported) expect(large).toBe("9007199254740993");
  else expect(large).toBe(9007199254740992);
});

test("only path and query of a nextUri are used", () => {
  expect(pathOf("https://evil.example/v1/statement/x?slug=1")).toBe("/v1/statement/x?slug=1");
});
