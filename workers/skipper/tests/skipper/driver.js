// Runs the snippets user0.js, user1.js, ... with answers as Skipper's functions give them, and prints the reports.
import { run } from "./harness.js";

const settings = {
  functions: ["search_datasets", "get_entity_details", "list_schema_fields", "start_query", "fetch_results", "create_chart", "explain_access"],
  iterations: 3_000_000,
  wallMs: 2_000,
  calls: 100,
  logLines: 200,
  logBytes: 8_000,
  resultBytes: 200_000,
};
const answers = {
  search_datasets: () => ({ ok: true, result: { datasets: [{ name: "a.b.c" }], total: 5, cut: 4 } }),
  start_query: () => ({ ok: true, result: "qry_1" }),
  fetch_results: ({ queryId, mode }) => ({
    ok: true,
    result:
      mode === "display"
        ? { queryId, display: `skipper://results/${queryId}` }
        : { queryId, rows: [{ n: 1 }, { n: 2 }, { n: 3 }] },
  }),
  create_chart: (sent) => ({ ok: true, result: { kind: "chart", sent, queryId: sent.dataFrom } }),
  explain_access: () => ({ ok: false, error: { kind: "permission", message: "no", hint: "ask" } }),
};
const send = async (name, text) => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return answers[name](JSON.parse(text));
};

const reports = [];
const { console } = globalThis;
for (let position = 0; position < Number(process.argv[2]); position += 1) {
  const { default: snippet } = await import(`./user${position}.js`);
  reports.push(await run(snippet, send, settings));
  globalThis.console = console;
}
process.stdout.write(JSON.stringify(reports));
