/** Blocks of IPv6 addresses that interfaces have as a whole, and reverse names of Elastic IP addresses. */
import type { Kysely } from "kysely";
import { addColumns, createIndexes, createTables } from "./columns.ts";

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, { interface_ipv6_prefixes: "t!prefix t interface_id t subnet_id" });
  await addColumns(db, { elastic_ips: "t?reverse_name" });
  await createIndexes(db, ["interface_ipv6_prefixes interface_id", "interface_ipv6_prefixes subnet_id"], "ipv6_prefixes");
}
