/** Network interfaces as rows: made with their private address, attached to an instance, removed or left behind at its end. */
import { newId, type InstanceId, type InterfaceId } from "../base/ids.ts";
import { randomHex, type Random } from "../base/random.ts";
import type { NetworkInterfaceRow, SubnetRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { allocatePublicAddress, choosePrivateAddress, releasePublicAddress } from "./address.ts";

export interface InterfacePlan {
  readonly subnet: SubnetRow;
  readonly groupIds: readonly string[];
  readonly privateAddress: string | undefined;
  readonly description: string;
  readonly deviceIndex: number;
  readonly deleteOnTermination: boolean;
}

/** A new interface, attached to the instance from the first moment on. */
export async function createAttachedInterface(
  tx: Tx,
  plan: InterfacePlan,
  instanceId: InstanceId,
  random: Random,
  now: number,
): Promise<NetworkInterfaceRow> {
  const { subnet } = plan;
  const row: NetworkInterfaceRow = {
    id: newId("networkInterface", random),
    account: subnet.account,
    region: subnet.region,
    zone: subnet.zone,
    vpc_id: subnet.vpc_id,
    subnet_id: subnet.id,
    mac: newMac(random),
    private_address: await choosePrivateAddress(tx, subnet, plan.privateAddress, random),
    public_address: null,
    description: plan.description,
    source_dest_check: 1,
    group_ids: JSON.stringify(plan.groupIds),
    instance_id: instanceId,
    attachment_id: newId("networkInterfaceAttachment", random),
    device_index: plan.deviceIndex,
    attached_at: now,
    delete_on_termination: plan.deleteOnTermination ? 1 : 0,
    created_at: now,
  };
  await tx.db.insertInto("network_interfaces").values(row).execute();
  return row;
}

/** Locally administered and unicast, like EC2's own. */
function newMac(random: Random): string {
  return `02${randomHex(random, 5)}`.replace(/(..)(?!$)/g, "$1:");
}

export function groupIdsOf(row: NetworkInterfaceRow): string[] {
  return JSON.parse(row.group_ids) as string[]; // written by createAttachedInterface and setInterfaceGroups only
}

export async function listInterfacesOf(tx: Tx, instanceId: InstanceId): Promise<NetworkInterfaceRow[]> {
  return tx.db.selectFrom("network_interfaces").selectAll().where("instance_id", "=", instanceId).orderBy("device_index").execute();
}

/** Gives the interface an automatic public address, as at launch and start. */
export async function assignPublicAddress(tx: Tx, pool: string, id: InterfaceId, random: Random, now: number): Promise<string> {
  const address = await allocatePublicAddress(tx, pool, id, random, now);
  await tx.db.updateTable("network_interfaces").set({ public_address: address }).where("id", "=", id).execute();
  return address;
}

/** Takes the automatic public addresses away, as at stop. */
export async function withdrawPublicAddresses(tx: Tx, interfaces: readonly NetworkInterfaceRow[]): Promise<void> {
  for (const { id, public_address: address } of interfaces) {
    if (address === null) continue;
    await releasePublicAddress(tx, id);
    await tx.db.updateTable("network_interfaces").set({ public_address: null }).where("id", "=", id).execute();
  }
}

/** The instance is gone: interfaces that should die with it do, the others are free again. */
export async function releaseInterfaces(tx: Tx, interfaces: readonly NetworkInterfaceRow[]): Promise<void> {
  await withdrawPublicAddresses(tx, interfaces);
  for (const { id, delete_on_termination: dies } of interfaces) {
    if (dies === 1) {
      await tx.db.deleteFrom("network_interfaces").where("id", "=", id).execute();
      await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
    } else {
      const free = { instance_id: null, attachment_id: null, device_index: null, attached_at: null };
      await tx.db.updateTable("network_interfaces").set(free).where("id", "=", id).execute();
    }
  }
}

export async function setInterfaceGroups(tx: Tx, id: InterfaceId, groupIds: readonly string[]): Promise<void> {
  await tx.db.updateTable("network_interfaces").set({ group_ids: JSON.stringify(groupIds) }).where("id", "=", id).execute();
}
