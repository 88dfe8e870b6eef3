/** Whether a managed prefix list may become larger: whatever names it counts it as all the entries that it may have. */
import type { PrefixListRow } from "../store/prefix-list-tables.ts";
import type { Tx } from "../store/store.ts";
import { requireRoomInTables } from "./route.ts";
import { requireRoom } from "./security-group-changes.ts";
import { listRulesOf } from "./security-group-rules.ts";

export async function requireRoomForWeight(tx: Tx, { id }: PrefixListRow, weight: number): Promise<void> {
  await requireRoomInTables(tx, id, weight);
  const groups = await tx.db.selectFrom("security_group_rules").select("group_id").distinct().where("prefix_list_id", "=", id).execute();
  for (const { group_id: group } of groups) await requireRoom(tx, group, await listRulesOf(tx, group), { id, weight });
}
