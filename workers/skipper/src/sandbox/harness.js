// Runs one snippet and reports what came of it. This text is fixed; the snippet is a module of its own, so that the
// lines of its errors are its author's and nothing in it can break out of a wrapper.
//
// What comes out of here is data about the snippet's own run and is believed no further than that: rights are checked
// behind `send`, sizes again by the host.

/** An error that a snippet can look into: `kind`, `code`, `hint`, `next` and so on are its fields. */
class SkipperError extends Error {
  constructor(error) {
    super(error.message);
    Object.assign(this, error);
    this.name = "SkipperError";
  }
}

/** Thrown by the guard in every loop and function once the budget is spent, and from then on by every call of it. */
class BudgetError extends Error {
  constructor(kind, message) {
    super(message);
    this.name = "BudgetError";
    this.kind = kind;
  }
}

/** How often the guard looks at the clock: rarely enough to cost nothing, often enough for slow loop bodies. */
const CLOCK_EVERY = 256;
/** The longest a finished snippet is kept waiting for calls that it did not await. */
const SETTLE_MS = 5_000;
/** Names that engines and libraries ask every object for; an error about them would be noise. */
const PROBED = new Set(["then", "toJSON", "constructor", "valueOf", "toString", "inspect", "nodeType", "$$typeof"]);

/**
 * @param snippet `(skipper, console, guard) => Promise<unknown>`
 * @param send `(name, json) => Promise<{ok: true, result} | {ok: false, error}>`
 * @param settings `{functions, iterations, wallMs, calls, logLines, logBytes, resultBytes}`
 */
export async function run(snippet, send, settings) {
  const started = Date.now();
  const guard = budget(settings, started);
  const logs = recorder(settings);
  const tools = toolbox(send, settings, logs);
  globalThis.console = logs.console;
  const report = { truncated: [] };
  let timer;
  const timeout = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new BudgetError("timeout", `the snippet did not end within ${settings.wallMs} ms`)), settings.wallMs);
  });
  try {
    const value = await Promise.race([snippet(tools.skipper, logs.console, guard.tick), timeout]);
    if (value !== undefined) report.result = plain(value, settings.resultBytes, report.truncated);
  } catch (thrown) {
    report.error = describe(thrown);
  }
  clearTimeout(timer);
  await tools.settle(Math.min(SETTLE_MS, settings.wallMs - (Date.now() - started)));
  // A snippet that catches the guard's error and goes on has still spent its budget.
  if (guard.spent() !== undefined) {
    delete report.result;
    report.error = describe(guard.spent());
  }
  return { ...report, logs: logs.lines, droppedLogs: logs.dropped(), calls: tools.calls, iterations: guard.count(), ms: Date.now() - started };
}

function budget({ iterations, wallMs }, started) {
  let count = 0;
  let spent;
  const tick = () => {
    count += 1;
    if (spent !== undefined) throw spent;
    if (count > iterations) {
      spent = new BudgetError("limit", `the snippet ran more than ${iterations} loop rounds and calls of its functions`);
      throw spent;
    }
    if (count % CLOCK_EVERY === 0 && Date.now() - started > wallMs) {
      spent = new BudgetError("timeout", `the snippet did not end within ${wallMs} ms`);
      throw spent;
    }
  };
  return { tick, count: () => count, spent: () => spent };
}

function toolbox(send, { functions, calls: limit }, logs) {
  const calls = [];
  const pending = new Set();
  /** Which query rows came from, so that a chart of them can say so. */
  const origins = new WeakMap();

  const call = async (name, args, record, site) => {
    const started = Date.now();
    try {
      const answer = await send(name, JSON.stringify(args ?? {}));
      if (!answer.ok) {
        const error = new SkipperError(answer.error);
        // Where the snippet called, which the stack behind an `await` no longer says.
        error.stack = site;
        throw error;
      }
      record.ok = true;
      return answer.result;
    } finally {
      record.ms = Date.now() - started;
    }
  };
  const remember = (result) => {
    for (const rows of [result.rows, ...(result.rows ?? [])]) if (rows) origins.set(rows, result.queryId);
    return result;
  };
  /** What a function's answer is to the snippet, and what of it belongs into the record of calls. */
  const received = {
    search_datasets: (result) => Object.assign(result.datasets, { total: result.total, cut: result.cut }),
    start_query: (result, record) => {
      record.queryId = result;
      return result;
    },
    fetch_results: (result, record) => {
      record.queryId = result.queryId;
      record.display = result.display;
      return remember(result);
    },
    create_chart: (result, record) => {
      record.queryId = result.queryId;
      return result;
    },
  };
  const originOf = (data) => (Array.isArray(data) ? origins.get(data) ?? origins.get(data[0] ?? data) : undefined);
  const invoke = (name, args) => {
    if (calls.length >= limit) throw new BudgetError("limit", `the snippet made more than ${limit} calls of skipper`);
    const record = { function: name, ok: false, ms: 0, settled: false };
    calls.push(record);
    if (name === "create_chart" && args?.queryId === undefined && originOf(args?.data) !== undefined) {
      args = { ...args, dataFrom: originOf(args.data) };
    }
    const result = call(name, args, record, new Error(name).stack).then((value) => received[name]?.(value, record) ?? value);
    const settled = result.then(
      () => {},
      () => {},
    ).then(() => {
      record.settled = true;
      pending.delete(settled);
    });
    pending.add(settled);
    return result;
  };

  const known = Object.fromEntries(functions.map((name) => [name, (args) => invoke(name, args)]));
  const skipper = new Proxy(Object.freeze(known), {
    get(target, name) {
      if (typeof name !== "string" || Object.hasOwn(target, name)) return target[name];
      if (PROBED.has(name)) return undefined;
      throw new SkipperError({
        kind: "not_found",
        code: "unknown_function",
        subject: name,
        message: `skipper has no function \`${name}\`; it has ${functions.join(", ")}`,
      });
    },
  });
  const settle = async (ms) => {
    if (pending.size === 0) return;
    logs.console.warn(`${pending.size} call(s) of skipper were not awaited; write \`await\` before each`);
    await Promise.race([Promise.all(pending), new Promise((resolve) => setTimeout(resolve, Math.max(ms, 0)))]);
  };
  return { skipper, calls, settle };
}

