// How the script tests are told: each one as it ends, and why it failed at once, not at the end of all files; a run
// that is cut short then still says what was wrong.
import { inspect } from "node:util";

/** @param {AsyncIterable<import("node:test/reporters").TestEvent>} events */
export default async function* reporter(events) {
  for await (const event of events) {
    if (event.type === "test:pass") yield passed(event.data);
    else if (event.type === "test:fail") yield failed(event.data);
    else if (event.type === "test:stdout" || event.type === "test:stderr") yield event.data.message;
    else if (event.type === "test:diagnostic" && event.data.nesting === 0) yield `ℹ ${event.data.message}\n`;
  }
}

/** @param {{ name: string, nesting: number, skip?: string | boolean, details: { duration_ms: number } }} test */
function passed({ name, nesting, skip, details }) {
  if (skip) return `${"  ".repeat(nesting)}- ${name} (not run${typeof skip === "string" ? `: ${skip}` : ""})\n`;
  return `${"  ".repeat(nesting)}✔ ${name} (${seconds(details)})\n`;
}

/** @param {{ name: string, nesting: number, file?: string, line?: number, details: { duration_ms: number, error: Error } }} test */
function failed({ name, nesting, file, line, details }) {
  const indent = "  ".repeat(nesting);
  const reason = inspect(details.error.cause ?? details.error).split("\n").map((text) => `${indent}    ${text}\n`);
  return `${indent}✖ ${name} (${seconds(details)})${file ? ` at ${file}:${line}` : ""}\n${reason.join("")}`;
}

/** @param {{ duration_ms: number }} details */
const seconds = ({ duration_ms: milliseconds }) => `${(milliseconds / 1000).toFixed(1)} s`;
