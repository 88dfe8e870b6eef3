/**
 * SQLite through Node's own binding: the only file that knows this dialect. Write-ahead log, synchronous FULL: a commit that
 * returned is on the disk. Prepared statements are kept, since a control plane repeats a few hundred texts.
 *
 * The binding answers at once, so queries go straight to their statement: Kysely's own way through connection pools and drivers costs three
 * times what the query itself does. Whoever opens a session therefore sees to it that only one at a time is open on a connection.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import {
  DefaultQueryExecutor,
  DummyDriver,
  type LimitNode,
  type QueryResult,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteQueryCompiler,
  Transaction,
} from "kysely";
import { openKeptRows, type KeptRows, type PreparedQuery } from "./kept-rows.ts";
import { openTableChanges, type TableChanges } from "./table-changes.ts";
import type { Tables } from "./tables.ts";
import { tablesOf } from "./touched-tables.ts";

const keptStatements = 500;

/** One connection to the database file. */
export interface Connection {
  /** A statement without values or rows, such as `begin`. */
  run(text: string): void;
  /** False also when a full disk, or an error like it, made the database take a transaction back by itself. */
  readonly inTransaction: boolean;
  /** Queries until `end`, whatever transaction surrounds them; later ones are refused. `begin` is called before the first. */
  openSession(begin?: () => void): Session;
  /** What its own sessions write is noted at once; other connections' commits, and transactions that are taken back, by whoever knows of them. */
  readonly changes: TableChanges;
  /** For Kysely's own drivers, as the migrator wants it. */
  readonly dialect: SqliteDialect;
  close(): void;
}

export interface Session {
  readonly db: Transaction<Tables>;
  /** The tables that its queries were about, and those of them that were written. */
  readonly touched: ReadonlySet<string>;
  readonly written: ReadonlySet<string>;
  end(): void;
}

/** Opens the file (`:memory:` for a database that ends with the process). `readOnly` connections see committed rows only. */
export function openConnection(file: string, options: { readonly readOnly?: boolean } = {}): Connection {
  const database = new DatabaseSync(file, { readOnly: options.readOnly ?? false });
  database.exec("PRAGMA busy_timeout = 5000; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;");
  if (options.readOnly !== true) database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000;");
  const statements = new Map<string, Statement>();
  const prepare = (text: string): Statement => {
    let statement = statements.get(text);
    if (statement === undefined) {
      statement = toStatement(database.prepare(text));
      if (statements.size >= keptStatements) statements.clear();
      statements.set(text, statement);
    }
    return statement;
  };
  const changes = openTableChanges();
  const keptRows = options.readOnly === true ? undefined : openKeptRows(changes);
  const dialect = new SqliteDialect({ database: { prepare, close() {} } });
  const driver = new DummyDriver();
  return {
    dialect,
    run: (text) => void prepare(text).run([]),
    get inTransaction() {
      return database.isTransaction;
    },
    changes,
    openSession: (begin = () => {}) => {
      const executor = new SessionExecutor({ prepare, changes, keptRows, begin });
      const db = new Transaction<Tables>({ config: { dialect }, dialect, driver, executor });
      return { db, touched: executor.touched, written: executor.written, end: () => executor.end() };
    },
    close: () => database.close(),
  };
}

/** The part of Node's statements that Kysely knows. */
type Statement = ReturnType<Exclude<SqliteDialectConfig["database"], Function>["prepare"]>;

function toStatement(statement: StatementSync): Statement {
  type Values = Parameters<StatementSync["all"]>;
  const columns = statement.columns().map(({ name }) => name);
  const toRow = rowMaker(columns);
  statement.setReturnArrays(true);
  const all = (values: readonly unknown[]) => (statement.all(...(values as Values)) as unknown as unknown[][]).map(toRow); // Kysely passes what the tables' types allow
  return {
    reader: columns.length > 0,
    all,
    run: (values: readonly unknown[]) => statement.run(...(values as Values)), // as above
    iterate: (values: readonly unknown[]) => all(values).values(),
  };
}

/** The binding's own row objects are dictionaries: slow to make and slow to read. Copies of one object are neither. */
function rowMaker(columns: readonly string[]): (values: readonly unknown[]) => Record<string, unknown> {
  const blank: Record<string, unknown> = Object.fromEntries(columns.map((name) => [name, null]));
  return (values) => {
    const row = { ...blank };
    for (let column = 0; column < columns.length; column++) row[columns[column] ?? ""] = values[column];
    return row;
  };
}

class QueryCompiler extends SqliteQueryCompiler {
  /** SQLite makes the statement anew whenever a parameter is bound that is all of its limit: it looks at the value to plan by it. A sum it takes as it comes. */
  protected override visitLimit(node: LimitNode): void {
    super.visitLimit(node);
    this.append(" + 0");
  }
}

const compiler = new QueryCompiler();
const adapter = new SqliteAdapter();
const noPool = {
  provideConnection: (): never => {
    throw new Error("a session's queries do not go through a driver");
  },
};

interface SessionParts {
  readonly prepare: (text: string) => Statement;
  readonly changes: TableChanges;
  /** Undefined for connections that do not see every write. */
  readonly keptRows: KeptRows | undefined;
  readonly begin: () => void;
}

class SessionExecutor extends DefaultQueryExecutor {
  readonly touched = new Set<string>();
  readonly written = new Set<string>();
  readonly #parts: SessionParts;
  readonly #since: number;
  #state: "new" | "begun" | "over" = "new";

  constructor(parts: SessionParts) {
    super(compiler, adapter, noPool);
    this.#parts = parts;
    this.#since = parts.changes.count;
  }

  end(): void {
    this.#state = "over";
  }

  override async executeQuery<Row>(query: PreparedQuery): Promise<QueryResult<Row>> {
    if (this.#state === "over") throw new Error("a query came after the end of its transaction");
    const tables = tablesOf(query);
    for (const table of tables) this.touched.add(table);
    if (query.query.kind !== "SelectQueryNode") return this.#write(query, tables);
    const read = () => this.#statement(query).all(query.parameters) as object[]; // rows are objects
    const { keptRows } = this.#parts;
    const rows = query.keep === true && keptRows !== undefined ? keptRows.recall(query, this.#since, read) : read();
    return { rows: rows as Row[] }; // as the compiled query's type says
  }

  #write<Row>(query: PreparedQuery, tables: ReadonlySet<string>): QueryResult<Row> {
    for (const table of tables) this.written.add(table);
    const statement = this.#statement(query);
    try {
      if (statement.reader) return { rows: statement.all(query.parameters) as Row[] }; // as the compiled query's type says
      const { changes } = statement.run(query.parameters);
      return { numAffectedRows: BigInt(changes), rows: [] };
    } finally {
      this.#parts.changes.note(tables);
    }
  }

  #statement({ sql }: PreparedQuery): Statement {
    if (this.#state === "new") this.#parts.begin();
    this.#state = "begun";
    return this.#parts.prepare(sql);
  }
}
