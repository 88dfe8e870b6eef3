/** Network interfaces as rows: made with their private addresses, attached to an instance or not, removed or left behind at its end (facts §7.4). */
import { interfaceInUse, interfaceNotAvailable, managedByService } from "../base/api-error.ts";
import { newId, type ConnectEndpointId, type EndpointId, type Id, type InstanceId, type InterfaceId } from "../base/ids.ts";
import { randomHex, type Random } from "../base/random.ts";
import type { NetworkInterfaceRow, SubnetRow } from "../store/network-tables.ts";
import { insertRow, prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { allocatePublicAddress, choosePrivateAddress, releasePublicAddress } from "./address.ts";
import { dissolveAt } from "./elastic-ip.ts";
import { deleteFlowLogsOf } from "./flow-log.ts";
import { assignSecondary, type SecondaryRequest } from "./interface-addresses.ts";
import { addressesIn, assignPrefixes, type PrefixRequest } from "./interface-prefixes.ts";
import { assignIpv6, type Ipv6Request } from "./ipv6-addresses.ts";
import { assignIpv6Prefixes } from "./ipv6-prefixes.ts";
import { touchVpc } from "./vpc-specification.ts";

export interface InterfacePlan {
  readonly subnet: SubnetRow;
  readonly groupIds: readonly string[];
  readonly privateAddress: string | undefined;
  readonly secondary: SecondaryRequest;
  readonly prefixes?: PrefixRequest;
  readonly ipv6: Ipv6Request;
  readonly ipv6Prefixes?: PrefixRequest;
  readonly description: string;
  /** The gateway whose own interface it is; it takes packets for any address. */
  readonly natGateway?: Id<"natGateway">;
  /** The endpoint whose own interface it is. */
  readonly endpoint?: EndpointId;
  /** The Instance Connect Endpoint whose own interface it is. */
  readonly connectEndpoint?: ConnectEndpointId;
}

/** Where an interface is attached. */
export interface AttachmentPlan {
  readonly instanceId: InstanceId;
  readonly deviceIndex: number;
  readonly deleteOnTermination: boolean;
}

type AttachmentColumns = Pick<NetworkInterfaceRow, "instance_id" | "attachment_id" | "device_index" | "attached_at" | "delete_on_termination" | "detaching">;

const unattached: AttachmentColumns = { instance_id: null, attachment_id: null, device_index: null, attached_at: null, delete_on_termination: 0, detaching: 0 };

/** A new interface; with an attachment it is the instance's from the first moment on. */
export async function createInterface(tx: Tx, plan: InterfacePlan, attachment: AttachmentPlan | undefined, random: Random, now: number): Promise<NetworkInterfaceRow> {
  const { subnet } = plan;
  const row: NetworkInterfaceRow = {
    id: newId("networkInterface", random),
    account: subnet.account,
    region: subnet.region,
    zone: subnet.zone,
    vpc_id: subnet.vpc_id,
    subnet_id: subnet.id,
    mac: newMac(random),
    private_address: await choosePrivateAddress(tx, subnet, plan.privateAddress, random, [...plan.secondary.addresses, ...addressesIn(plan.prefixes?.prefixes ?? [])]),
    public_address: null,
    description: plan.description,
    source_dest_check: plan.natGateway === undefined ? 1 : 0,
    group_ids: JSON.stringify(plan.groupIds),
    ...(attachment === undefined ? unattached : toColumns(attachment, random, now)),
    nat_gateway_id: plan.natGateway ?? null,
    vpc_endpoint_id: plan.endpoint ?? null,
    connect_endpoint_id: plan.connectEndpoint ?? null,
    created_at: now,
  };
  await insertRow(tx, "network_interfaces", row);
  await assignSecondary(tx, row, subnet, plan.secondary, random, now);
  if (plan.prefixes !== undefined) await assignPrefixes(tx, row, subnet, plan.prefixes, random, now);
  if (plan.ipv6Prefixes !== undefined) await assignIpv6Prefixes(tx, row, subnet, plan.ipv6Prefixes, plan.ipv6.addresses, random, now);
  await assignIpv6(tx, row, subnet, plan.ipv6, random, now);
  return row;
}

function toColumns({ instanceId, deviceIndex, deleteOnTermination }: AttachmentPlan, random: Random, now: number): AttachmentColumns {
  return {
    instance_id: instanceId,
    attachment_id: newId("networkInterfaceAttachment", random),
    device_index: deviceIndex,
    attached_at: now,
    delete_on_termination: deleteOnTermination ? 1 : 0,
    detaching: 0,
  };
}

/** Gives an interface that nobody has to the instance. */
export async function attachInterface(tx: Tx, nic: NetworkInterfaceRow, plan: AttachmentPlan, random: Random, now: number): Promise<NetworkInterfaceRow> {
  const columns = toColumns(plan, random, now);
  await tx.db.updateTable("network_interfaces").set(columns).where("id", "=", nic.id).execute();
  await touchVpc(tx, nic.vpc_id, now);
  return { ...nic, ...columns };
}

/** Asks the instance's host to let go of the interface. */
export async function beginDetachment(tx: Tx, { id }: NetworkInterfaceRow): Promise<void> {
  await tx.db.updateTable("network_interfaces").set({ detaching: 1 }).where("id", "=", id).execute();
}

/** The instance does not have the interface any more. */
export async function finishDetachment(tx: Tx, { id, vpc_id: vpcId }: NetworkInterfaceRow, now: number): Promise<void> {
  await tx.db.updateTable("network_interfaces").set(unattached).where("id", "=", id).execute();
  await touchVpc(tx, vpcId, now);
}

/** Whether the instance is to give an interface back. */
export async function hasDetaching(tx: Tx, instanceId: InstanceId): Promise<boolean> {
  return (await listInterfacesOf(tx, instanceId)).some((nic) => nic.detaching === 1);
}

/** Ends the detachments that were asked for, once their host has let go. */
export async function finishDetachments(tx: Tx, rows: readonly NetworkInterfaceRow[], now: number): Promise<void> {
  for (const row of rows) if (row.detaching === 1) await finishDetachment(tx, row, now);
}

/** Whether an instance or one of EC2's own things has the interface. */
export function isInUse(nic: NetworkInterfaceRow): boolean {
  return nic.instance_id !== null || isManaged(nic);
}

/** Whether it is the own interface of a NAT gateway or an endpoint. */
export function isManaged({ nat_gateway_id: gateway, vpc_endpoint_id: endpoint, connect_endpoint_id: connect }: NetworkInterfaceRow): boolean {
  return gateway !== null || endpoint !== null || connect !== null;
}

/** Fails for an interface in use, when it is to be given to an instance. */
export function requireAvailable(nic: NetworkInterfaceRow): void {
  if (isInUse(nic)) throw interfaceNotAvailable(nic.id);
}

/** Fails for an interface in use, when it is to be removed. */
export function requireUnattached(nic: NetworkInterfaceRow): void {
  if (isInUse(nic)) throw interfaceInUse(nic.id);
}

/** Fails for an interface that comes and goes with a NAT gateway or an endpoint, and changes only with it. */
export function requireManageable(nic: NetworkInterfaceRow): void {
  if (isManaged(nic)) throw managedByService();
}

export async function deleteInterface(tx: Tx, { id, vpc_id: vpcId }: NetworkInterfaceRow, now: number): Promise<void> {
  await dissolveAt(tx, id);
  await tx.db.deleteFrom("interface_addresses").where("interface_id", "=", id).execute();
  await deleteFlowLogsOf(tx, id);
  await tx.db.deleteFrom("interface_ipv6_addresses").where("interface_id", "=", id).execute();
  await tx.db.deleteFrom("interface_ipv6_prefixes").where("interface_id", "=", id).execute();
  await tx.db.deleteFrom("network_interfaces").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
  await touchVpc(tx, vpcId, now);
}

/** Locally administered and unicast, like EC2's own. */
function newMac(random: Random): string {
  return `02${randomHex(random, 5)}`.replace(/(..)(?!$)/g, "$1:");
}

export function groupIdsOf(row: Pick<NetworkInterfaceRow, "group_ids">): string[] {
  return JSON.parse(row.group_ids) as string[]; // written by createInterface and setInterfaceGroups only
}

export async function listInterfacesOf(tx: Tx, instanceId: InstanceId): Promise<NetworkInterfaceRow[]> {
  return selectOfInstance(tx, { instanceId });
}

const selectOfInstance = prepare((db, { instanceId }: { instanceId: InstanceId }) =>
  db.selectFrom("network_interfaces").selectAll().where("instance_id", "=", instanceId).orderBy("device_index"),
);

/** Gives the interface an automatic public address, as at launch and start. The caller touches the VPC. */
export async function assignPublicAddress(tx: Tx, id: InterfaceId, random: Random, now: number): Promise<void> {
  await setPublicAddress(tx, { id, address: await allocatePublicAddress(tx, id, random, now) });
}

const setPublicAddress = prepare((db, { id, address }: { id: InterfaceId; address: string }) =>
  db.updateTable("network_interfaces").set({ public_address: address }).where("id", "=", id),
);

/** Takes the automatic public addresses away, as at stop. The caller touches the VPC. */
export async function withdrawPublicAddresses(tx: Tx, interfaces: readonly NetworkInterfaceRow[]): Promise<void> {
  for (const { id, public_address: address } of interfaces) {
    if (address === null) continue;
    await releasePublicAddress(tx, id);
    await tx.db.updateTable("network_interfaces").set({ public_address: null }).where("id", "=", id).execute();
  }
}

/** The instance is gone: interfaces that should die with it do, the others are free again. */
export async function releaseInterfaces(tx: Tx, interfaces: readonly NetworkInterfaceRow[], now: number): Promise<void> {
  await withdrawPublicAddresses(tx, interfaces);
  for (const nic of interfaces) await (nic.delete_on_termination === 1 ? deleteInterface : finishDetachment)(tx, nic, now);
}

/** The caller touches the VPC. */
export async function setInterfaceGroups(tx: Tx, id: InterfaceId, groupIds: readonly string[]): Promise<void> {
  await tx.db.updateTable("network_interfaces").set({ group_ids: JSON.stringify(groupIds) }).where("id", "=", id).execute();
}
