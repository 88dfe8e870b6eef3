/**
 * Holds up whoever guesses passwords and codes: after some failures for one name, or from one address, each further one makes the next attempt wait twice as
 * long. Kept in memory: a restart forgives.
 */
const forgiven = 5;
const [firstWaitMs, longestWaitMs] = [1_000, 15 * 60_000];
/** Failures count for so long. */
const rememberMs = 60 * 60_000;
/** The oldest are forgotten first, so that made-up names cost no more memory than this. */
const mostSubjects = 10_000;

interface Failures {
  readonly count: number;
  readonly at: number;
}

export class AttemptThrottle {
  readonly #failures = new Map<string, Failures>();

  /** How long none of the subjects may try, in milliseconds; 0: now. An attempt that may be made counts as failed until `forgive`. */
  begin(subjects: readonly string[], now: number): number {
    const waitMs = Math.max(...subjects.map((subject) => this.#waitMs(subject, now)));
    if (waitMs > 0) return waitMs;
    for (const subject of subjects) {
      const count = (this.#recent(subject, now)?.count ?? 0) + 1;
      this.#failures.delete(subject);
      this.#failures.set(subject, { count, at: now });
    }
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= mostSubjects) break;
      this.#failures.delete(oldest);
    }
    return 0;
  }

  forgive(subjects: readonly string[]): void {
    for (const subject of subjects) this.#failures.delete(subject);
  }

  #waitMs(subject: string, now: number): number {
    const failures = this.#recent(subject, now);
    if (failures === undefined || failures.count < forgiven) return 0;
    return Math.max(0, failures.at + Math.min(longestWaitMs, firstWaitMs * 2 ** (failures.count - forgiven)) - now);
  }

  #recent(subject: string, now: number): Failures | undefined {
    const failures = this.#failures.get(subject);
    return failures !== undefined && now - failures.at < rememberMs ? failures : undefined;
  }
}
