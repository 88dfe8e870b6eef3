/** The IPv4 blocks of VPCs as rows. */
import type { VpcId } from "../base/ids.ts";
import type { NetworkTables, VpcRow } from "../store/network-tables.ts";
import { prepareKeptForList } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

export type VpcBlockRow = NetworkTables["vpc_cidr_blocks"];

/** The VPC's further blocks, oldest first. */
export async function listFurtherBlocks(tx: Tx, vpcIds: readonly VpcId[]): Promise<readonly VpcBlockRow[]> {
  return vpcIds.length === 0 ? [] : selectBlocks(tx, vpcIds);
}

const selectBlocks = prepareKeptForList((db, vpcIds: readonly VpcId[]) =>
  db.selectFrom("vpc_cidr_blocks").selectAll().where("vpc_id", "in", vpcIds).orderBy("created_at").orderBy("id"),
);

/** All blocks of the VPC, the first one first. */
export async function listVpcCidrs(tx: Tx, vpc: Pick<VpcRow, "id" | "cidr">): Promise<string[]> {
  return [vpc.cidr, ...(await listFurtherBlocks(tx, [vpc.id])).map((row) => row.cidr)];
}
