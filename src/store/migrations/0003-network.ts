/**
 * Networks that an account makes itself: further blocks and subnets' own route tables, Elastic IP addresses, secondary addresses, DHCP option sets,
 * security groups and network ACLs with all that their rules may say; and what hosts were told of each VPC.
 */
import { type Kysely, sql } from "kysely";
import { addColumns, createIndexes, createTables } from "./columns.ts";

const tables: Readonly<Record<string, string>> = {
  vpc_hosts: "t!vpc_id t!host_id i observed_generation t observed_state t?observed_reason",
  network_acl_entries: "t!network_acl_id i!egress i!rule_number i protocol t action t?cidr t?ipv6_cidr i?from_port i?to_port i?icmp_type i?icmp_code",
  network_acl_associations: "t!id t network_acl_id t subnet_id",
  vpc_cidr_blocks: "t!id t vpc_id t cidr i created_at",
  route_table_associations: "t!id t route_table_id t subnet_id",
  elastic_ips: "t!id t account t region t public_address t?association_id t?interface_id t?private_address i created_at",
  interface_addresses: "t!interface_id t!address t subnet_id i created_at",
};

const columns: Readonly<Record<string, string>> = {
  vpcs: "t='default' tenancy i=0 address_usage_metrics i=0 generation i?network_identifier",
  security_group_rules: "t?ipv6_cidr t?description",
  network_interfaces: "i=0 detaching",
  dhcp_options: "t?configuration",
};

const indexes: readonly string[] = [
  "vpc_cidr_blocks vpc_id",
  "unique route_table_associations subnet_id",
  "route_table_associations route_table_id",
  "elastic_ips account region",
  "unique elastic_ips public_address",
  "unique elastic_ips interface_id private_address",
  "unique interface_addresses subnet_id address",
  "route_tables vpc_id",
  "internet_gateways vpc_id",
  "network_interfaces vpc_id",
  "unique vpcs network_identifier",
  "network_acls vpc_id",
  "unique network_acl_associations subnet_id",
  "network_acl_associations network_acl_id",
  "security_groups account region",
  "security_group_rules referenced_group_id",
];

export async function up(db: Kysely<unknown>): Promise<void> {
  await createTables(db, tables);
  await addColumns(db, columns);
  await createIndexes(db, indexes, "network");
  await db.schema.alterTable("routes").renameColumn("gateway_id", "target_id").execute();
  await db.schema.alterTable("public_addresses").renameColumn("interface_id", "holder_id").execute();
  await fillDefaultAcls(db);
}

/** Default ACLs let everything through in both directions (facts §7.7). */
async function fillDefaultAcls(db: Kysely<unknown>): Promise<void> {
  for (const egress of [0, 1]) {
    await sql`insert into network_acl_entries (network_acl_id, egress, rule_number, protocol, action, cidr)
      select id, ${egress}, 100, -1, 'allow', '0.0.0.0/0' from network_acls where is_default = 1`.execute(db);
  }
}
