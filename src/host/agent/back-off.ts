/** Waiting between attempts: longer each time up to a limit, spread so that many hosts do not all come at once. */
import type { Random } from "../../base/random.ts";

export interface BackOff {
  /** How long to wait before the next attempt. */
  next(): number;
  /** An attempt succeeded: begin again with the shortest wait. */
  reset(): void;
}

export function backOff(firstMs: number, longestMs: number, random: Random): BackOff {
  let attempts = 0;
  return {
    next() {
      const fullMs = Math.min(longestMs, firstMs * 2 ** attempts);
      attempts = Math.min(attempts + 1, 30);
      return fullMs * (0.75 + ((random.bytes(1)[0] ?? 0) / 255) * 0.25);
    },
    reset: () => void (attempts = 0),
  };
}

/** Settles after the time, or at once when the signal aborts; never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
