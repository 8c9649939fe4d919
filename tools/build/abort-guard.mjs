// Rust's stable toolchain aborts on a panic: the instance is dead, and every promise it was to settle
// stays pending for ever. worker-build's shim starts the next request afresh; this makes the ones in
// flight fail at once, so that callers (a Durable Object's, a Workflow's, a person's) do not hang.

/**
 * What the `worker` crate keeps on the global scope of an isolate.
 * @typedef {{ criticalError: boolean, instanceId: number }} InitState
 */

/** @type {Set<(reason: Error) => void>} */
const inFlight = new Set();

const state = /** @type {{ __worker_init_state: InitState }} */ (/** @type {unknown} */ (globalThis)).__worker_init_state;
let critical = state.criticalError;
Object.defineProperty(state, "criticalError", {
  get: () => critical,
  set(value) {
    critical = value;
    if (!value) return;
    const error = new Error("the Worker stopped in the middle of this call; try it again");
    const rejects = [...inFlight];
    inFlight.clear();
    // Later, so that the call in which the panic happened can still report its own error first.
    queueMicrotask(() => rejects.forEach((reject) => reject(error)));
  },
});

/**
 * @param {unknown} value what a method returned
 * @param {(error: unknown) => unknown} [otherwise] makes an answer of a failure; without it the failure is passed on
 * @returns {unknown} the same; a promise also settles when the instance aborts
 */
function guard(value, otherwise) {
  if (!(value instanceof Object) || typeof (/** @type {any} */ (value).then) !== "function") return value;
  const settled = new Promise((resolve, reject) => {
    inFlight.add(reject);
    const done = () => inFlight.delete(reject);
    /** @type {Promise<unknown>} */ (value).then(
      (result) => (done(), resolve(result)),
      (error) => (done(), reject(error)),
    );
  });
  return otherwise ? settled.catch(otherwise) : settled;
}

/** What HTTP callers get when a request dies: the reason stands in the Worker's log. */
function stopped() {
  const problem = {
    type: "about:blank",
    title: "The Worker stopped",
    status: 503,
    code: "worker-stopped",
    detail: "a fault in the Worker ended it in the middle of this request",
    hint: "it has started afresh; send the request again",
    next: [],
  };
  const headers = { "content-type": "application/problem+json", "retry-after": "1" };
  return new Response(JSON.stringify(problem), { status: 503, headers });
}

/**
 * @template {object} T
 * @param {T} instance
 * @returns {T}
 */
function guardInstance(instance) {
  // Around an empty object: a Durable Object's instance is itself a proxy (worker-build's), whose own properties do not
  // hold what a proxy around it would have to find there.
  return /** @type {T} */ (
    new Proxy({}, {
      get(_, property, receiver) {
        const member = Reflect.get(instance, property);
        if (typeof member !== "function") return member;
        // On the receiver: a subclass (`Internal`, wrangler's own in development) keeps its private members there.
        const otherwise = property === "fetch" ? stopped : undefined;
        return (/** @type {unknown[]} */ ...args) => guard(member.apply(receiver, args), otherwise);
      },
      set: (_, property, value) => Reflect.set(instance, property, value),
      has: (_, property) => Reflect.has(instance, property),
      getPrototypeOf: () => Reflect.getPrototypeOf(instance),
    })
  );
}

/**
 * The class, with every method of its instances guarded.
 * @template {Function} T
 * @param {T} guarded
 * @returns {T}
 */
export function guardClass(guarded) {
  return new Proxy(guarded, {
    construct: (target, args, newTarget) => guardInstance(Reflect.construct(target, args, newTarget)),
  });
}
