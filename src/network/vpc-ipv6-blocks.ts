/**
 * The IPv6 blocks of VPCs: a /56 each of the installation's pool, as Amazon provides them (facts §7.1). Each is in every route table of the VPC as a local
 * route. With its first one the VPC's default group and default ACL let IPv6 through as they do IPv4, unless somebody has changed them.
 */
import { blockInUse, insufficientAddressCapacity, limitExceeded } from "../base/api-error.ts";
import { formatIpv6Block, ipv6BlockSize, isIpv6BlockWithin, type Ipv6Block } from "../base/ipv6.ts";
import type { VpcId } from "../base/ids.ts";
import { randomHex, type Random } from "../base/random.ts";
import type { VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { ipv6BlockOf } from "./cidr-block.ts";
import { openDefaultAclForIpv6 } from "./network-acl.ts";
import { openDefaultGroupForIpv6 } from "./security-group.ts";
import { listIpv6Blocks, type VpcIpv6BlockRow } from "./vpc-ipv6-cidrs.ts";
import { touchVpc } from "./vpc-specification.ts";

const blockLimit = 5;
const blockPrefix = 56;

/** Fails when the VPC has all the IPv6 blocks that it may have. */
export async function requireRoomForIpv6Block(tx: Tx, vpcId: VpcId): Promise<void> {
  if ((await listIpv6Blocks(tx, [vpcId])).length < blockLimit) return;
  throw limitExceeded("CidrLimitExceeded", `This network '${vpcId}' has met its maximum number of allowed IPv6 CIDRs: ${blockLimit}`);
}

/** Gives the VPC a free block of the pool. */
export async function addIpv6Block(tx: Tx, vpc: VpcRow, random: Random, now: number): Promise<VpcIpv6BlockRow> {
  const isFirst = (await listIpv6Blocks(tx, [vpc.id])).length === 0;
  const cidr = await chooseFreeBlock(tx, random);
  const row: VpcIpv6BlockRow = { id: `vpc-cidr-assoc-0${randomHex(random, 8)}`, vpc_id: vpc.id, cidr, created_at: now };
  await tx.db.insertInto("vpc_ipv6_blocks").values(row).execute();
  const tables = await tx.db.selectFrom("route_tables").select("id").where("vpc_id", "=", vpc.id).execute();
  for (const { id } of tables) await tx.db.insertInto("routes").values({ route_table_id: id, destination: cidr, target_id: "local" }).execute();
  if (isFirst) {
    await openDefaultGroupForIpv6(tx, vpc.id, random);
    await openDefaultAclForIpv6(tx, vpc.id);
  }
  await touchVpc(tx, vpc.id, now);
  return row;
}

async function chooseFreeBlock(tx: Tx, random: Random): Promise<string> {
  const pool = await readPool(tx);
  const count = 2 ** (blockPrefix - pool.prefix) - 1;
  const taken = new Set((await tx.db.selectFrom("vpc_ipv6_blocks").select("cidr").execute()).map(({ cidr }) => cidr));
  // The pool's first block is the machine's.
  const blockAt = (index: number) => formatIpv6Block({ base: pool.base + BigInt(1 + (index % count)) * ipv6BlockSize({ prefix: blockPrefix }), prefix: blockPrefix });
  const start = Number.parseInt(randomHex(random, 4), 16) % count;
  for (let step = 0; step < count; step++) if (!taken.has(blockAt(start + step))) return blockAt(start + step);
  throw insufficientAddressCapacity();
}

async function readPool(tx: Tx): Promise<Ipv6Block> {
  const pool = await tx.db.selectFrom("settings").select("value").where("name", "=", "ipv6_pool").executeTakeFirst();
  if (pool === undefined) throw new Error("the installation has no pool of IPv6 blocks");
  return ipv6BlockOf(pool.value);
}

/** Fails while a subnet has its block from this one. */
export async function requireUnusedIpv6Block(tx: Tx, { vpc_id: vpcId, cidr }: VpcIpv6BlockRow): Promise<void> {
  const subnets = await tx.db.selectFrom("subnets").select("ipv6_cidr").where("vpc_id", "=", vpcId).where("ipv6_cidr", "is not", null).execute();
  if (subnets.some((subnet) => isIpv6BlockWithin(ipv6BlockOf(subnet.ipv6_cidr ?? ""), ipv6BlockOf(cidr)))) throw blockInUse(vpcId, cidr);
}

export async function removeIpv6Block(tx: Tx, { id, vpc_id: vpcId, cidr }: VpcIpv6BlockRow, now: number): Promise<void> {
  const tables = tx.db.selectFrom("route_tables").select("id").where("vpc_id", "=", vpcId);
  await tx.db.deleteFrom("routes").where("route_table_id", "in", tables).where("destination", "=", cidr).execute();
  await tx.db.deleteFrom("vpc_ipv6_blocks").where("id", "=", id).execute();
  await touchVpc(tx, vpcId, now);
}
