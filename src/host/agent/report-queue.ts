/**
 * Reports on their way to the control plane. The newest report of a thing replaces an older one that was not yet taken, so the
 * queue is never longer than the host has things, however long the control plane is away. A report leaves the queue when the
 * control plane answered that it is durable; until then it is sent again.
 */
import type { Report } from "../protocol/report.ts";

/** Reports in one request. */
const batchSize = 500;

export class ReportQueue {
  readonly #waiting = new Map<string, Report>();
  #wake = Promise.withResolvers<void>();

  put(report: Report): void {
    this.#waiting.delete(keyOf(report)); // a replaced report goes to the end: it is news
    this.#waiting.set(keyOf(report), report);
    this.#wake.resolve();
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Settles when there is something to send. */
  async filled(): Promise<void> {
    while (this.#waiting.size === 0) {
      this.#wake = Promise.withResolvers<void>();
      await this.#wake.promise;
    }
  }

  batch(): readonly Report[] {
    return [...this.#waiting.values()].slice(0, batchSize);
  }

  /** The control plane has these; what replaced one of them in the meantime stays. */
  taken(reports: readonly Report[]): void {
    for (const report of reports) {
      if (this.#waiting.get(keyOf(report)) === report) this.#waiting.delete(keyOf(report));
    }
  }
}

/** A machine has reports of two kinds. */
function keyOf({ kind, id }: Report): string {
  return `${kind} ${id}`;
}
