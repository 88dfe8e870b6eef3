/** Where the time of one start of a machine goes, for one line in the log. */
export class StartTimes {
  #begunAt = performance.now();
  #stepsMs: Record<string, number> = {};

  /** Counts the work's time to its step; `begin` begins anew. */
  async measure(step: string, work: () => Promise<void>): Promise<void> {
    const at = performance.now();
    if (step === "begin") {
      this.#begunAt = at;
      this.#stepsMs = {};
    }
    await work();
    this.#stepsMs[step] = (this.#stepsMs[step] ?? 0) + performance.now() - at;
  }

  /** Milliseconds since the beginning, and of each step that was carried out since. */
  summary(): Readonly<Record<string, number>> {
    const allMs = performance.now() - this.#begunAt;
    return Object.fromEntries(Object.entries({ all: allMs, ...this.#stepsMs }).map(([step, ms]) => [step, Math.round(ms)]));
  }
}
