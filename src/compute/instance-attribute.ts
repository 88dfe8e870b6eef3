/**
 * Changing one attribute of an instance (facts §1.8): what is part of the machine only while it is stopped, the rest at any time. The
 * reconciler is woken each time; it publishes only what the host has to know.
 */
import { incorrectInstanceState, instanceNotInState, invalidInstanceAttributeValue, invalidParameter, multipleInterfaces } from "../base/api-error.ts";
import { listInterfacesOf, setInterfaceGroups } from "../network/network-interface.ts";
import { requireGroupCount } from "../network/security-group.ts";
import { touchVpc } from "../network/vpc-specification.ts";
import { listAttachments } from "../storage/volume-attachment.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import { wake } from "../store/due.ts";
import type { NetworkInterfaceRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { toInstanceState } from "./instance-state.ts";
import { ownedRows } from "./owned-rows.ts";

/** A checked wish; `columns` are those of the instance's own row. */
export type AttributeChange =
  | { readonly kind: "columns"; readonly columns: Partial<InstanceRow> }
  | { readonly kind: "sourceDestCheck"; readonly check: boolean }
  | { readonly kind: "groups"; readonly groupIds: readonly string[] }
  | { readonly kind: "deleteOnTermination"; readonly devices: ReadonlyMap<string, DeviceChange> };

/** `volumeId`: the volume that the request takes to be there, if it says so. */
export interface DeviceChange {
  readonly dies: boolean;
  readonly volumeId: string | undefined;
}

/** Fails when the instance is not stopped. */
export function requireStopped(instance: InstanceRow): void {
  if (toInstanceState(instance) !== "stopped") throw instanceNotInState(instance.id, "stopped");
}

/** Fails when the instance is terminated or about to be. */
export function requireAlive(instance: InstanceRow): void {
  if (instance.want === "terminated") throw incorrectInstanceState(instance.id, "modified");
}

/** Fails where the change depends on other rows: groups of another VPC, devices that nothing is attached to. */
export async function checkAttributeChange(tx: Tx, instance: InstanceRow, change: AttributeChange): Promise<void> {
  switch (change.kind) {
    case "columns":
      return;
    case "sourceDestCheck":
      await requireOneInterface(tx, instance);
      return;
    case "groups":
      await requireOneInterface(tx, instance);
      await requireGroups(tx, instance, change.groupIds);
      return;
    case "deleteOnTermination":
      await requireDevices(tx, instance, change.devices);
  }
}

async function requireOneInterface(tx: Tx, instance: InstanceRow): Promise<NetworkInterfaceRow | undefined> {
  const [nic, ...more] = await listInterfacesOf(tx, instance.id);
  if (more.length > 0) throw multipleInterfaces(instance.id);
  return nic;
}

/** Fails unless the groups are of the VPC of the instance or interface, and not too many. */
export async function requireGroups(tx: Tx, place: Pick<NetworkInterfaceRow, "account" | "region" | "vpc_id" | "subnet_id">, ids: readonly string[]): Promise<void> {
  const rows = await ownedRows(tx, "security_groups", place, ids);
  const foreign = rows.find((row) => row.vpc_id !== place.vpc_id);
  if (foreign !== undefined) throw invalidParameter(`Security group ${foreign.id} and subnet ${place.subnet_id} belong to different networks.`);
  requireGroupCount(ids);
}

async function requireDevices(tx: Tx, instance: InstanceRow, devices: ReadonlyMap<string, DeviceChange>): Promise<void> {
  const attachments = await listAttachments(tx, { instance: instance.id });
  for (const [device, { volumeId }] of devices) {
    const isMapped = attachments.some((row) => row.device === device && row.want === "attached" && (volumeId === undefined || row.volume_id === volumeId));
    if (!isMapped) throw invalidInstanceAttributeValue(`No device is currently mapped at ${device}`);
  }
}

export async function changeAttribute(tx: Tx, instance: InstanceRow, change: AttributeChange, now: number): Promise<void> {
  await writeChange(tx, instance, change, now);
  await wake(tx, { kind: "instance", key: instance.id }, now);
}

async function writeChange(tx: Tx, instance: InstanceRow, change: AttributeChange, now: number): Promise<void> {
  const own = tx.db.updateTable("instances").where("id", "=", instance.id);
  switch (change.kind) {
    case "columns":
      if (Object.keys(change.columns).length > 0) await own.set(change.columns).execute();
      return;
    case "sourceDestCheck": {
      const flag = { source_dest_check: change.check ? 1 : 0 } as const; // keeps the literals
      await own.set(flag).execute();
      await tx.db.updateTable("network_interfaces").set(flag).where("instance_id", "=", instance.id).execute();
      await touchVpc(tx, instance.vpc_id, now);
      return;
    }
    case "groups":
      for (const nic of await listInterfacesOf(tx, instance.id)) await setInterfaceGroups(tx, nic.id, [...new Set(change.groupIds)]);
      await touchVpc(tx, instance.vpc_id, now);
      return;
    case "deleteOnTermination":
      for (const [device, { dies }] of change.devices) {
        const attachment = tx.db.updateTable("volume_attachments").where("instance_id", "=", instance.id).where("device", "=", device);
        await attachment.set({ delete_on_termination: dies ? 1 : 0 }).execute();
      }
  }
}
