/** Waiting, outside of any transaction, until committed rows say something. */
import type { Settling } from "./action.ts";
import type { Tx } from "../store/store.ts";

/** Returns when `holds` does, asked again after each commit that touched the topic, or when the time is up. */
export async function awaitRows({ store, longestMs }: Settling, topics: readonly string[], holds: (tx: Tx) => Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(longestMs);
  let ring = (): void => {};
  let rung = false;
  const stop = store.onTouched((touched) => {
    if (!topics.some((topic) => touched.has(topic))) return;
    rung = true;
    ring();
  });
  deadline.addEventListener("abort", () => ring());
  try {
    while (!(await store.read(holds)) && !deadline.aborted) {
      if (!rung) await new Promise<void>((resolve) => (ring = resolve));
      rung = false;
    }
  } finally {
    stop();
  }
}
