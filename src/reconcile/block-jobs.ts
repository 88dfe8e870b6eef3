/**
 * Moving blocks for as long as it takes, beside the work loop: a job a key at most, and few at once, so that clients' requests hardly notice. A job may die at any
 * moment; the reconciler that started it starts it again and it goes on with what is in the store.
 */
import type { Log } from "../base/log.ts";

export type BlockJob = (signal: AbortSignal) => Promise<void>;

export interface BlockJobs {
  /** Unless there is one of this key, which waits or runs. */
  start(key: string, job: BlockJob): void;
  /** Asks the job of this key to end; false: there is none. */
  stop(key: string): boolean;
  /** Ends all; returns when they have ended. */
  close(): Promise<void>;
}

const atOnce = 2;

export function openBlockJobs(log: Log): BlockJobs {
  const controllers = new Map<string, AbortController>();
  const waiting: (() => void)[] = [];
  const ended = new Set<Promise<void>>();
  let running = 0;
  const run = async (key: string, job: BlockJob, signal: AbortSignal): Promise<void> => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      if (!signal.aborted) await job(signal);
    } catch (error) {
      if (!signal.aborted) log.error("blocks could not be moved; it will be tried again", { key, error });
    } finally {
      running--;
      controllers.delete(key);
      waiting.shift()?.();
    }
  };
  return {
    start: (key, job) => {
      if (controllers.has(key)) return;
      const controller = new AbortController();
      controllers.set(key, controller);
      const end = run(key, job, controller.signal).finally(() => ended.delete(end));
      ended.add(end);
    },
    stop: (key) => {
      controllers.get(key)?.abort();
      return controllers.has(key);
    },
    close: async () => {
      for (const controller of controllers.values()) controller.abort();
      await Promise.all(ended);
    },
  };
}
