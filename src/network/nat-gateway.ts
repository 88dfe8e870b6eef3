/**
 * NAT gateways as rows (facts §7.3): each with an interface of its own, which nobody else may manage, and a host that translates for it. What a gateway cannot
 * be made for is found at its creation and shown as the failure that EC2 shows later. The rows outlive the gateways for an hour, to be seen.
 */
import { ApiError, limitExceeded, natGatewayFailure, type NatGatewayFailure } from "../base/api-error.ts";
import { newId, type Id, type VpcId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { wake } from "../store/due.ts";
import type { ElasticIpRow, NatGatewayRow, SubnetRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { choosePrivateAddress } from "./address.ts";
import { associate } from "./elastic-ip.ts";
import { hasInternetGateway } from "./internet-gateway.ts";
import { createInterface, deleteInterface } from "./network-interface.ts";
import { touchVpc } from "./vpc-specification.ts";

export type NatGatewayState = "pending" | "available" | "deleting" | "deleted" | "failed";

const perZoneLimit = 5;

export interface NatGatewayPlan {
  readonly subnet: SubnetRow;
  /** A public gateway's; a private one has none. */
  readonly elasticIp: ElasticIpRow | undefined;
  readonly privateAddress: string | undefined;
}

export function toNatGatewayState(row: Pick<NatGatewayRow, "want" | "failure_code" | "available_at" | "ended_at">): NatGatewayState {
  if (row.want === "deleted") return row.ended_at === null ? "deleting" : "deleted";
  if (row.failure_code !== null) return "failed";
  return row.available_at === null ? "pending" : "available";
}

/** Fails when the zone has as many gateways of the account as it may. */
export async function requireRoomForNatGateway(tx: Tx, { account, zone }: SubnetRow): Promise<void> {
  const standing = tx.db.selectFrom("nat_gateways").select("id").where("account", "=", account).where("zone", "=", zone).where("ended_at", "is", null);
  if ((await standing.execute()).length < perZoneLimit) return;
  throw limitExceeded("NatGatewayLimitExceeded", `Performing this operation would exceed the limit of ${perZoneLimit} NAT gateways in ${zone}.`);
}

export async function createNatGateway(tx: Tx, plan: NatGatewayPlan, random: Random, now: number): Promise<NatGatewayRow> {
  const { subnet, elasticIp } = plan;
  const id = newId("natGateway", random);
  const failure = await findFailure(tx, plan, random);
  const row: NatGatewayRow = {
    id,
    account: subnet.account,
    region: subnet.region,
    zone: subnet.zone,
    vpc_id: subnet.vpc_id,
    subnet_id: subnet.id,
    connectivity: elasticIp === undefined ? "private" : "public",
    want: "present",
    allocation_id: elasticIp?.id ?? null,
    ...(failure === undefined ? await makeInterface(tx, id, plan, random, now) : withoutInterface),
    host_id: null,
    silent_since: null,
    available_at: null,
    ended_at: failure === undefined ? null : now,
    failure_code: failure?.code ?? null,
    failure_message: failure?.message ?? null,
    created_at: now,
  };
  await tx.db.insertInto("nat_gateways").values(row).execute();
  await wake(tx, { kind: "nat-gateway", key: id }, now);
  return row;
}

type InterfaceColumns = Pick<NatGatewayRow, "interface_id" | "private_address" | "public_address" | "association_id">;

const withoutInterface: InterfaceColumns = { interface_id: null, private_address: null, public_address: null, association_id: null };

async function makeInterface(tx: Tx, id: Id<"natGateway">, { subnet, elasticIp, privateAddress }: NatGatewayPlan, random: Random, now: number): Promise<InterfaceColumns> {
  const plan = { subnet, groupIds: [], privateAddress, secondary: { addresses: [], count: 0 }, ipv6: { addresses: [], count: 0 }, description: `Interface for NAT Gateway ${id}`, natGateway: id };
  const nic = await createInterface(tx, plan, undefined, random, now);
  const columns = { ...withoutInterface, interface_id: nic.id, private_address: nic.private_address };
  if (elasticIp === undefined) return columns;
  const association = await associate(tx, elasticIp, { nic, privateAddress: nic.private_address }, random, now);
  return { ...columns, public_address: elasticIp.public_address, association_id: association };
}

async function findFailure(tx: Tx, { subnet, elasticIp, privateAddress }: NatGatewayPlan, random: Random): Promise<NatGatewayFailure | undefined> {
  if (elasticIp !== undefined && !(await hasInternetGateway(tx, subnet.vpc_id))) return natGatewayFailure.noInternetGateway(subnet.vpc_id);
  if (elasticIp !== undefined && elasticIp.association_id !== null) return natGatewayFailure.addressAssociated(elasticIp.id);
  try {
    await choosePrivateAddress(tx, subnet, privateAddress, random);
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.code === natGatewayFailure.noFreeAddress.code) return natGatewayFailure.noFreeAddress;
    throw thrown;
  }
  return undefined;
}

/** Asks for the gateway to be taken away; a failed one is gone at once, and to ask again changes nothing. */
export async function deleteNatGateway(tx: Tx, row: NatGatewayRow, now: number): Promise<void> {
  if (row.want === "deleted") return;
  const ended = row.failure_code === null ? {} : { ended_at: now };
  await tx.db.updateTable("nat_gateways").set({ want: "deleted", ...ended }).where("id", "=", row.id).execute();
  await touchVpc(tx, row.vpc_id, now);
  await wake(tx, { kind: "nat-gateway", key: row.id }, now);
}

/** No host has the gateway any more: its interface goes, and its address is free. */
export async function endNatGateway(tx: Tx, row: NatGatewayRow, failure: NatGatewayFailure | undefined, now: number): Promise<void> {
  const nic = await tx.db.selectFrom("network_interfaces").selectAll().where("nat_gateway_id", "=", row.id).executeTakeFirst();
  if (nic !== undefined) await deleteInterface(tx, nic, now);
  const failed = failure === undefined ? {} : { failure_code: failure.code, failure_message: failure.message };
  await tx.db.updateTable("nat_gateways").set({ host_id: null, ended_at: now, ...failed }).where("id", "=", row.id).execute();
}

/** Lets the gateways of the VPC be looked at whose hosts may have done something. */
export async function wakeNatGateways(tx: Tx, vpcId: VpcId, now: number): Promise<void> {
  const rows = await tx.db.selectFrom("nat_gateways").select("id").where("vpc_id", "=", vpcId).where("ended_at", "is", null).execute();
  for (const { id } of rows) await wake(tx, { kind: "nat-gateway", key: id }, now);
}

/** Whether an Elastic IP address stands for a NAT gateway: then only the gateway's end frees it. */
export async function isOfNatGateway(tx: Tx, { interface_id: id }: Pick<ElasticIpRow, "interface_id">): Promise<boolean> {
  if (id === null) return false;
  const nic = await tx.db.selectFrom("network_interfaces").select("nat_gateway_id").where("id", "=", id).executeTakeFirst();
  return nic !== undefined && nic.nat_gateway_id !== null;
}
