/**
 * Schema changes as short texts: a type letter (`t` text, `i` integer, `b` bytes), a mark, then the column's name. Marks: `!` part of the
 * primary key, `?` null is allowed, a blank for neither; of added columns also `=0 ` and `='text' `, what rows that exist begin with.
 */
import { type ColumnDataType, type CreateTableBuilder, type Kysely, sql } from "kysely";

type Texts = Readonly<Record<string, string>>;

const types: Readonly<Record<string, ColumnDataType>> = { t: "text", i: "bigint", b: "blob" };

export async function createTables(db: Kysely<unknown>, tables: Texts): Promise<void> {
  for (const [name, columns] of Object.entries(tables)) await createTable(db, name, columns).execute();
}

function createTable(db: Kysely<unknown>, name: string, columns: string): CreateTableBuilder<string, string> {
  const key: string[] = [];
  let table: CreateTableBuilder<string, string> = db.schema.createTable(name);
  for (const [, type = "t", mark, column = ""] of columns.matchAll(/([tib])([!? ])(\w+)/g)) {
    if (mark === "!") key.push(column);
    table = table.addColumn(column, types[type] ?? "text", (definition) => (mark === "?" ? definition : definition.notNull()));
  }
  return table.addPrimaryKeyConstraint(`${name}_key`, key as never).modifyEnd(sql``); // the column names are only known at run time
}

export async function addColumns(db: Kysely<unknown>, columns: Texts): Promise<void> {
  for (const [table, texts] of Object.entries(columns)) {
    for (const [, type = "t", , value, column = ""] of texts.matchAll(/([tib])(\?|=(\d+|'[^']*') )(\w+)/g)) {
      const filled = value === undefined ? undefined : value.startsWith("'") ? value.slice(1, -1) : Number(value);
      await db.schema
        .alterTable(table)
        .addColumn(column, types[type] ?? "text", (definition) => (filled === undefined ? definition : definition.notNull().defaultTo(filled)))
        .execute();
    }
  }
}

/** `table column…`, with `unique` before those that are promises. `prefix` keeps the names of one migration apart from another's. */
export async function createIndexes(db: Kysely<unknown>, indexes: readonly string[], prefix: string): Promise<void> {
  for (const [position, words] of indexes.entries()) {
    const unique = words.startsWith("unique ");
    const [table = "", ...columns] = words.replace("unique ", "").split(" ");
    const index = db.schema.createIndex(`${table}_${prefix}_${position + 1}`).on(table).columns(columns);
    await (unique ? index.unique() : index).execute();
  }
}
