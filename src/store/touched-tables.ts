/** Which tables a query reads or writes, from Kysely's own tree of it; found out once for each text. */
import type { CompiledQuery } from "kysely";

/** Stands for any table: what raw text touches is not known. */
export const anyTable = "*";

const keptTexts = 2_000;
const known = new Map<string, ReadonlySet<string>>();

export function tablesOf({ sql, query }: CompiledQuery): ReadonlySet<string> {
  let tables = known.get(sql);
  if (tables === undefined) {
    if (known.size >= keptTexts) known.clear();
    tables = new Set(findTables(query));
    known.set(sql, tables);
  }
  return tables;
}

/** Also names that only stand for a table in this query: one too many does no harm. */
function findTables(node: unknown): string[] {
  if (typeof node !== "object" || node === null) return [];
  const { kind, table, sqlFragments } = node as NodeParts;
  if (kind === "RawNode") return isDirection(sqlFragments) ? [] : [anyTable];
  if (kind === "TableNode" && typeof table?.identifier?.name === "string") return [table.identifier.name];
  return Object.values(node).flatMap(findTables);
}

/** What any of Kysely's nodes may have, as far as it matters here. */
interface NodeParts {
  readonly kind?: unknown;
  readonly table?: { readonly identifier?: { readonly name?: unknown } };
  readonly sqlFragments?: readonly string[];
}

/** Kysely writes the direction of an order as raw text. */
function isDirection(fragments: readonly string[] = []): boolean {
  return fragments.length === 1 && (fragments[0] === "asc" || fragments[0] === "desc");
}
