/** Changes that are measured on a machine that may do other things too. */
import { expect } from "vitest";

export interface MeasuredChange {
  /** Makes everything as it was, as often as it is called. */
  readonly before: () => Promise<unknown>;
  readonly change: () => Promise<unknown>;
  readonly isSeen: () => Promise<boolean>;
}

/** Milliseconds from the beginning of a change until it was seen: of the first that took less than `enoughMs`, or of the fastest of five. */
export async function fastestMs({ before, change, isSeen }: MeasuredChange, enoughMs: number): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 5 && fastest >= enoughMs; tries++) {
    await before();
    const began = performance.now();
    await change();
    await expect.poll(isSeen, { interval: 10 }).toBe(true);
    fastest = Math.min(fastest, performance.now() - began);
  }
  return fastest;
}
