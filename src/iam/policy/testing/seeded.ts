/** Choices for tests that try many cases: the same for the same seed, so that what fails once fails again. */

export interface SeededChoices {
  pick<T>(options: readonly T[]): T;
  /** From 0 to `most`. */
  count(most: number): number;
}

/** A linear congruential generator: enough to choose test cases by. */
export function seededChoices(seed: number): SeededChoices {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const count = (most: number): number => Math.floor(next() * (most + 1));
  return { pick: <T>(options: readonly T[]) => options[count(options.length - 1)] as T, count }; // lists of options are not empty
}
