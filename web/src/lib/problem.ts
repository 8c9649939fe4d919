/** Something that the reader can do about a refusal. */
export interface NextStep {
  label: string;
  href?: string;
  command?: string;
}

/** A refusal as the API gives it: problem details (RFC 9457) with the way out. */
export interface Problem {
  title: string;
  status: number;
  code: string;
  detail: string;
  hint?: string;
  next?: NextStep[];
}

/** A call that did not succeed, with what the API said. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

/** Whatever was thrown, as a problem that can be shown. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const offline = error instanceof TypeError;
  return {
    title: offline ? "Town Lake does not answer" : "Something went wrong in this page",
    status: 0,
    code: offline ? "unreachable" : "page_error",
    detail: error instanceof Error ? error.message : String(error),
    hint: offline ? "Check that it is running, then try again." : "Reload the page.",
  };
}

/** The problem in an answer that is not a success; the status line if there is none. */
export async function problemOf(response: Response): Promise<Problem> {
  const fallback: Problem = {
    title: `The server answered ${response.status}`,
    status: response.status,
    code: "http_error",
    detail: response.statusText,
  };
  try {
    return { ...fallback, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}
