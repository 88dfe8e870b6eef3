/**
 * The work loop: takes what is due, lets its reconciler look at it, and settles the due row, in one transaction each. The store commits many together.
 *
 * A commit that touched `due` starts a round at once; otherwise the loop sleeps until the next row is due. Once a minute every reconciler's
 * things are all made due: a wake is a hint, the scan is the guarantee. What fails is tried again with growing pauses and logged.
 */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { listDue, nextDueAt, settleDue, wake } from "../store/due.ts";
import type { Store, Tx } from "../store/store.ts";
import type { DueRow } from "../store/tables.ts";

export interface Reconciler {
  readonly kind: string;
  /** The keys of all things of this kind. */
  scan(tx: Tx): Promise<readonly string[]>;
  /** Looks at everything, takes one step, says when to look again (undefined: when woken). */
  reconcile(tx: Tx, key: string, now: number): Promise<Verdict>;
}

export interface Verdict {
  readonly again: number | undefined;
  /**
   * Work on files, done after the commit: no transaction waits for it, other looks do. Should the process die before it is done, the look at `again` asks for it
   * once more.
   */
  readonly outside?: () => Promise<void>;
}

export interface LoopParts {
  readonly store: Store;
  readonly reconcilers: readonly Reconciler[];
  readonly clock: Clock;
  readonly log: Log;
}

/** As many looks wait for their turn at once. */
const batchSize = 64;
const scanEveryMs = 60_000;
const longestSleepMs = 5_000;
const longestPauseMs = 60_000;

/** Works off some of what is due now; returns how many things were looked at. */
export async function runRound(parts: LoopParts): Promise<number> {
  const due = await parts.store.read((tx) => listDue(tx, parts.clock.now(), batchSize));
  await Promise.all(due.map((row) => look(parts, row)));
  return due.length;
}

async function look({ store, reconcilers, clock, log }: LoopParts, row: DueRow): Promise<void> {
  const reconciler = reconcilers.find((each) => each.kind === row.kind);
  try {
    const verdict = await store.write(async (tx) => {
      const found: Verdict = (await reconciler?.reconcile(tx, row.key, clock.now())) ?? { again: undefined };
      await settleDue(tx, row, found.again, 0);
      return found;
    }, "soon");
    await verdict.outside?.();
  } catch (thrown) {
    const attempts = row.attempts + 1;
    const pauseMs = Math.min(longestPauseMs, 100 * 2 ** attempts);
    log.error("a reconciler failed and will look again", { kind: row.kind, key: row.key, attempts, pauseMs, error: thrown });
    await store.write((tx) => settleDue(tx, row, clock.now() + pauseMs, attempts), "soon");
  }
}

/** Makes everything due, as at start and once a minute. */
export async function scanAll({ store, reconcilers, clock }: LoopParts): Promise<void> {
  for (const reconciler of reconcilers) {
    await store.write(async (tx) => {
      for (const key of await reconciler.scan(tx)) await wake(tx, { kind: reconciler.kind, key }, clock.now());
    }, "soon");
  }
}

/** Runs until the signal aborts; returns when the round at hand is finished. */
export async function runLoop(parts: LoopParts, signal: AbortSignal): Promise<void> {
  const bell = newBell(signal);
  const stop = parts.store.onTouched((topics) => topics.has("due") && bell.ring());
  let scanAt = 0;
  try {
    while (!signal.aborted) {
      if (parts.clock.now() >= scanAt) {
        await scanAll(parts);
        scanAt = parts.clock.now() + scanEveryMs;
      }
      if ((await runRound(parts)) > 0) continue;
      const next = (await parts.store.read(nextDueAt)) ?? Number.POSITIVE_INFINITY;
      await bell.wait(Math.min(longestSleepMs, Math.max(1, next - parts.clock.now())));
    }
  } finally {
    stop();
  }
}

/** A wait that a ring, or an earlier ring not yet waited for, ends. */
function newBell(signal: AbortSignal): { ring(): void; wait(ms: number): Promise<void> } {
  let rung = false;
  let wakeUp = (): void => {};
  const ring = (): void => {
    rung = true;
    wakeUp();
  };
  signal.addEventListener("abort", ring);
  return {
    ring,
    wait: async (ms) => {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wakeUp = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      rung = false;
    },
  };
}
