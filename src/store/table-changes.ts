/** Which tables changed and when: time is counted in changes, so that what was made from rows can be told from what would be made now. */
import { anyTable } from "./touched-tables.ts";

export interface TableChanges {
  /** How many there have been. */
  readonly count: number;
  note(tables: ReadonlySet<string>): void;
  /** Whether none of the tables changed since there had been so many changes. */
  areUnchanged(tables: Iterable<string>, since: number): boolean;
}

export function openTableChanges(): TableChanges {
  let count = 0;
  const changedAt = new Map<string, number>();
  const isUnchanged = (table: string, since: number): boolean => (changedAt.get(table) ?? 0) <= since;
  return {
    get count() {
      return count;
    },
    note: (tables) => {
      if (tables.size > 0) count++;
      for (const table of tables) changedAt.set(table, count);
    },
    areUnchanged: (tables, since) => {
      for (const table of tables) if (!isUnchanged(table, since)) return false;
      return isUnchanged(anyTable, since);
    },
  };
}
