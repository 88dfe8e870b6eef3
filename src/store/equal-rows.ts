/** Whether rows of one query say the same as rows that it gave before, in the same order. Their columns hold texts, numbers and null. */
export function areEqualRows(rows: readonly object[], others: readonly object[]): boolean {
  return rows.length === others.length && rows.every((row, index) => isEqualRow(row as Columns, others[index] as Columns)); // any object may be read by name
}

type Columns = Readonly<Record<string, unknown>>;

/** Goes over the columns without making lists of them: it is called for every row of every list of instances. */
function isEqualRow(row: Columns, other: Columns): boolean {
  for (const column in row) if (row[column] !== other[column]) return false;
  return true;
}
