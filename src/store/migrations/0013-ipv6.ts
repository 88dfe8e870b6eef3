/** IPv6: blocks of VPCs and subnets, addresses of interfaces, and gateways that let only connections from inside through. */
import type { Kysely } from "kysely";
import { addColumns, createIndexes, createTables } from "./columns.ts";

const tables: Readonly<Record<string, string>> = {
  vpc_ipv6_blocks: "t!id t vpc_id t cidr i created_at",
  interface_ipv6_addresses: "t!interface_id t!address t subnet_id i position",
  egress_only_gateways: "t!id t account t region t vpc_id",
};

const indexes: readonly string[] = [
  "vpc_ipv6_blocks vpc_id",
  "unique vpc_ipv6_blocks cidr",
  "unique subnets ipv6_cidr",
  "unique interface_ipv6_addresses address",
  "interface_ipv6_addresses subnet_id",
  "egress_only_gateways account region",
  "egress_only_gateways vpc_id",
];

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, tables);
  await addColumns(db, { subnets: "t?ipv6_cidr t?ipv6_association_id i=0 assign_ipv6_on_creation" });
  await createIndexes(db, indexes, "ipv6");
}
