/** Subnets: blocks of a VPC, each in one zone (facts §7.1). */
import { hasDependencies, invalidNetworkRange, subnetConflict } from "../base/api-error.ts";
import { cidrsOverlap } from "../base/ipv4.ts";
import { newId, type SubnetId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { SubnetRow, VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { blockOf, isWithin } from "./cidr-block.ts";
import { deleteFlowLogsOf } from "./flow-log.ts";
import { forgetAclAssociation } from "./network-acl.ts";
import { toIpv6Columns } from "./subnet-ipv6-block.ts";
import { listVpcCidrs } from "./vpc-cidrs.ts";
import { touchVpc } from "./vpc-specification.ts";

export interface SubnetPlan {
  readonly vpc: VpcRow;
  readonly zone: string;
  readonly cidr: string;
  readonly ipv6Cidr?: string | undefined;
  readonly isDefault: boolean;
}

/** Fails when the block is not in the VPC, or is another subnet's in part. */
export async function requireFreeBlock(tx: Tx, vpc: VpcRow, cidr: string): Promise<void> {
  const block = blockOf(cidr);
  const isInside = (await listVpcCidrs(tx, vpc)).some((outer) => isWithin(block, blockOf(outer)));
  if (!isInside) throw invalidNetworkRange("Subnet", cidr);
  const others = await tx.db.selectFrom("subnets").select("cidr").where("vpc_id", "=", vpc.id).execute();
  if (others.some((other) => cidrsOverlap(block, blockOf(other.cidr)))) throw subnetConflict(cidr);
}

export async function createSubnet(tx: Tx, { vpc, zone, cidr, ipv6Cidr, isDefault }: SubnetPlan, random: Random, now: number): Promise<SubnetRow> {
  const row: SubnetRow = {
    id: newId("subnet", random),
    account: vpc.account,
    region: vpc.region,
    vpc_id: vpc.id,
    zone,
    cidr,
    default_for_az: isDefault ? 1 : 0,
    map_public_ip_on_launch: isDefault ? 1 : 0,
    ...toIpv6Columns(ipv6Cidr, random),
    created_at: now,
  };
  await tx.db.insertInto("subnets").values(row).execute();
  await touchVpc(tx, vpc.id, now);
  return row;
}

/** Fails while an interface is in the subnet. */
export async function requireEmptySubnet(tx: Tx, { id }: SubnetRow): Promise<void> {
  const nic = await tx.db.selectFrom("network_interfaces").select("id").where("subnet_id", "=", id).executeTakeFirst();
  if (nic !== undefined) throw hasDependencies("subnet", id);
}

export async function deleteSubnet(tx: Tx, { id, vpc_id: vpcId }: SubnetRow, now: number): Promise<void> {
  await tx.db.deleteFrom("route_table_associations").where("subnet_id", "=", id).execute();
  await forgetAclAssociation(tx, id);
  await deleteFlowLogsOf(tx, id);
  await tx.db.deleteFrom("subnets").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
  await touchVpc(tx, vpcId, now);
}

export async function setMapPublicAddress(tx: Tx, id: SubnetId, enabled: boolean): Promise<void> {
  await tx.db.updateTable("subnets").set({ map_public_ip_on_launch: enabled ? 1 : 0 }).where("id", "=", id).execute();
}

/** How many private addresses are given out in each of the owner's subnets, primary and secondary ones. */
export async function countUsedAddresses(tx: Tx, { account, region }: { account: string; region: string }): Promise<ReadonlyMap<SubnetId, number>> {
  const mine = tx.db.selectFrom("network_interfaces").where("account", "=", account).where("region", "=", region);
  const primary = await mine.select(({ fn }) => ["subnet_id", fn.countAll<number>().as("used")]).groupBy("subnet_id").execute();
  const subnets = tx.db.selectFrom("subnets").select("id").where("account", "=", account).where("region", "=", region);
  const further = tx.db.selectFrom("interface_addresses").where("subnet_id", "in", subnets);
  const secondary = await further.select(({ fn }) => ["subnet_id", fn.countAll<number>().as("used")]).groupBy("subnet_id").execute();
  const counts = new Map<SubnetId, number>();
  for (const { subnet_id: id, used } of [...primary, ...secondary]) counts.set(id, (counts.get(id) ?? 0) + Number(used));
  return counts;
}
