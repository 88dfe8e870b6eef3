/** Randomness that is the same for the same seed, for simulations that can be repeated. Not for secrets. */
import { randomNumber, type Random } from "../../base/random.ts";

/** A Weyl sequence of 32 bits through a mixing function, four bytes at a time. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  return {
    bytes: (count) => {
      const bytes = new Uint8Array(count);
      for (let at = 0; at < count; at += 4) {
        const word = next();
        for (let byte = 0; byte < 4 && at + byte < count; byte++) bytes[at + byte] = word >>> (8 * byte);
      }
      return bytes;
    },
  };
}

/** From 0 up to 1, without 1. */
export function fraction(random: Random): number {
  return randomNumber(random) / 2 ** 32;
}

/** A whole number from `least` to `most`. */
export function between(random: Random, least: number, most: number): number {
  return least + Math.floor(fraction(random) * (most - least + 1));
}

/** One of several, each with its weight. */
export function choose<T>(random: Random, choices: readonly (readonly [T, weight: number])[]): T {
  let left = fraction(random) * choices.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [choice, weight] of choices) if ((left -= weight) < 0) return choice;
  const last = choices.at(-1);
  if (last === undefined) throw new RangeError("there is nothing to choose from");
  return last[0];
}
