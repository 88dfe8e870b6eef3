/**
 * What was made from rows, kept until a table that it was made from changes. Every query of every session is seen, so nobody has to say which
 * tables those are, and nobody can forget one. Commits of other processes would not be seen: one control plane has the database for itself.
 *
 * A thing is as old as the moment before its first query. A commit in between makes it look too old, never too new. That is only known of what a session does
 * first: its first query fixes the state that all later ones see, so what it makes after that is not kept.
 */
import type { Session } from "./sqlite.ts";
import type { TableChanges } from "./table-changes.ts";
import { anyTable } from "./touched-tables.ts";

export interface Recollection {
  recall<T>(session: Session, key: string, make: (former: T | undefined) => Promise<T>, isWorthKeeping: (made: T) => boolean): Promise<T>;
}

interface Kept {
  readonly made: unknown;
  /** How many changes there had been. */
  readonly madeAt: number;
  readonly tables: readonly string[];
}

const keptThings = 32;
/** Most things are asked for once: one is kept from the second time on, and of the first only the key. */
const keptKeys = 256;

/** `changes` hears of each commit in the same breath. */
export function openRecollection(changes: TableChanges): Recollection {
  const kept = new Map<string, Kept>();
  const asked = new Set<string>();
  const isFresh = ({ madeAt, tables }: Kept): boolean => changes.areUnchanged(tables, madeAt);

  return {
    recall: async <T>(session: Session, key: string, make: (former: T | undefined) => Promise<T>, isWorthKeeping: (made: T) => boolean) => {
      const found = kept.get(key);
      kept.delete(key);
      if (found !== undefined && isFresh(found)) {
        kept.set(key, found); // the one that was asked for last goes last
        return found.made as T; // a key stands for one kind of thing
      }
      const isRepeated = asked.delete(key) || found !== undefined;
      asked.add(key);
      dropOldest(asked, keptKeys);
      const isFirst = session.touched.size === 0;
      const madeAt = changes.count;
      const made = await make(found?.made as T | undefined); // as above
      if (!isRepeated || !isFirst || session.touched.has(anyTable) || !isWorthKeeping(made)) return made;
      kept.set(key, { made, madeAt, tables: [...session.touched] });
      dropOldest(kept, keptThings);
      return made;
    },
  };
}

function dropOldest(collection: Map<string, unknown> | Set<string>, limit: number): void {
  const [oldest = ""] = collection.keys();
  if (collection.size > limit) collection.delete(oldest);
}
