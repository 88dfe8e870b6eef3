/** Internet gateways: one VPC each, one each VPC (facts §7.3). */
import { alreadyAssociated, gatewayNotAttached, hasDependencies, mappedPublicAddresses } from "../base/api-error.ts";
import { newId, type VpcId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { NetworkTables, VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { touchVpc } from "./vpc-specification.ts";
import type { NetworkOwner } from "./vpc.ts";

export type InternetGatewayRow = NetworkTables["internet_gateways"];

export async function createInternetGateway(tx: Tx, { account, region }: NetworkOwner, random: Random): Promise<InternetGatewayRow> {
  const row: InternetGatewayRow = { id: newId("internetGateway", random), account, region, vpc_id: null };
  await tx.db.insertInto("internet_gateways").values(row).execute();
  return row;
}

export function requireDetached({ id, vpc_id: vpcId }: InternetGatewayRow): void {
  if (vpcId !== null) throw hasDependencies("internetGateway", id);
}

export async function deleteInternetGateway(tx: Tx, { id }: InternetGatewayRow): Promise<void> {
  await tx.db.deleteFrom("internet_gateways").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
}

/** Fails when the gateway has a VPC, or the VPC a gateway. */
export async function requireAttachable(tx: Tx, gateway: InternetGatewayRow, vpc: VpcRow): Promise<void> {
  if (gateway.vpc_id !== null) throw alreadyAssociated(gateway.id, `network ${gateway.vpc_id}`);
  if (await hasInternetGateway(tx, vpc.id)) throw alreadyAssociated(vpc.id, "another internet gateway");
}

export async function hasInternetGateway(tx: Tx, vpcId: VpcId): Promise<boolean> {
  return (await tx.db.selectFrom("internet_gateways").select("id").where("vpc_id", "=", vpcId).executeTakeFirst()) !== undefined;
}

/** Fails when the gateway is not at this VPC, or public addresses are in use there. */
export async function requireDetachable(tx: Tx, gateway: InternetGatewayRow, vpc: VpcRow): Promise<void> {
  if (gateway.vpc_id !== vpc.id) throw gatewayNotAttached(gateway.id, vpc.id);
  const inside = tx.db.selectFrom("network_interfaces").where("vpc_id", "=", vpc.id);
  const automatic = await inside.select("id").where("public_address", "is not", null).executeTakeFirst();
  const elastic = await tx.db.selectFrom("elastic_ips").select("id").where("interface_id", "in", inside.select("id")).executeTakeFirst();
  if (automatic !== undefined || elastic !== undefined) throw mappedPublicAddresses(vpc.id);
}

/** Attaches the gateway to the VPC, or takes it from there. */
export async function setGatewayVpc(tx: Tx, { id }: InternetGatewayRow, change: { readonly vpc: VpcRow; readonly attached: boolean }, now: number): Promise<void> {
  const vpcId = change.attached ? change.vpc.id : null;
  await tx.db.updateTable("internet_gateways").set({ vpc_id: vpcId }).where("id", "=", id).execute();
  await touchVpc(tx, change.vpc.id, now);
}
