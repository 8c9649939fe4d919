// Speaks to the platform's public API as one of its people does: signs in, then sends the cookie along.

/** The platform answered with a refusal or a failure; the message carries its own words. */
export class ApiError extends Error {
  /** @param {string} what @param {number} status @param {any} problem */
  constructor(what, status, problem) {
    const words = [problem?.detail ?? problem?.title, problem?.hint].filter(Boolean).join("; ");
    super(`${what}: ${status}${words ? ` ${words}` : ""}`);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }
}

/**
 * Signs in at the local issuer.
 * @param {string} url the platform's address
 * @param {string} email
 * @returns {Promise<string>} the cookie, as it is sent
 */
export async function signIn(url, email) {
  const response = await fetch(`${url}/cdn-cgi/access/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email }),
    redirect: "manual",
  });
  if (!response.ok) throw new ApiError(`signing in as ${email}`, response.status, await problemOf(response));
  const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
  if (!cookie) throw new Error(`signing in as ${email}: the answer carried no cookie`);
  return cookie;
}

/**
 * @param {string} url
 * @param {string} cookie
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
export async function callApi(url, cookie, method, path, body) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { cookie, origin: url, accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new ApiError(`${method} ${path}`, response.status, await problemOf(response));
  const text = await response.text();
  return text ? JSON.parse(text) : undefined;
}

/**
 * A personal access token.
 * @param {string} url
 * @param {string} email
 * @param {{ name?: string, hours?: number }} [options]
 * @returns {Promise<string>}
 */
export async function createToken(url, email, { name = "command line", hours = 1 } = {}) {
  const cookie = await signIn(url, email);
  const { token } = await callApi(url, cookie, "POST", "/api/tokens", { name, hours });
  return token;
}

/** @param {Response} response */
async function problemOf(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { detail: text.slice(0, 500) };
  }
}
