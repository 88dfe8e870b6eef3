/** Giving interfaces to instances and taking them away: to running ones, whose guests see it soon, and to stopped ones (facts §7.4). */
import {
  instanceNotAttachable,
  interfaceIndexInUse,
  interfaceLimitExceeded,
  invalidParameterCombination,
  invalidParameterValue,
  notFound,
  operationNotPermitted,
  privateAddressLimitExceeded,
  unsupportedRequest,
} from "../base/api-error.ts";
import type { Random } from "../base/random.ts";
import { listSecondaryAddresses } from "../network/interface-addresses.ts";
import { listPrefixes } from "../network/interface-prefixes.ts";
import { requireIpv6Limit } from "../network/ipv6-addresses.ts";
import { countIpv6 } from "../network/listed-ipv6-addresses.ts";
import { attachInterface, beginDetachment, finishDetachment, listInterfacesOf, requireAvailable } from "../network/network-interface.ts";
import { wake } from "../store/due.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { NetworkInterfaceRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { toInstanceState } from "./instance-state.ts";
import { requireInstanceType } from "./instance-types/catalogue.ts";
import { requireInstances } from "./instance.ts";
import { requireOwnedRow, type Owner } from "./owned-rows.ts";
import { requireWellFormed } from "./resources.ts";

export interface PlannedInterface {
  readonly nic: NetworkInterfaceRow;
  readonly instance: InstanceRow;
  readonly deviceIndex: number;
}

interface AttachRequest {
  readonly NetworkInterfaceId?: string | undefined;
  readonly InstanceId?: string | undefined;
  readonly DeviceIndex?: number | undefined;
  readonly NetworkCardIndex?: number | undefined;
}

/** The attachment that the request means, checked. Fails with EC2's error for the first thing that forbids it. */
export async function planInterface(tx: Tx, owner: Owner, request: AttachRequest): Promise<PlannedInterface> {
  const deviceIndex = request.DeviceIndex ?? -1;
  if (!Number.isInteger(deviceIndex) || deviceIndex < 0) throw invalidParameterValue(`Value (${request.DeviceIndex ?? ""}) for parameter deviceIndex is invalid.`);
  if ((request.NetworkCardIndex ?? 0) !== 0) throw invalidParameterValue(`Value (${request.NetworkCardIndex ?? ""}) for parameter networkCardIndex is invalid.`);
  const nic = await requireOwnedRow(tx, "network_interfaces", owner, request.NetworkInterfaceId ?? "");
  const [instance] = await requireInstances(tx, owner, [request.InstanceId ?? ""]);
  if (instance === undefined) throw new Error("rows of ids are there or fail");
  requireAvailable(nic);
  const state = toInstanceState(instance);
  if (state !== "running" && state !== "stopped") throw instanceNotAttachable(instance.id);
  if (nic.zone !== instance.zone) throw invalidParameterCombination("You may not attach a network interface to an instance if they are not in the same availability zone");
  if (nic.vpc_id !== instance.vpc_id) throw unsupportedRequest("Network interfaces of different VPCs at one instance are not supported yet.");
  requirePluggable(instance);
  await requirePlace(tx, nic, instance, deviceIndex);
  return { nic, instance, deviceIndex };
}

/** How many virtual functions an instance has is promised when it starts, and with as many it runs. */
export function requirePluggable({ id, virtual_functions: functions, host_id: host }: InstanceRow): void {
  if (functions === 1 && host !== null) throw unsupportedRequest(`The network interfaces of '${id}' are virtual functions of its host's card, which a running instance is neither given nor loses. Stop the instance first.`);
}

/** The index is free, and the type takes one more interface with so many addresses. */
async function requirePlace(tx: Tx, nic: NetworkInterfaceRow, instance: InstanceRow, deviceIndex: number): Promise<void> {
  const held = await listInterfacesOf(tx, instance.id);
  if (held.some((other) => other.device_index === deviceIndex)) throw interfaceIndexInUse(instance.id, deviceIndex);
  const { maxInterfaces } = requireInstanceType(instance.instance_type).network;
  if (held.length >= maxInterfaces) throw interfaceLimitExceeded(held.length + 1, instance.instance_type);
  await requireRoomForAddresses(tx, nic, instance, 0);
  await requireRoomForIpv6(tx, nic, instance, 0);
}

