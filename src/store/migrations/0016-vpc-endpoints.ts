/** VPC endpoints, and which of them an interface is of. */
import type { Kysely } from "kysely";
import { addColumns, createIndexes, createTables } from "./columns.ts";

const endpoint = "t!id t account t region t vpc_id t service t type t?policy i private_dns t group_ids t want i?available_at i created_at";

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, { vpc_endpoints: endpoint });
  await addColumns(db, { network_interfaces: "t?vpc_endpoint_id" });
  await createIndexes(db, ["vpc_endpoints account region", "vpc_endpoints vpc_id", "network_interfaces vpc_endpoint_id"], "endpoint");
}
