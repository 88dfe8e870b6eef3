/** Network ACLs as rows: made, filled, associated with subnets, removed (facts §7.7). What their subnets' hosts do with them is in the VPC's specification. */
import { networkAclEntryExists, networkAclEntryNotFound, limitExceeded } from "../base/api-error.ts";
import { newId, type SubnetId, type VpcId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { AclEntrySpecification, TrafficSpecification } from "../host/protocol/specification.ts";
import type { NetworkAclEntryRow, NetworkAclRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { hasPorts, isIcmp } from "./ip-protocol.ts";

/** For each direction of one ACL, and for each VPC. */
const entryLimit = 20;
const aclLimit = 200;

interface Owner {
  readonly account: string;
  readonly region: string;
}

/** Denies everything until it has entries. */
export async function createNetworkAcl(tx: Tx, owner: Owner, vpcId: VpcId, random: Random): Promise<NetworkAclRow> {
  const others = await tx.db.selectFrom("network_acls").select("id").where("vpc_id", "=", vpcId).execute();
  if (others.length >= aclLimit) throw limitExceeded("NetworkAclLimitExceeded", `The maximum number of network ACLs for the VPC '${vpcId}' has been reached: ${aclLimit}.`);
  return insertAcl(tx, owner, vpcId, 0, random);
}

/** The ACL that comes with a VPC: lets everything through in both directions. */
export async function createDefaultNetworkAcl(tx: Tx, owner: Owner, vpcId: VpcId, random: Random): Promise<void> {
  const { id } = await insertAcl(tx, owner, vpcId, 1, random);
  const everything = { network_acl_id: id, rule_number: 100, protocol: -1, action: "allow", cidr: "0.0.0.0/0", ipv6_cidr: null, from_port: null, to_port: null } as const;
  await tx.db
    .insertInto("network_acl_entries")
    .values(([0, 1] as const).map((egress) => ({ ...everything, egress, icmp_type: null, icmp_code: null })))
    .execute();
}

/** The VPC has its first IPv6 block: its default ACL lets IPv6 through too, each direction unless it was changed (facts §7.7). */
export async function openDefaultAclForIpv6(tx: Tx, vpcId: VpcId): Promise<void> {
  const acl = await tx.db.selectFrom("network_acls").select("id").where("vpc_id", "=", vpcId).where("is_default", "=", 1).executeTakeFirstOrThrow();
  const entries = await listAclEntries(tx, [acl.id]);
  for (const egress of [0, 1] as const) {
    const [first, ...more] = entries.filter((entry) => entry.egress === egress);
    if (first === undefined || more.length > 0 || first.protocol !== -1 || first.action !== "allow" || first.cidr !== "0.0.0.0/0") continue;
    await tx.db.insertInto("network_acl_entries").values({ ...first, rule_number: first.rule_number + 1, cidr: null, ipv6_cidr: "::/0" }).execute();
  }
}

async function insertAcl(tx: Tx, { account, region }: Owner, vpcId: VpcId, isDefault: 0 | 1, random: Random): Promise<NetworkAclRow> {
  const row: NetworkAclRow = { id: newId("networkAcl", random), account, region, vpc_id: vpcId, is_default: isDefault };
  await tx.db.insertInto("network_acls").values(row).execute();
  return row;
}

export async function deleteNetworkAcl(tx: Tx, id: string): Promise<void> {
  await tx.db.deleteFrom("network_acl_entries").where("network_acl_id", "=", id).execute();
  await tx.db.deleteFrom("network_acl_associations").where("network_acl_id", "=", id).execute();
  await tx.db.deleteFrom("network_acls").where("id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "=", id).execute();
}

/** In the order of evaluation, one direction after the other. */
export function listAclEntries(tx: Tx, ids: readonly string[]): Promise<NetworkAclEntryRow[]> {
  return tx.db.selectFrom("network_acl_entries").selectAll().where("network_acl_id", "in", ids).orderBy("egress").orderBy("rule_number").execute();
}

/** Fails when the number is taken in this direction, or when the direction is full. */
export async function requireRoomForEntry(tx: Tx, { network_acl_id: id, egress, rule_number: number }: NetworkAclEntryRow): Promise<void> {
  const same = (await listAclEntries(tx, [id])).filter((entry) => entry.egress === egress);
  if (same.some((entry) => entry.rule_number === number)) throw networkAclEntryExists(number);
  if (same.length >= entryLimit) throw limitExceeded("NetworkAclEntryLimitExceeded", `The maximum number of entries for the network ACL '${id}' has been reached: ${entryLimit}.`);
}

type EntryKey = Pick<NetworkAclEntryRow, "network_acl_id" | "egress" | "rule_number">;

export async function requireEntry(tx: Tx, { network_acl_id: id, egress, rule_number: number }: EntryKey): Promise<void> {
  const entries = await listAclEntries(tx, [id]);
  if (!entries.some((entry) => entry.egress === egress && entry.rule_number === number)) throw networkAclEntryNotFound(number, egress === 1);
}

/** Writes the entry over the one of its number, if there is one. */
export async function putAclEntry(tx: Tx, entry: NetworkAclEntryRow): Promise<void> {
  await deleteAclEntry(tx, entry);
  await tx.db.insertInto("network_acl_entries").values(entry).execute();
}

export async function deleteAclEntry(tx: Tx, { network_acl_id: id, egress, rule_number: number }: EntryKey): Promise<void> {
  await tx.db.deleteFrom("network_acl_entries").where("network_acl_id", "=", id).where("egress", "=", egress).where("rule_number", "=", number).execute();
}

/** The subnet's ACL from now on, under a new association id. */
export async function associateAcl(tx: Tx, subnetId: SubnetId, aclId: string, random: Random): Promise<string> {
  const id = newId("networkAclAssociation", random);
  await tx.db
    .insertInto("network_acl_associations")
    .values({ id, network_acl_id: aclId, subnet_id: subnetId })
    .onConflict((conflict) => conflict.column("subnet_id").doUpdateSet({ id, network_acl_id: aclId }))
    .execute();
  return id;
}

/** The subnet is gone. */
export async function forgetAclAssociation(tx: Tx, subnetId: SubnetId): Promise<void> {
  await tx.db.deleteFrom("network_acl_associations").where("subnet_id", "=", subnetId).execute();
}

export function toAclSpecification(entries: readonly NetworkAclEntryRow[]): AclEntrySpecification[] {
  return entries.map((entry) => ({
    number: entry.rule_number,
    egress: entry.egress === 1,
    allow: entry.action === "allow",
    traffic: toTraffic(entry),
    cidr: entry.cidr ?? entry.ipv6_cidr ?? "",
  }));
}

function toTraffic({ protocol, from_port: from, to_port: to, icmp_type: type, icmp_code: code }: NetworkAclEntryRow): TrafficSpecification {
  if (hasPorts(protocol) && from !== null && to !== null) return { protocol, ports: { from, to } };
  if (isIcmp(protocol) && type !== null && type !== -1) return { protocol, icmp: { type, ...(code === null || code === -1 ? {} : { code }) } };
  return { protocol };
}
