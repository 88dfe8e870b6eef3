/**
 * The database as the rest of the control plane sees it: transactions over typed rows, and word of what they touched.
 *
 * A write transaction is alone; a read transaction sees one committed state. What `fn` throws rolls everything back. Topics touched in a
 * transaction reach the listeners after its commit and never otherwise. They are hints within one process: whoever relies on
 * them also looks at the rows from time to time.
 */
import { Kysely, Migrator, type Transaction } from "kysely";
import * as first from "./migrations/0001-first.ts";
import * as storage from "./migrations/0002-storage.ts";
import { sqliteDialect } from "./sqlite.ts";
import type { Tables } from "./tables.ts";
import { openTurns, type Urgency } from "./turns.ts";

export interface Tx {
  readonly db: Transaction<Tables>;
  /** Says that rows of this topic changed: `due`, `host:ID`. */
  touch(topic: string): void;
}

export interface Store {
  read<T>(fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** `soon` lets clients that wait for an answer go first. */
  write<T>(fn: (tx: Tx) => Promise<T>, urgency?: Urgency): Promise<T>;
  /** Calls back with each commit's topics until the returned function is called. */
  onTouched(listener: (topics: ReadonlySet<string>) => void): () => void;
  [Symbol.asyncDispose](): Promise<void>;
}

const migrations = { "0001-first": first, "0002-storage": storage };

/** Opens the database file, bringing its schema up to date. */
export async function openStore(file: string): Promise<Store> {
  const writer = new Kysely<Tables>({ dialect: sqliteDialect(file) });
  await migrate(writer);
  const reader = file === ":memory:" ? writer : new Kysely<Tables>({ dialect: sqliteDialect(file, { readOnly: true }) });
  const turns = openTurns(() => performance.now());
  const listeners = new Set<(topics: ReadonlySet<string>) => void>();
  return {
    read: (fn) => reader.transaction().execute((db) => fn({ db, touch() {} })),
    write: async (fn, urgency = "now") => {
      const topics = new Set<string>();
      const work = () => writer.transaction().execute((db) => fn({ db, touch: (topic) => void topics.add(topic) }));
      const result = await turns.take(urgency, work);
      if (topics.size > 0) for (const listener of listeners) listener(topics);
      return result;
    },
    onTouched: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async [Symbol.asyncDispose]() {
      if (reader !== writer) await reader.destroy();
      await writer.destroy();
    },
  };
}

async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw new Error("migrating the database", { cause: error });
}
