/**
 * SQLite through Node's own binding: the only file that knows this dialect. Write-ahead log, synchronous FULL: a commit that
 * returned is on the disk. Prepared statements are kept, since a control plane repeats a few hundred texts.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type Dialect, SqliteDialect, type SqliteStatement } from "kysely";

const keptStatements = 500;

/** A dialect over the file (`:memory:` for one that ends with the process). `readOnly` connections see committed rows only. */
export function sqliteDialect(file: string, options: { readonly readOnly?: boolean } = {}): Dialect {
  return new SqliteDialect({ database: async () => openDatabase(file, options.readOnly ?? false) });
}

function openDatabase(file: string, readOnly: boolean) {
  const database = new DatabaseSync(file, { readOnly });
  database.exec("PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;");
  if (!readOnly) database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000;");
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare: (text: string) => {
      let statement = statements.get(text);
      if (statement === undefined) {
        statement = toKyselyStatement(database.prepare(text));
        if (statements.size >= keptStatements) statements.clear();
        statements.set(text, statement);
      }
      return statement;
    },
  };
}

function toKyselyStatement(statement: StatementSync): SqliteStatement {
  type Values = Parameters<StatementSync["all"]>;
  return {
    reader: statement.columns().length > 0,
    all: (values: readonly unknown[]) => statement.all(...(values as Values)), // Kysely passes what the tables' types allow
    run: (values: readonly unknown[]) => statement.run(...(values as Values)),
    iterate: (values: readonly unknown[]) => statement.iterate(...(values as Values)) as IterableIterator<unknown>,
  };
}
