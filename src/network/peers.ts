/** Which VPCs are peered with which: the one question that rules, routes and specifications ask of peering connections. */
import type { VpcId } from "../base/ids.ts";
import type { VpcPeeringRow } from "../store/network-tables.ts";
import { prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

export interface Peer {
  readonly connection: Readonly<VpcPeeringRow>;
  readonly vpcId: VpcId;
}

/** The VPCs that this one has active peering connections with. */
export async function listPeers(tx: Tx, vpcId: VpcId): Promise<Peer[]> {
  const rows = await selectActive(tx, { vpcId });
  return rows.map((connection) => ({ connection, vpcId: connection.requester_vpc_id === vpcId ? connection.accepter_vpc_id : connection.requester_vpc_id }));
}

const selectActive = prepareKept((db, { vpcId }: { vpcId: VpcId }) =>
  db
    .selectFrom("vpc_peering_connections")
    .selectAll()
    .where("state", "=", "active")
    .where(({ eb, or }) => or([eb("requester_vpc_id", "=", vpcId), eb("accepter_vpc_id", "=", vpcId)]))
    .orderBy("id"),
);

export async function findPeer(tx: Tx, vpcId: VpcId, other: VpcId): Promise<Peer | undefined> {
  return (await listPeers(tx, vpcId)).find((peer) => peer.vpcId === other);
}
