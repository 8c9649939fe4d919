import { expect, test } from "vitest";
import { clientSetups } from "./clients";

test("a local platform sends TLS-only clients to the TLS port", () => {
  const texts = Object.fromEntries(clientSetups("http://127.0.0.1:8787", "ana@corp.example").map((s) => [s.title, s.text]));
  expect(texts["Python"]).toContain('host="127.0.0.1", port=8787, http_scheme="http"');
  expect(texts["Trino CLI"]).toContain("--server=https://localhost:8743 --user=ana@corp.example");
  expect(texts["JDBC"]).toContain("jdbc:trino://localhost:8743?SSL=true");
});

test("a deployed platform has everything on one address", () => {
  const texts = Object.fromEntries(clientSetups("https://lake.corp.example", "ana@corp.example").map((s) => [s.title, s.text]));
  expect(texts["Python"]).toContain('host="lake.corp.example", port=443, http_scheme="https"');
  expect(texts["Trino CLI"]).toBe('trino --server=https://lake.corp.example --user=ana@corp.example --access-token="$TOWNLAKE_TOKEN"');
  expect(JSON.parse(texts["MCP (Claude Code, Cursor, VS Code)"] ?? "").mcpServers.skipper.url).toBe("https://lake.corp.example/mcp");
});
