/** Managed prefix lists as requests that change them name them. */
import { operationNotPermitted } from "../../base/api-error.ts";
import type { Owner } from "../../compute/owned-rows.ts";
import { requirePrefixList } from "../../network/prefix-lists.ts";
import type { PrefixListRow } from "../../store/prefix-list-tables.ts";
import type { Tx } from "../../store/store.ts";

/** Fails for EC2's own lists, which nobody may change. */
export async function requireOwnList(tx: Tx, owner: Owner, id: string): Promise<PrefixListRow> {
  const { row } = await requirePrefixList(tx, owner, id);
  if (row === undefined) throw operationNotPermitted(`The prefix list ${id} is managed by AWS and cannot be changed.`);
  return row;
}
