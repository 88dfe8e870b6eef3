/** NAT gateways, and which of them an interface is of. */
import type { Kysely } from "kysely";
import { addColumns, createIndexes, createTables } from "./columns.ts";

const gateway =
  "t!id t account t region t zone t vpc_id t subnet_id t connectivity t want t?allocation_id t?interface_id t?private_address t?public_address t?association_id" +
  " t?host_id i?silent_since i?available_at i?ended_at t?failure_code t?failure_message i created_at";

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, { nat_gateways: gateway });
  await addColumns(db, { network_interfaces: "t?nat_gateway_id" });
  await createIndexes(db, ["nat_gateways account region", "nat_gateways vpc_id", "network_interfaces nat_gateway_id"], "nat");
}
