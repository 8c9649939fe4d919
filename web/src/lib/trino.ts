/** Runs statements over Trino's REST protocol, the same front door that every other client uses. */

import { ProblemError, problemOf } from "./problem";

export interface Column {
  name: string;
  type: string;
}

export interface QueryError {
  message: string;
  errorName: string;
  errorLocation?: { lineNumber: number; columnNumber: number };
}

export interface Progress {
  state: string;
  percent: number | undefined;
  rows: number;
  elapsedMillis: number;
}

interface Page {
  id: string;
  nextUri?: string;
  columns?: Column[];
  data?: unknown[][];
  error?: QueryError;
  updateType?: string;
  stats: { state: string; progressPercentage?: number; processedRows?: number; elapsedTimeMillis?: number };
}

export interface Watcher {
  columns(columns: Column[]): void;
  rows(rows: unknown[][]): void;
  progress(progress: Progress): void;
}

export type Outcome =
  | { kind: "finished"; updateType?: string }
  | { kind: "failed"; error: QueryError }
  | { kind: "canceled" }
  | { kind: "cut" };

export interface Options {
  /** Lifts masks for this statement; the id of an open PII session. */
  piiSession: string | undefined;
  /** Stops fetching, and the query, after this many rows. */
  maxRows: number;
  signal: AbortSignal;
}

/** How often the server is asked again when it is briefly unavailable, as Trino's protocol demands for 502 to 504. */
const RETRIES = 5;

/**
 * Parses JSON and keeps whole numbers beyond 2^53 as the text that stands there, where the browser tells it.
 */
export function parseExactly(text: string): unknown {
  type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;
  const reviver: Reviver = (_key, value, context) =>
    typeof value === "number" && context?.source && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? context.source
      : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

/** The path of a `nextUri`: always asked of our own origin, whatever name the server knows itself by. */
export function pathOf(uri: string): string {
  const parsed = new URL(uri, "http://localhost");
  return parsed.pathname + parsed.search;
}

/** Runs a statement to its end, telling the watcher what arrives. */
export async function run(statement: string, options: Options, watcher: Watcher): Promise<Outcome> {
  const headers: Record<string, string> = {
    "x-trino-source": "townlake-web",
    "x-trino-client-capabilities": "PARAMETRIC_DATETIME",
    "x-trino-time-zone": Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
  };
  if (options.piiSession) headers["x-trino-session"] = `pii_session=${encodeURIComponent(options.piiSession)}`;
  let received = 0;
  let next: string | undefined;
  let sawColumns = false;
  try {
    let page = await request("/v1/statement", { method: "POST", body: statement, headers, signal: options.signal });
    for (;;) {
      next = page.nextUri ? pathOf(page.nextUri) : undefined;
      if (page.columns && !sawColumns) {
        sawColumns = true;
        watcher.columns(page.columns);
      }
      if (page.data?.length) {
        const room = options.maxRows - received;
        watcher.rows(page.data.slice(0, room));
        received += page.data.length;
      }
      watcher.progress({
        state: page.stats.state,
        percent: page.stats.progressPercentage,
        rows: page.stats.processedRows ?? 0,
        elapsedMillis: page.stats.elapsedTimeMillis ?? 0,
      });
      if (page.error) return { kind: "failed", error: page.error };
      if (received > options.maxRows) {
        if (next) await cancel(next);
        return { kind: "cut" };
      }
      if (!next) return page.updateType ? { kind: "finished", updateType: page.updateType } : { kind: "finished" };
      page = await request(next, { method: "GET", headers, signal: options.signal });
    }
  } catch (error) {
    if (!options.signal.aborted) throw error;
    if (next) await cancel(next);
    return { kind: "canceled" };
  }
}

async function request(path: string, init: RequestInit): Promise<Page> {
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(path, { ...init, credentials: "same-origin" });
    if (response.ok) return parseExactly(await response.text()) as Page;
    const passing = [429, 502, 503, 504].includes(response.status);
    if (!passing || attempt >= RETRIES) throw new ProblemError(await problemOf(response));
    await new Promise((resolve) => setTimeout(resolve, 100 * (attempt + 1)));
  }
}

/** Stops the query behind a `nextUri`. That it is gone already is just as well. */
async function cancel(path: string): Promise<void> {
  await fetch(path, { method: "DELETE", credentials: "same-origin" }).catch(() => undefined);
}
