/** A VPC's further IPv4 blocks, added and removed. Each is in every route table of the VPC as a local route (facts §7.1, §7.2). */
import { blockInUse, conflictingBlock, limitExceeded } from "../base/api-error.ts";
import { isIpv6Text } from "../base/ipv6.ts";
import { cidrsOverlap, formatCidr, type Cidr } from "../base/ipv4.ts";
import { isId } from "../base/ids.ts";
import { randomHex, type Random } from "../base/random.ts";
import type { VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { blockOf, isWithin, requireSameFamily } from "./cidr-block.ts";
import { listPeers } from "./peers.ts";
import { listVpcCidrs, type VpcBlockRow } from "./vpc-cidrs.ts";
import { touchVpc } from "./vpc-specification.ts";

const blockLimit = 5;

/** Fails where EC2 does not let the VPC have this block too. */
export async function requireAddableBlock(tx: Tx, vpc: VpcRow, block: Cidr): Promise<void> {
  const standing = await listVpcCidrs(tx, vpc);
  const cidr = formatCidr(block);
  if (standing.length >= blockLimit) {
    throw limitExceeded("CidrLimitExceeded", `This network '${vpc.id}' has met its maximum number of allowed CIDRs: ${blockLimit}`);
  }
  requireSameFamily(block, blockOf(vpc.cidr));
  const overlapped = standing.find((other) => cidrsOverlap(blockOf(other), block));
  if (overlapped !== undefined) throw conflictingBlock(cidr, overlapped);
  for (const peer of await listPeers(tx, vpc.id)) {
    const row = await tx.db.selectFrom("vpcs").select(["id", "cidr"]).where("id", "=", peer.vpcId).executeTakeFirstOrThrow();
    const theirs = (await listVpcCidrs(tx, row)).find((other) => cidrsOverlap(blockOf(other), block));
    if (theirs !== undefined) throw conflictingBlock(cidr, theirs);
  }
  const routes = tx.db.selectFrom("routes").innerJoin("route_tables", "route_tables.id", "routes.route_table_id").select("routes.destination");
  const destinations = await routes.where("route_tables.vpc_id", "=", vpc.id).where("routes.target_id", "!=", "local").execute();
  const covered = destinations.find(({ destination }) => !isId("prefixList", destination) && !isIpv6Text(destination) && isWithin(blockOf(destination), block));
  if (covered !== undefined) throw conflictingBlock(cidr, covered.destination);
}

export async function addBlock(tx: Tx, vpc: VpcRow, cidr: string, random: Random, now: number): Promise<VpcBlockRow> {
  const row: VpcBlockRow = { id: `vpc-cidr-assoc-0${randomHex(random, 8)}`, vpc_id: vpc.id, cidr, created_at: now };
  await tx.db.insertInto("vpc_cidr_blocks").values(row).execute();
  const tables = await tx.db.selectFrom("route_tables").select("id").where("vpc_id", "=", vpc.id).execute();
  for (const { id } of tables) await tx.db.insertInto("routes").values({ route_table_id: id, destination: cidr, target_id: "local" }).execute();
  await touchVpc(tx, vpc.id, now);
  return row;
}

/** Fails while a subnet lies in the block. */
export async function requireUnusedBlock(tx: Tx, { vpc_id: vpcId, cidr }: VpcBlockRow): Promise<void> {
  const subnets = await tx.db.selectFrom("subnets").select("cidr").where("vpc_id", "=", vpcId).execute();
  if (subnets.some((subnet) => isWithin(blockOf(subnet.cidr), blockOf(cidr)))) throw blockInUse(vpcId, cidr);
}

export async function removeBlock(tx: Tx, { id, vpc_id: vpcId, cidr }: VpcBlockRow, now: number): Promise<void> {
  const tables = tx.db.selectFrom("route_tables").select("id").where("vpc_id", "=", vpcId);
  await tx.db.deleteFrom("routes").where("route_table_id", "in", tables).where("destination", "=", cidr).execute();
  await tx.db.deleteFrom("vpc_cidr_blocks").where("id", "=", id).execute();
  await touchVpc(tx, vpcId, now);
}
