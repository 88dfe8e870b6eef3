/**
 * Whose turn it is to write: one at a time. A client that waits for its answer goes before work that nobody waits for, but that work is
 * never put off for longer than `longestDelayMs`.
 */

/** `now`: somebody waits. `soon`: work in the background. */
export type Urgency = "now" | "soon";

export interface Turns {
  /** Runs the work when its turn has come; settles as the work does. */
  take<T>(urgency: Urgency, work: () => Promise<T>): Promise<T>;
}

const longestDelayMs = 100;

interface Waiting {
  readonly since: number;
  readonly begin: () => void;
}

/** `now` tells milliseconds that only rise. */
export function openTurns(now: () => number): Turns {
  const queues: Readonly<Record<Urgency, Waiting[]>> = { now: [], soon: [] };
  let busy = false;

  const next = (): void => {
    const patient = queues.soon[0];
    const overdue = patient !== undefined && now() - patient.since > longestDelayMs;
    const chosen = overdue ? queues.soon.shift() : (queues.now.shift() ?? queues.soon.shift());
    busy = chosen !== undefined;
    chosen?.begin();
  };

  return {
    take: async (urgency, work) => {
      if (busy) await new Promise<void>((begin) => queues[urgency].push({ since: now(), begin }));
      busy = true;
      try {
        return await work();
      } finally {
        next();
      }
    },
  };
}
