/**
 * Queries that every launch and every report asks, made into text once. To build a query and to turn it into text takes several times what SQLite needs to
 * answer it; a prepared one costs its values only. Everything else about it is as for any query: types, transaction, touched tables.
 */
import type { Compilable, CompiledQuery, Insertable, Transaction } from "kysely";
import type { PreparedQuery } from "./kept-rows.ts";
import type { Tx } from "./store.ts";
import type { Tables } from "./tables.ts";

type Build<Values, Row> = (db: Transaction<Tables>, values: Values) => Compilable<Row>;

class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** `build` is called once, with something in each value's place: it may pass values on to the query by their names and must not look at them. */
export function prepare<Values extends object, Row>(build: Build<Values, Row>): (tx: Tx, values: Values) => Promise<Row[]> {
  return prepareAs(build, false);
}

/** As `prepare`, for rows of tables that seldom change: writes find them without asking the database, until one of the tables is written. They are frozen. */
export function prepareKept<Values extends object, Row>(build: Build<Values, Row>): (tx: Tx, values: Values) => Promise<readonly Readonly<Row>[]> {
  return prepareAs(build, true);
}

function prepareAs<Values extends object, Row>(build: Build<Values, Row>, keep: boolean): (tx: Tx, values: Values) => Promise<Row[]> {
  let compiled: PreparedQuery<Row> | undefined;
  return async ({ db }, values) => {
    compiled ??= { ...build(db, placeholders as Values).compile(), keep }; // see above
    const valueOf = (parameter: unknown): unknown => (parameter instanceof Placeholder ? values[parameter.name as keyof Values] : parameter); // named by `build`
    const { rows } = await db.executeQuery({ ...compiled, parameters: compiled.parameters.map(valueOf) });
    return rows as Row[]; // as the compiled query's type says
  };
}

const placeholders: object = new Proxy({}, { get: (_target, name) => new Placeholder(String(name)) });

/** Lists that are longer are about so much that the making of their text does not matter. */
const longestList = 20;

type BuildForList<Value, Row> = (db: Transaction<Tables>, values: readonly Value[]) => Compilable<Row>;

/** As `prepare`, for a query about a list of values (`where … in`): made into text once for each length that such a list has. */
export function prepareForList<Value, Row>(build: BuildForList<Value, Row>): (tx: Tx, values: readonly Value[]) => Promise<Row[]> {
  return prepareForListAs(build, false);
}

/** As `prepareForList` and `prepareKept`. */
export function prepareKeptForList<Value, Row>(build: BuildForList<Value, Row>): (tx: Tx, values: readonly Value[]) => Promise<readonly Readonly<Row>[]> {
  return prepareForListAs(build, true);
}

function prepareForListAs<Value, Row>(build: BuildForList<Value, Row>, keep: boolean): (tx: Tx, values: readonly Value[]) => Promise<Row[]> {
  const byLength = new Map<number, ReturnType<typeof prepare<readonly Value[], Row>>>();
  return async (tx, values) => {
    if (values.length > longestList) return (await tx.db.executeQuery(build(tx.db, values).compile())).rows;
    let query = byLength.get(values.length);
    if (query === undefined) {
      const positions = [...values.keys()];
      query = prepareAs((db, each: readonly Value[]) => build(db, positions.map((position) => each[position] as Value)), keep); // as many as there are values
      byLength.set(values.length, query);
    }
    return query(tx, values);
  };
}

const emptiness = new Map<keyof Tables, ReturnType<typeof prepareKept<object, unknown>>>();

/** Whether nobody has what the table is for; writes know it without asking the database, until the table is written. */
export async function isEmptyTable(tx: Tx, table: keyof Tables): Promise<boolean> {
  let selectOne = emptiness.get(table);
  if (selectOne === undefined) emptiness.set(table, (selectOne = prepareKept((db) => db.selectFrom(table).select(({ lit }) => lit(1).as("one")).limit(1))));
  return (await selectOne(tx, {})).length === 0;
}

const inserts = new Map<string, CompiledQuery>();

export async function insertRow<Table extends keyof Tables>({ db }: Tx, table: Table, row: Insertable<Tables[Table]>): Promise<void> {
  const key = `${table} ${Object.keys(row).join(" ")}`;
  let compiled = inserts.get(key);
  if (compiled === undefined) inserts.set(key, (compiled = db.insertInto(table).values(row).compile()));
  await db.executeQuery({ ...compiled, parameters: Object.values(row) });
}
