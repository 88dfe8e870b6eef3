/** Managed prefix lists with the entries of all their versions, and the rules that name them. */
import type { Kysely } from "kysely";
import { addColumns, createIndexes, createTables } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, {
    prefix_lists: "t!id t account t region t name t family t state i max_entries i version i created_at",
    prefix_list_entries: "t!prefix_list_id i!version t!cidr t?description",
  });
  await addColumns(db, { security_group_rules: "t?prefix_list_id" });
  await createIndexes(db, ["prefix_lists account region", "security_group_rules prefix_list_id", "routes destination"], "lists");
}
