import { ProblemError, problemOf } from "./problem";

export interface Me {
  user: string;
  name?: string;
  groups: string[];
  is_reviewer: boolean;
  is_admin: boolean;
}

export type Decision = "pending" | "clear" | "masked" | "denied";

export interface Evidence {
  rule: string;
  text: string;
}

export interface ReviewColumn {
  name: string;
  type: string;
  comment?: string;
  state: Decision;
  class?: string;
  proposal?: { class?: string | null; confidence: number; evidence: Evidence[] };
  decided_by?: string;
}

export interface ReviewTable {
  table: string;
  state: "pending" | "approved" | "denied";
  kind: string;
  comment?: string;
  columns: ReviewColumn[];
}

export interface TableDecision {
  table: string;
  state: ReviewTable["state"];
  columns: { name: string; decision: Decision; class?: string; type: string }[];
  note?: string;
}

export interface TokenEntry {
  id: string;
  name: string;
  created_at: string;
  expires_at: string;
  last_used_at?: string;
  live: boolean;
}

export interface CreatedToken {
  id: string;
  token: string;
  expires_at: string;
}

export interface PiiSession {
  id: string;
  classes: string[];
  reason: string;
  expires_at: string;
  live: boolean;
}

export interface DatasetSummary {
  name: string;
  description: string;
  exactness: unknown;
  freshness?: string;
  access: "granted" | "not_granted" | "awaits_review";
  columns: string[];
  column_count: number;
}

export interface SearchAnswer {
  datasets: DatasetSummary[];
  total: number;
  cut: number;
}

export interface AccessRequest {
  id: string;
  user: string;
  table: string;
  reason: string;
  group?: string;
  state: "open" | "closed";
  created_at: string;
  answer?: string;
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method, credentials: "same-origin", headers: { accept: "application/json" } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { accept: "application/json", "content-type": "application/json" };
  }
  const response = await fetch(path, init);
  if (!response.ok) throw new ProblemError(await problemOf(response));
  const text = await response.text();
  return (text ? JSON.parse(text) : {}) as T;
}

export const getMe = () => call<Me>("GET", "/api/me");

export const getReviews = (state: "pending" | "all") =>
  call<{ tables: ReviewTable[] }>("GET", `/api/reviews?state=${state}`).then((answer) => answer.tables);

export const decide = (decision: TableDecision) =>
  call<{ changed: number; policy_version: number }>("POST", "/api/reviews", { tables: [decision] });

export const scan = () => call<unknown>("POST", "/api/scans", {});

export const getTokens = () => call<{ tokens: TokenEntry[] }>("GET", "/api/tokens").then((answer) => answer.tokens);

export const createToken = (name: string, hours: number) =>
  call<CreatedToken>("POST", "/api/tokens", { name, hours });

export const revokeToken = (id: string) => call<unknown>("DELETE", `/api/tokens/${encodeURIComponent(id)}`);

export const getPiiSessions = () =>
  call<{ pii_sessions: PiiSession[] }>("GET", "/api/pii-sessions").then((answer) => answer.pii_sessions);

export const openPiiSession = (classes: string[], minutes: number, reason: string) =>
  call<PiiSession>("POST", "/api/pii-sessions", { classes, minutes, reason });

export const endPiiSession = (id: string) => call<unknown>("DELETE", `/api/pii-sessions/${encodeURIComponent(id)}`);

export const search = (query: string) =>
  call<SearchAnswer>("GET", `/api/search?limit=20&q=${encodeURIComponent(query)}`);

export const getRequests = () =>
  call<{ requests: AccessRequest[] }>("GET", "/api/requests").then((answer) => answer.requests);

export const requestAccess = (table: string, reason: string, group: string) =>
  call<AccessRequest>("POST", "/api/requests", group ? { table, reason, group } : { table, reason });
