/** One piece of work at a time that goes on by itself, can be ended, and waits longer after each failure. */
import type { Log } from "../../base/log.ts";

const firstWaitMs = 500;
const longestWaitMs = 30_000;

export class Leisure {
  readonly #log: Log;
  /** Called when a piece of work has ended, or may be tried again. */
  readonly #over: () => void;
  #current: { readonly end: AbortController; readonly done: Promise<void> } | undefined;
  #waiting: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(log: Log, over: () => void) {
    this.#log = log;
    this.#over = over;
  }

  get isIdle(): boolean {
    return this.#current === undefined && this.#waiting === undefined;
  }

  /** Only when idle. */
  begin(name: string, work: (signal: AbortSignal) => Promise<void>): void {
    const end = new AbortController();
    const done = work(end.signal).then(
      () => this.#settle(0),
      (error: unknown) => {
        if (end.signal.aborted) return this.#settle(0);
        const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** this.#failures);
        this.#log.warn("Work on a volume failed; it is tried again", { work: name, waitMs, error });
        this.#failures++;
        this.#settle(waitMs);
      },
    );
    this.#current = { end, done };
  }

  /** Nothing is begun for so long, and then it is looked at again. Only when idle. */
  pause(waitMs: number): void {
    this.#settle(waitMs);
  }

  /** Nothing is being done when it returns. */
  async end(): Promise<void> {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    this.#current?.end.abort();
    await this.#current?.done;
  }

  #settle(waitMs: number): void {
    this.#current = undefined;
    if (waitMs === 0) {
      this.#failures = 0;
      return this.#over();
    }
    this.#waiting = setTimeout(() => {
      this.#waiting = undefined;
      this.#over();
    }, waitMs).unref();
  }
}
