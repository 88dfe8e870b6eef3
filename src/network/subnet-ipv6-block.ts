/** A subnet's IPv6 block: a /64 of its VPC's blocks, one at most (facts §7.1). */
import { invalidNetworkRange, invalidValueOf, limitExceeded, malformedCidr, subnetBlockInUse, subnetConflict } from "../base/api-error.ts";
import { formatIpv6Block, isIpv6BlockWithin, parseIpv6Block } from "../base/ipv6.ts";
import type { SubnetId } from "../base/ids.ts";
import { randomHex, type Random } from "../base/random.ts";
import type { SubnetRow, VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { ipv6BlockOf } from "./cidr-block.ts";
import { listIpv6Cidrs } from "./vpc-ipv6-cidrs.ts";
import { touchVpc } from "./vpc-specification.ts";

const blockPrefix = 64;

export type SubnetIpv6Columns = Pick<SubnetRow, "ipv6_cidr" | "ipv6_association_id" | "assign_ipv6_on_creation">;

export const withoutIpv6: SubnetIpv6Columns = { ipv6_cidr: null, ipv6_association_id: null, assign_ipv6_on_creation: 0 };

/** The block that the text names, if a subnet of the VPC can have it. */
export async function requireFreeIpv6Block(tx: Tx, vpcId: VpcRow["id"], text: string): Promise<string> {
  const block = parseIpv6Block(text);
  if (block === undefined) throw malformedCidr("ipv6CidrBlock", text);
  const cidr = formatIpv6Block(block);
  const isInside = (await listIpv6Cidrs(tx, vpcId)).some((outer) => isIpv6BlockWithin(block, ipv6BlockOf(outer)));
  if (block.prefix !== blockPrefix || !isInside) throw invalidNetworkRange("Subnet", cidr);
  const other = await tx.db.selectFrom("subnets").select("id").where("ipv6_cidr", "=", cidr).executeTakeFirst();
  if (other !== undefined) throw subnetConflict(cidr);
  return cidr;
}

/** What a subnet's row says of its block from now on. */
export function toIpv6Columns(cidr: string | undefined, random: Random): SubnetIpv6Columns {
  return cidr === undefined ? withoutIpv6 : { ipv6_cidr: cidr, ipv6_association_id: `subnet-cidr-assoc-0${randomHex(random, 8)}`, assign_ipv6_on_creation: 0 };
}

export function requireNoIpv6Block({ id, ipv6_cidr: cidr }: SubnetRow): void {
  if (cidr !== null) throw limitExceeded("CidrLimitExceeded", `This subnet '${id}' has met its maximum number of allowed IPv6 CIDRs: 1`);
}

export async function setIpv6Block(tx: Tx, subnet: SubnetRow, columns: SubnetIpv6Columns, now: number): Promise<void> {
  await tx.db.updateTable("subnets").set(columns).where("id", "=", subnet.id).execute();
  await touchVpc(tx, subnet.vpc_id, now);
}

/** Fails while an interface has an address or a prefix of the block. */
export async function requireUnusedSubnetBlock(tx: Tx, { id, ipv6_cidr: cidr }: SubnetRow): Promise<void> {
  const address = await tx.db.selectFrom("interface_ipv6_addresses").select("address").where("subnet_id", "=", id).executeTakeFirst();
  const prefix = await tx.db.selectFrom("interface_ipv6_prefixes").select("prefix").where("subnet_id", "=", id).executeTakeFirst();
  if ((address ?? prefix) !== undefined) throw subnetBlockInUse(id, cidr ?? "");
}

/** Whether new interfaces get an address of the block without being asked. Fails to turn it on without a block. */
export function requireAssignable({ id, ipv6_cidr: cidr }: SubnetRow, enabled: boolean): void {
  if (enabled && cidr === null) throw invalidValueOf("assignIpv6AddressOnCreation", "true", `The subnet with ID '${id}' does not have an IPv6 CIDR block associated with it.`);
}

export async function setAssignIpv6(tx: Tx, id: SubnetId, enabled: boolean): Promise<void> {
  await tx.db.updateTable("subnets").set({ assign_ipv6_on_creation: enabled ? 1 : 0 }).where("id", "=", id).execute();
}
