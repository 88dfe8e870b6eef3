/** VPC peering connections, and the account of a group in a peered VPC that a rule names. */
import type { Kysely } from "kysely";
import { addColumns, createIndexes, createTables } from "./columns.ts";

const connection =
  "t!id t requester_account t requester_region t requester_vpc_id t accepter_account t accepter_region t accepter_vpc_id t state" +
  " i requester_dns i accepter_dns i created_at i?ended_at";

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, { vpc_peering_connections: connection });
  await addColumns(db, { security_group_rules: "t?referenced_account" });
  await createIndexes(db, ["vpc_peering_connections requester_vpc_id", "vpc_peering_connections accepter_vpc_id"], "peering");
}
