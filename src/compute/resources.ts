/** Finding rows by the ids that a request names: malformed ids first, then all missing ones in one error, then the rows in the request's order. */
import { malformedId, notFound } from "../base/api-error.ts";
import { isId, type ResourceKind } from "../base/ids.ts";

/**
 * The rows of the given ids, in that order, each once.
 * Fails with the kind's Malformed error for the first text that is no id, and with NotFound naming all that `rows` lacks.
 */
export function inRequestedOrder<Row extends { readonly id: string }>(kind: ResourceKind, ids: readonly string[], rows: readonly Row[]): Row[] {
  const found = new Map(rows.map((row) => [row.id, row]));
  const unique = [...new Set(ids)];
  const missing = unique.filter((id) => !found.has(id));
  if (missing.length > 0) throw notFound(kind, missing);
  return unique.flatMap((id) => found.get(id) ?? []);
}

export function requireWellFormed(kind: ResourceKind, ids: readonly string[]): void {
  const bad = ids.find((id) => !isId(kind, id));
  if (bad !== undefined) throw malformedId(kind, bad);
}
