/**
 * Instance Connect Endpoints as rows (facts §9.4): each with one interface, which nobody else may manage. Every host that has a guest of the VPC begins
 * connections from that interface by itself, so none of them is on one host.
 */
import { limitExceeded } from "../base/api-error.ts";
import { newId, type ConnectEndpointId, type VpcId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { wake } from "../store/due.ts";
import type { ConnectEndpointRow } from "../store/connect-endpoint-table.ts";
import type { NetworkInterfaceRow, SubnetRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { createInterface, deleteInterface } from "./network-interface.ts";
import { touchVpc } from "./vpc-specification.ts";

export type ConnectEndpointState = "create-in-progress" | "create-complete" | "update-in-progress" | "update-complete" | "delete-in-progress";

export interface ConnectEndpointPlan {
  readonly subnet: SubnetRow;
  readonly groupIds: readonly string[];
  readonly preservesClientIp: boolean;
}

/** What is absent stays as it was. */
export type ConnectEndpointChange = Partial<Pick<ConnectEndpointPlan, "groupIds" | "preservesClientIp">>;

export function toConnectEndpointState({ want, generation, settled_generation: settled }: Pick<ConnectEndpointRow, "want" | "generation" | "settled_generation">): ConnectEndpointState {
  if (want === "deleted") return "delete-in-progress";
  if (settled === 0) return "create-in-progress";
  if (settled < generation) return "update-in-progress";
  return generation === 1 ? "create-complete" : "update-complete";
}

/** Tunnels may be opened, also while it is being changed. */
export function isUsable(row: ConnectEndpointRow): boolean {
  return row.want === "present" && row.settled_generation > 0;
}

export function connectEndpointGroups({ group_ids: ids }: Pick<ConnectEndpointRow, "group_ids">): string[] {
  return JSON.parse(ids) as string[]; // written by createConnectEndpoint and changeConnectEndpoint only
}

/** Fails when the VPC has an endpoint, also one that is being deleted. The five of a region need no rule: it has as many VPCs. */
export async function requireNoConnectEndpoint(tx: Tx, vpcId: VpcId): Promise<void> {
  const standing = await tx.db.selectFrom("instance_connect_endpoints").select("id").where("vpc_id", "=", vpcId).executeTakeFirst();
  if (standing !== undefined) throw limitExceeded("InstanceConnectEndpointLimitExceeded", `The maximum number of EC2 Instance Connect Endpoints in the VPC ${vpcId} has been reached: 1.`);
}

export async function createConnectEndpoint(tx: Tx, { subnet, groupIds, preservesClientIp }: ConnectEndpointPlan, random: Random, now: number): Promise<ConnectEndpointRow> {
  const { account, region, zone, vpc_id: vpcId } = subnet;
  const id = newId("instanceConnectEndpoint", random);
  const row: ConnectEndpointRow = {
    id,
    account,
    region,
    zone,
    vpc_id: vpcId,
    subnet_id: subnet.id,
    group_ids: JSON.stringify(groupIds),
    preserve_client_ip: preservesClientIp ? 1 : 0,
    want: "present",
    generation: 1,
    settled_generation: 0,
    created_at: now,
  };
  await tx.db.insertInto("instance_connect_endpoints").values(row).execute();
  const none = { addresses: [], count: 0 };
  const plan = { subnet, groupIds, privateAddress: undefined, secondary: none, ipv6: none, description: `EC2 Instance Connect Endpoint ${id}`, connectEndpoint: id };
  await createInterface(tx, plan, undefined, random, now);
  await touch(tx, row, now);
  return row;
}

/** Tunnels that are open go on, by the addresses by which they began. Hosts need not know whether clients' addresses are preserved: each tunnel says it. */
export async function changeConnectEndpoint(tx: Tx, row: ConnectEndpointRow, { groupIds, preservesClientIp }: ConnectEndpointChange, now: number): Promise<void> {
  if (groupIds === undefined && preservesClientIp === undefined) return;
  const groups = groupIds === undefined ? row.group_ids : JSON.stringify(groupIds);
  const preserve = preservesClientIp === undefined ? row.preserve_client_ip : preservesClientIp ? 1 : 0;
  await tx.db.updateTable("instance_connect_endpoints").set({ group_ids: groups, preserve_client_ip: preserve, generation: row.generation + 1 }).where("id", "=", row.id).execute();
  await tx.db.updateTable("network_interfaces").set({ group_ids: groups }).where("connect_endpoint_id", "=", row.id).execute();
  await touch(tx, row, now);
}

/** Its interface stays until no host has it. To ask again changes nothing. */
export async function deleteConnectEndpoint(tx: Tx, row: ConnectEndpointRow, now: number): Promise<ConnectEndpointRow> {
  await tx.db.updateTable("instance_connect_endpoints").set({ want: "deleted" }).where("id", "=", row.id).execute();
  await touch(tx, row, now);
  return { ...row, want: "deleted" };
}

/** No host has its interface any more: its address is free. */
export async function forgetConnectEndpoint(tx: Tx, { id }: ConnectEndpointRow, now: number): Promise<void> {
  for (const nic of await listConnectInterfaces(tx, [id])) await deleteInterface(tx, nic, now);
  await tx.db.deleteFrom("instance_connect_endpoints").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
}

/** Every host has what the endpoint was at this generation. */
export async function settleConnectEndpoint(tx: Tx, { id, generation }: ConnectEndpointRow): Promise<void> {
  await tx.db.updateTable("instance_connect_endpoints").set({ settled_generation: generation }).where("id", "=", id).execute();
}

export function isSettled(row: ConnectEndpointRow): boolean {
  return row.want === "present" && row.settled_generation === row.generation;
}

/** Lets the VPC's endpoints be looked at that are not yet, or no longer, what they should be. */
export async function wakeConnectEndpoints(tx: Tx, vpcId: VpcId, now: number): Promise<void> {
  const rows = await tx.db.selectFrom("instance_connect_endpoints").selectAll().where("vpc_id", "=", vpcId).execute();
  for (const row of rows) if (!isSettled(row)) await wake(tx, { kind: "connect-endpoint", key: row.id }, now);
}

export async function listConnectInterfaces(tx: Tx, ids: readonly ConnectEndpointId[]): Promise<NetworkInterfaceRow[]> {
  if (ids.length === 0) return [];
  return tx.db.selectFrom("network_interfaces").selectAll().where("connect_endpoint_id", "in", ids).execute();
}

async function touch(tx: Tx, { id, vpc_id: vpcId }: ConnectEndpointRow, now: number): Promise<void> {
  await touchVpc(tx, vpcId, now);
  await wake(tx, { kind: "connect-endpoint", key: id }, now);
}
