/** Which IPv6 blocks VPCs have. */
import type { VpcId } from "../base/ids.ts";
import type { NetworkTables } from "../store/network-tables.ts";
import { prepareKeptForList } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

export type VpcIpv6BlockRow = NetworkTables["vpc_ipv6_blocks"];

/** The VPCs' IPv6 blocks, oldest first. */
export async function listIpv6Blocks(tx: Tx, vpcIds: readonly VpcId[]): Promise<readonly VpcIpv6BlockRow[]> {
  return vpcIds.length === 0 ? [] : selectBlocks(tx, vpcIds);
}

const selectBlocks = prepareKeptForList((db, vpcIds: readonly VpcId[]) =>
  db.selectFrom("vpc_ipv6_blocks").selectAll().where("vpc_id", "in", vpcIds).orderBy("created_at").orderBy("id"),
);

export async function listIpv6Cidrs(tx: Tx, vpcId: VpcId): Promise<string[]> {
  return (await listIpv6Blocks(tx, [vpcId])).map(({ cidr }) => cidr);
}
