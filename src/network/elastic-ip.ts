/**
 * Elastic IP addresses: public addresses that are an account's own until it releases them, whatever they stand for (facts §7.5). An association reaches
 * hosts in two ways: the VPC's specification moves packets, the machine's own shows the address in the guest's metadata.
 */
import { newId, type InterfaceId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { ElasticIpRow, NetworkInterfaceRow } from "../store/network-tables.ts";
import { prepare } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import { allocatePublicAddress, claimPublicAddress, releasePublicAddress } from "./address.ts";
import { announceAddresses } from "./announce-addresses.ts";
import type { NetworkOwner } from "./vpc.ts";

const unassociated = { association_id: null, interface_id: null, private_address: null } as const; // keeps the literals

/** A public address for the account: this one, or any. */
export async function allocateElasticIp(tx: Tx, { account, region }: NetworkOwner, wanted: string | undefined, random: Random, now: number): Promise<ElasticIpRow> {
  const id = newId("elasticIp", random);
  if (wanted !== undefined) await claimPublicAddress(tx, wanted, id, now);
  const address = wanted ?? (await allocatePublicAddress(tx, id, random, now));
  const row: ElasticIpRow = { id, account, region, public_address: address, ...unassociated, reverse_name: null, created_at: now };
  await tx.db.insertInto("elastic_ips").values(row).execute();
  return row;
}

export async function releaseElasticIp(tx: Tx, row: ElasticIpRow, now: number): Promise<void> {
  await disassociate(tx, row, now);
  await releasePublicAddress(tx, row.id);
  await tx.db.deleteFrom("elastic_ips").where("id", "=", row.id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", row.id).execute();
}

export async function setReverseName(tx: Tx, { id, reverse_name }: ElasticIpRow): Promise<void> {
  await tx.db.updateTable("elastic_ips").set({ reverse_name }).where("id", "=", id).execute();
}

export interface AssociationTarget {
  readonly nic: NetworkInterfaceRow;
  readonly privateAddress: string;
}

/**
 * Lets the address stand for a private one, in place of whatever did; returns the association's id. An address that stood there before stays allocated,
 * an automatic one is lost for good. To repeat it changes nothing.
 */
export async function associate(tx: Tx, row: ElasticIpRow, { nic, privateAddress }: AssociationTarget, random: Random, now: number): Promise<string> {
  if (row.association_id !== null && row.interface_id === nic.id && row.private_address === privateAddress) return row.association_id;
  await disassociate(tx, row, now);
  await dissolveAt(tx, nic.id, privateAddress);
  if (privateAddress === nic.private_address && nic.public_address !== null) {
    await releasePublicAddress(tx, nic.id);
    await tx.db.updateTable("network_interfaces").set({ public_address: null }).where("id", "=", nic.id).execute();
  }
  const association = { association_id: newId("elasticIpAssociation", random), interface_id: nic.id, private_address: privateAddress };
  await tx.db.updateTable("elastic_ips").set(association).where("id", "=", row.id).execute();
  await announceAddresses(tx, nic, now);
  return association.association_id;
}

/** The address stays allocated and stands for nothing. */
export async function disassociate(tx: Tx, row: ElasticIpRow, now: number): Promise<void> {
  if (row.interface_id === null) return;
  await tx.db.updateTable("elastic_ips").set(unassociated).where("id", "=", row.id).execute();
  const nic = await tx.db.selectFrom("network_interfaces").select(["vpc_id", "instance_id"]).where("id", "=", row.interface_id).executeTakeFirst();
  if (nic !== undefined) await announceAddresses(tx, nic, now);
}

/** Nothing stands for this private address of the interface any more, or for none of its addresses; the caller touches the VPC. */
export async function dissolveAt(tx: Tx, id: InterfaceId, privateAddress?: string): Promise<void> {
  const all = tx.db.updateTable("elastic_ips").set(unassociated).where("interface_id", "=", id);
  await (privateAddress === undefined ? all : all.where("private_address", "=", privateAddress)).execute();
}

export async function hasElasticIp(tx: Tx, id: InterfaceId): Promise<boolean> {
  return (await selectOfInterface(tx, { id })).length > 0;
}

const selectOfInterface = prepare((db, { id }: { id: InterfaceId }) => db.selectFrom("elastic_ips").select("id").where("interface_id", "=", id));
