/** Egress-only internet gateways: a way out for IPv6 that nobody comes in by (facts §7.3). Each is of one VPC for its whole life. */
import { newId, type VpcId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { NetworkTables } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { touchVpc } from "./vpc-specification.ts";
import type { NetworkOwner } from "./vpc.ts";

export type EgressOnlyGatewayRow = NetworkTables["egress_only_gateways"];

export async function createEgressOnlyGateway(tx: Tx, { account, region }: NetworkOwner, vpcId: VpcId, random: Random): Promise<EgressOnlyGatewayRow> {
  const row: EgressOnlyGatewayRow = { id: newId("egressOnlyGateway", random), account, region, vpc_id: vpcId };
  await tx.db.insertInto("egress_only_gateways").values(row).execute();
  return row;
}

/** Routes to it become black holes. */
export async function deleteEgressOnlyGateway(tx: Tx, { id, vpc_id: vpcId }: EgressOnlyGatewayRow, now: number): Promise<void> {
  await tx.db.deleteFrom("egress_only_gateways").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
  await touchVpc(tx, vpcId, now);
}
