/**
 * The network that EC2 gives every account in every region: one default VPC 172.31.0.0/16 with a /20 subnet in each zone, an internet gateway,
 * a main route table, a default security group, network ACL and DHCP option set (facts §2.2).
 */
import { formatCidr, parseIpv4 } from "../base/ipv4.ts";
import { newId, type VpcId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { findRegion } from "../base/regions.ts";
import type { Tx } from "../store/store.ts";

export interface NetworkOwner {
  readonly account: string;
  readonly region: string;
}

export const defaultVpcCidr = "172.31.0.0/16";
const subnetPrefix = 20;

/** Makes the default network if the account has never been seen in the region. A default VPC that was deleted stays deleted. */
export async function ensureDefaultNetwork(tx: Tx, owner: NetworkOwner, random: Random, now: number): Promise<void> {
  const { account, region } = owner;
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto("account_regions")
    .values({ account, region, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) return;
  const dhcpOptions = newId("dhcpOptions", random);
  await tx.db.insertInto("dhcp_options").values({ id: dhcpOptions, account, region, is_default: 1 }).execute();
  const vpc = newId("vpc", random);
  await tx.db
    .insertInto("vpcs")
    .values({
      id: vpc,
      account,
      region,
      cidr: defaultVpcCidr,
      is_default: 1,
      dhcp_options_id: dhcpOptions,
      enable_dns_support: 1,
      enable_dns_hostnames: 1,
      created_at: now,
    })
    .execute();
  await createDefaultSubnets(tx, owner, vpc, random, now);
  await createVpcCompanions(tx, owner, vpc, random);
}

async function createDefaultSubnets(tx: Tx, owner: NetworkOwner, vpc: VpcId, random: Random, now: number): Promise<void> {
  const base = parseIpv4("172.31.0.0") ?? 0;
  const zones = findRegion(owner.region)?.zones ?? [];
  const subnets = zones.map((letter, position) => ({
    id: newId("subnet", random),
    account: owner.account,
    region: owner.region,
    vpc_id: vpc,
    zone: `${owner.region}${letter}`,
    cidr: formatCidr({ base: base + position * 2 ** (32 - subnetPrefix), prefix: subnetPrefix }),
    default_for_az: 1 as const,
    map_public_ip_on_launch: 1 as const,
    created_at: now,
  }));
  await tx.db.insertInto("subnets").values(subnets).execute();
}

async function createVpcCompanions(tx: Tx, owner: NetworkOwner, vpc: VpcId, random: Random): Promise<void> {
  const { account, region } = owner;
  const gateway = newId("internetGateway", random);
  await tx.db.insertInto("internet_gateways").values({ id: gateway, account, region, vpc_id: vpc }).execute();
  const table = newId("routeTable", random);
  await tx.db.insertInto("route_tables").values({ id: table, account, region, vpc_id: vpc, main: 1 }).execute();
  await tx.db
    .insertInto("routes")
    .values([
      { route_table_id: table, destination: defaultVpcCidr, gateway_id: "local" },
      { route_table_id: table, destination: "0.0.0.0/0", gateway_id: gateway },
    ])
    .execute();
  await tx.db.insertInto("network_acls").values({ id: newId("networkAcl", random), account, region, vpc_id: vpc, is_default: 1 }).execute();
  await createDefaultSecurityGroup(tx, owner, vpc, random);
}

/** Inbound from itself, outbound to everywhere (facts §7.6). */
async function createDefaultSecurityGroup(tx: Tx, owner: NetworkOwner, vpc: VpcId, random: Random): Promise<void> {
  const group = newId("securityGroup", random);
  await tx.db
    .insertInto("security_groups")
    .values({ id: group, account: owner.account, region: owner.region, vpc_id: vpc, name: "default", description: "default VPC security group" })
    .execute();
  const everything = { group_id: group, protocol: "-1", from_port: null, to_port: null };
  await tx.db
    .insertInto("security_group_rules")
    .values([
      { id: newId("securityGroupRule", random), ...everything, egress: 0, cidr: null, referenced_group_id: group },
      { id: newId("securityGroupRule", random), ...everything, egress: 1, cidr: "0.0.0.0/0", referenced_group_id: null },
    ])
    .execute();
}
