/** Managed prefix lists with the entries of all their versions, the rules that name them, and the prefixes that interfaces have. */
import type { Kysely } from "kysely";
import { addColumns, createIndexes, createTables } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, {
    prefix_lists: "t!id t account t region t name t family t state i max_entries i version i created_at",
    prefix_list_entries: "t!prefix_list_id i!version t!cidr t?description",
  });
  await addColumns(db, { security_group_rules: "t?prefix_list_id", interface_addresses: "t?prefix" });
  await createIndexes(db, ["prefix_lists account region", "security_group_rules prefix_list_id", "routes destination"], "lists");
}
