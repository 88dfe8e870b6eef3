/**
 * Rows of the writing connection's queries about tables that seldom change (hosts, subnets, images), kept until one of these tables is written. That
 * connection sees every write, its own ones before their commit too, and one session after the other: rows that are kept are those that the query would give.
 *
 * They are as old as the beginning of the session that read them, which makes them look too old, never too new: what a session saw of its own writes, which
 * may be taken back, is no other's. A transaction of many sessions that is taken back counts as a write of all that was written in it.
 */
import type { CompiledQuery } from "kysely";
import type { TableChanges } from "./table-changes.ts";
import { anyTable, tablesOf } from "./touched-tables.ts";

/** `keep`: the same values are asked for again and again. Whoever gets the rows must not change them. */
export interface PreparedQuery<Row = unknown> extends CompiledQuery<Row> {
  readonly keep?: boolean;
}

export interface KeptRows {
  /** The rows of the query; `read` reads them, when what is kept is none or too old. `since`: the changes before the session. */
  recall(query: CompiledQuery, since: number, read: () => readonly object[]): readonly object[];
}

interface Kept {
  readonly rows: readonly object[];
  readonly since: number;
}

/** More are all forgotten at once: to know which was asked for last would cost every look-up more than the query does. */
const longestKept = 1_000;

export function openKeptRows(changes: TableChanges): KeptRows {
  const kept = new Map<string, Kept>();
  const numbers = new Map<string, number>();
  /** Of the query's text: a key of two long texts would cost more than the look-up. */
  const numberOf = (text: string): number => {
    const number = numbers.get(text) ?? numbers.size;
    if (number === numbers.size) numbers.set(text, number);
    return number;
  };
  return {
    recall: (query, since, read) => {
      const tables = tablesOf(query);
      if (tables.has(anyTable)) return read();
      const key = `${numberOf(query.sql)} ${JSON.stringify(query.parameters)}`;
      const found = kept.get(key);
      if (found !== undefined && changes.areUnchanged(tables, found.since)) return found.rows;
      const rows = Object.freeze(read().map((row) => Object.freeze(row)));
      if (kept.size >= longestKept) kept.clear();
      kept.set(key, { rows, since });
      return rows;
    },
  };
}
