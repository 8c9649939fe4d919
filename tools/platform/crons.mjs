// Plays Cloudflare's cron triggers: they do not fire locally, so the same function is reached through the gateway.

const EVERY_MS = 60_000;

/**
 * Ticks `POST /internal/cron` every minute.
 * @param {{ url: string, token: string, onFailure: (message: string) => void }} options
 * @returns {{ tick: () => Promise<void>, stop: () => void }}
 */
export function startCrons({ url, token, onFailure }) {
  const stop = new AbortController();
  let lastFailure = "";

  async function tick() {
    let failure = "";
    try {
      const response = await fetch(`${url}/internal/cron`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.any([stop.signal, AbortSignal.timeout(EVERY_MS)]),
      });
      if (!response.ok) failure = `${response.status} ${(await response.text()).slice(0, 300)}`;
      else await response.arrayBuffer();
    } catch (error) {
      if (stop.signal.aborted) return;
      failure = /** @type {Error} */ (error).message;
    }
    // The same failure every minute is news only once.
    if (failure && failure !== lastFailure) onFailure(`the cron tick failed: ${failure}`);
    lastFailure = failure;
  }

  const timer = setInterval(tick, EVERY_MS);
  return {
    tick,
    stop() {
      clearInterval(timer);
      stop.abort();
    },
  };
}