/** Fails when the instance's type does not take so many more addresses on the interface. */
export async function requireRoomForAddresses(tx: Tx, nic: NetworkInterfaceRow, instance: Pick<InstanceRow, "instance_type">, more: number): Promise<void> {
  const { ipv4PerInterface } = requireInstanceType(instance.instance_type).network;
  const prefixes = (await listPrefixes(tx, [nic.id])).get(nic.id) ?? []; // each counts as one
  if (1 + (await listSecondaryAddresses(tx, nic.id)).length + prefixes.length + more > ipv4PerInterface) throw privateAddressLimitExceeded(ipv4PerInterface);
}

/** Fails when the instance's type does not take so many more IPv6 addresses on the interface, of which a prefix is one. */
export async function requireRoomForIpv6(tx: Tx, nic: NetworkInterfaceRow, instance: Pick<InstanceRow, "instance_type">, more: number): Promise<void> {
  requireIpv6Limit(requireInstanceType(instance.instance_type).network.ipv6PerInterface, (await countIpv6(tx, nic.id)) + more);
}

/** Fails when the instance has more interfaces, or more addresses on one, than another type takes. */
export async function requireInterfacesFit(tx: Tx, instance: InstanceRow, typeName: string): Promise<void> {
  const held = await listInterfacesOf(tx, instance.id);
  if (held.length > requireInstanceType(typeName).network.maxInterfaces) throw interfaceLimitExceeded(held.length, typeName);
  for (const nic of held) {
    await requireRoomForAddresses(tx, nic, { instance_type: typeName }, 0);
    await requireRoomForIpv6(tx, nic, { instance_type: typeName }, 0);
  }
}

/** Writes the attachment; the host of a running instance gives it to the guest. It outlives its instance unless that is changed. */
export async function applyInterface(tx: Tx, { nic, instance, deviceIndex }: PlannedInterface, random: Random, now: number): Promise<NetworkInterfaceRow> {
  const attached = await attachInterface(tx, nic, { instanceId: instance.id, deviceIndex, deleteOnTermination: false }, random, now);
  await wake(tx, { kind: "instance", key: instance.id }, now);
  return attached;
}

/** The owner's interface with this attachment, and the instance that has it. */
export async function requireInterfaceAttachment(tx: Tx, owner: Owner, id: string): Promise<{ nic: NetworkInterfaceRow; instance: InstanceRow }> {
  if (id.startsWith("ela-attach-")) throw operationNotPermitted("You are not allowed to manage 'ela-attach' attachments.");
  requireWellFormed("networkInterfaceAttachment", [id]);
  const mine = tx.db.selectFrom("network_interfaces").selectAll().where("account", "=", owner.account).where("region", "=", owner.region);
  const nic = await mine.where("attachment_id", "=", id).executeTakeFirst();
  const [instance] = nic?.instance_id === null || nic === undefined ? [] : await requireInstances(tx, owner, [nic.instance_id]);
  if (nic === undefined || instance === undefined) throw notFound("networkInterfaceAttachment", id);
  return { nic, instance };
}

export function requireDetachable({ device_index: index }: NetworkInterfaceRow): void {
  if (index === 0) throw operationNotPermitted("The network interface at device index 0 cannot be detached.");
}

/** Takes the interface away: at once where no host has it, else when the host has let go. */
export async function applyInterfaceDetachment(tx: Tx, nic: NetworkInterfaceRow, instance: InstanceRow, now: number): Promise<void> {
  if (instance.host_id === null) return finishDetachment(tx, nic, now);
  await beginDetachment(tx, nic);
  await wake(tx, { kind: "instance", key: instance.id }, now);
}
