/**
 * Whose turn it is to write: one at a time. A client that waits for its answer goes before work that nobody waits for. That work lets a moment pass after the
 * last client was answered, since the answer makes the client ask again, and by then there is more of it to do at once; but only so long, and never behind
 * clients for longer than `longestDelayMs`.
 */

/** `now`: somebody waits. `soon`: work in the background. */
export type Urgency = "now" | "soon";

export interface Turns<T> {
  put(urgency: Urgency, thing: T): void;
  /** The next thing whose turn it is, and how urgent it is; undefined when there is none, or only such as may wait. */
  next(): { readonly urgency: Urgency; readonly thing: T } | undefined;
  readonly hasUrgent: boolean;
  /** Clients have their answers now. */
  answered(): void;
  /** Milliseconds until `next` will have something if nothing is put; undefined when nothing waits at all. */
  waitMs(): number | undefined;
}

const longestDelayMs = 100;
const quietMs = 2;
const longestQuietMs = 50;

/** `now` tells milliseconds that only rise. */
export function openTurns<T>(now: () => number): Turns<T> {
  const urgent: T[] = [];
  const patient: { readonly since: number; readonly thing: T }[] = [];
  let lastAnswer = Number.NEGATIVE_INFINITY;
  const patientFrom = (): number => Math.min(lastAnswer + quietMs, (patient[0]?.since ?? Number.POSITIVE_INFINITY) + longestQuietMs);

  return {
    put: (urgency, thing) => void (urgency === "now" ? urgent.push(thing) : patient.push({ since: now(), thing })),
    next: () => {
      const at = now();
      const isOverdue = patient[0] !== undefined && at - patient[0].since > longestDelayMs;
      const first = isOverdue ? undefined : urgent.shift();
      if (first !== undefined) return { urgency: "now", thing: first };
      const second = at >= patientFrom() ? patient.shift() : undefined;
      return second && { urgency: "soon", thing: second.thing };
    },
    answered: () => void (lastAnswer = now()),
    get hasUrgent() {
      return urgent.length > 0;
    },
    waitMs: () => {
      if (urgent.length > 0) return 0;
      return patient.length === 0 ? undefined : Math.max(0, patientFrom() - now());
    },
  };
}
