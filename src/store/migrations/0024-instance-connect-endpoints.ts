/** Instance Connect Endpoints, and which of them an interface is of. */
import type { Kysely } from "kysely";
import { addColumns, createIndexes, createTables } from "./columns.ts";

const endpoint = "t!id t account t region t zone t vpc_id t subnet_id t group_ids i preserve_client_ip t want i generation i settled_generation i created_at";

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, { instance_connect_endpoints: endpoint });
  await addColumns(db, { network_interfaces: "t?connect_endpoint_id" });
  await createIndexes(db, ["instance_connect_endpoints account region", "instance_connect_endpoints vpc_id", "network_interfaces connect_endpoint_id"], "connect_endpoint");
}
