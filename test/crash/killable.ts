/** Control planes that die at a commit. */
import type { Store } from "../../src/store/store.ts";

export class Killed extends Error {}

/** A store whose process dies where `tick` says so: before a commit (nothing is written) or after it (everything is, and nobody knows). */
export function killable(real: Store, tick: () => Promise<void>): Store {
  return {
    ...real,
    write: async (fn, urgency) => {
      await tick();
      const result = await real.write(fn, urgency);
      await tick();
      return result;
    },
  };
}