function recorder({ logLines, logBytes }) {
  const lines = [];
  let left = logBytes;
  let dropped = 0;
  const write = (level) => (...values) => {
    const text = values.map((value) => (typeof value === "string" ? value : JSON.stringify(plain(value, 2_000, [])) ?? "undefined")).join(" ");
    if (lines.length >= logLines || left <= 0) {
      dropped += 1;
      return;
    }
    const kept = text.slice(0, left);
    left -= kept.length + 1;
    lines.push({ level, text: kept.length < text.length ? `${kept}…` : kept });
  };
  const nothing = () => {};
  const console = {
    log: write("log"),
    info: write("info"),
    debug: write("debug"),
    warn: write("warn"),
    error: write("error"),
    trace: write("debug"),
    dir: write("log"),
    table: write("log"),
    assert: (condition, ...values) => condition || write("error")("Assertion failed:", ...values),
    group: write("log"),
    groupEnd: nothing,
    time: nothing,
    timeEnd: nothing,
    count: nothing,
  };
  return { console, lines, dropped: () => dropped };
}

/** Whatever was thrown, as text: `throw "no"` and `throw null` are allowed too. */
function describe(thrown) {
  try {
    if (!(thrown instanceof Error)) {
      const text = typeof thrown === "string" ? thrown : JSON.stringify(plain(thrown, 2_000, [])) ?? String(thrown);
      return { name: "Thrown", message: text.slice(0, 4_000) };
    }
    const ours = thrown instanceof SkipperError || thrown instanceof BudgetError;
    const fields = ours ? plain({ ...thrown }, 8_000, []) : {};
    return {
      ...fields,
      name: String(thrown.name),
      message: String(thrown.message).slice(0, 4_000),
      stack: String(thrown.stack ?? "").slice(0, 4_000),
    };
  } catch {
    return { name: "Error", message: "the snippet threw something that cannot be shown" };
  }
}

/** A value as JSON can hold it, of at most so many bytes; what was cut is listed with its path. */
function plain(value, bytes, truncated) {
  let left = bytes;
  const parents = new Set();
  const take = (size) => {
    left -= size;
  };
  const cut = (path, kept, total) => truncated.length < 50 && truncated.push({ path, kept, total });
  const text = (string, path) => {
    if (string.length <= left) {
      take(string.length + 2);
      return string;
    }
    cut(path, Math.max(left, 0), string.length);
    const kept = string.slice(0, Math.max(left, 0));
    take(kept.length + 2);
    return kept;
  };
  /** A getter or a `toJSON` may throw; that costs this value, not the whole. */
  const readable = (read, path) => {
    try {
      return read();
    } catch (error) {
      if (error instanceof BudgetError) throw error;
      return text(`[cannot be read: ${error?.message}]`, path);
    }
  };
  const list = (array, path, depth) => {
    const copy = [];
    for (let i = 0; i < array.length; i += 1) {
      if (left <= 0) {
        cut(path, i, array.length);
        break;
      }
      copy.push(walk(array[i], `${path}[${i}]`, depth + 1) ?? null);
      take(1);
    }
    return copy;
  };
  const fields = (object, path, depth) => {
    const names = Object.keys(object);
    const copy = {};
    let kept = 0;
    for (const name of names) {
      if (left <= 0) {
        cut(path, kept, names.length);
        break;
      }
      const at = path === "" ? name : `${path}.${name}`;
      const walked = readable(() => walk(object[name], at, depth + 1), at);
      if (walked !== undefined) {
        Object.defineProperty(copy, name, { value: walked, enumerable: true, configurable: true, writable: true });
        take(name.length + 4);
      }
      kept += 1;
    }
    return copy;
  };
  const walk = (value, path, depth) => {
    switch (typeof value) {
      case "undefined":
        return undefined;
      case "boolean":
        take(5);
        return value;
      case "number":
        take(8);
        return Number.isFinite(value) ? value : text(String(value), path);
      case "bigint":
        return text(String(value), path);
      case "string":
        return text(value, path);
      case "function":
        return text(`[function ${value.name || "without a name"}]`, path);
      case "symbol":
        return text(String(value), path);
    }
    take(4);
    if (value === null) return null;
    if (value instanceof Promise) return text("[a promise: put `await` before it]", path);
    if (parents.has(value)) return text("[the same object again]", path);
    if (depth > 30) {
      cut(path, 0, 1);
      return text("[nested too deeply]", path);
    }
    parents.add(value);
    try {
      if (typeof value.toJSON === "function") return walk(value.toJSON(), path, depth + 1);
      if (value instanceof Error) return walk({ name: value.name, message: value.message }, path, depth);
      if (value instanceof Map) return list([...value], path, depth);
      if (value instanceof Set) return list([...value], path, depth);
      if (Array.isArray(value) || ArrayBuffer.isView(value)) return list(value, path, depth);
      return fields(value, path, depth);
    } finally {
      parents.delete(value);
    }
  };
  return readable(() => walk(value, "", 0), "");
}
