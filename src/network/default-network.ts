/**
 * The network that EC2 gives every account in every region: one default VPC 172.31.0.0/16 with a /20 subnet in each zone, an internet gateway,
 * a main route table, a default security group, network ACL and DHCP option set (facts §2.2).
 */
import { defaultSubnetExists } from "../base/api-error.ts";
import { cidrsOverlap, formatCidr, type Cidr } from "../base/ipv4.ts";
import { newId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { findRegion } from "../base/regions.ts";
import type { VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { blockOf } from "./cidr-block.ts";
import { createSubnet, requireFreeBlock, type SubnetPlan } from "./subnet.ts";
import { createVpc, type NetworkOwner } from "./vpc.ts";

export const defaultVpcCidr = "172.31.0.0/16";
const subnetPrefix = 20;

/** Makes the default network if the account has never been seen in the region. A default VPC that was deleted stays deleted. */
export async function ensureDefaultNetwork(tx: Tx, { account, region }: NetworkOwner, random: Random, now: number): Promise<void> {
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto("account_regions")
    .values({ account, region, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 1n) await createDefaultVpc(tx, { account, region }, random, now);
}

/** The default VPC with a subnet in each zone and a way to the internet. */
export async function createDefaultVpc(tx: Tx, owner: NetworkOwner, random: Random, now: number): Promise<VpcRow> {
  const { account, region } = owner;
  const vpc = await createVpc(tx, { account, region, cidr: defaultVpcCidr, tenancy: "default", isDefault: true }, random, now);
  const zones = findRegion(region)?.zones ?? [];
  for (const letter of zones) await createSubnet(tx, await planDefaultSubnet(tx, vpc, `${region}${letter}`), random, now);
  const gateway = newId("internetGateway", random);
  await tx.db.insertInto("internet_gateways").values({ id: gateway, account, region, vpc_id: vpc.id }).execute();
  const main = await tx.db.selectFrom("route_tables").select("id").where("vpc_id", "=", vpc.id).executeTakeFirstOrThrow();
  await tx.db.insertInto("routes").values({ route_table_id: main.id, destination: "0.0.0.0/0", target_id: gateway }).execute();
  return vpc;
}

/** The zone's default subnet, in the first /20 of the default VPC that is free. */
export async function planDefaultSubnet(tx: Tx, vpc: VpcRow, zone: string): Promise<SubnetPlan> {
  const standing = await tx.db.selectFrom("subnets").selectAll().where("vpc_id", "=", vpc.id).execute();
  if (standing.some((subnet) => subnet.default_for_az === 1 && subnet.zone === zone)) throw defaultSubnetExists(zone);
  const taken = standing.map((subnet) => blockOf(subnet.cidr));
  const blocks = blocksOf(blockOf(vpc.cidr), subnetPrefix);
  const free = blocks.find((block) => taken.every((other) => !cidrsOverlap(block, other))) ?? blocks[0];
  const cidr = formatCidr(free ?? blockOf(vpc.cidr));
  await requireFreeBlock(tx, vpc, cidr);
  return { vpc, zone, cidr, isDefault: true };
}

/** The block in parts of this prefix, in order. */
function blocksOf(whole: Cidr, prefix: number): Cidr[] {
  const size = 2 ** (32 - prefix);
  return Array.from({ length: 2 ** (prefix - whole.prefix) }, (_none, index) => ({ base: whole.base + index * size, prefix }));
}
