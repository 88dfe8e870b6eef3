/** Security groups as rows: made, named, removed (facts §7.6). Their rules are in `security-group-rules.ts`. */
import { cannotDeleteDefaultGroup, dependentObject, duplicateGroup, limitExceeded, reservedGroupName } from "../base/api-error.ts";
import { newId, type VpcId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { SecurityGroupRow, SecurityGroupRuleRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { groupIdsOf } from "./network-interface.ts";
import { findGroupByName } from "./security-group-rules.ts";

const groupLimit = 2_500;
/** Of one interface. */
const membershipLimit = 5;

interface Owner {
  readonly account: string;
  readonly region: string;
}

/** Fails for more groups than one interface may be in. */
export function requireGroupCount(ids: readonly string[]): void {
  if (new Set(ids).size <= membershipLimit) return;
  throw limitExceeded("SecurityGroupsPerInterfaceLimitExceeded", `The maximum number of security groups per interface has been reached: ${membershipLimit}.`);
}

/** Fails when the VPC has a group of this name, in whatever case, or the account has all it may have. */
export async function requireNewGroup(tx: Tx, owner: Owner, vpcId: VpcId, name: string): Promise<void> {
  if (name.toLowerCase() === "default") throw reservedGroupName(name);
  const groups = await tx.db.selectFrom("security_groups").selectAll().where("account", "=", owner.account).where("region", "=", owner.region).execute();
  if (findGroupByName(groups, vpcId, name) !== undefined) throw duplicateGroup(name, vpcId);
  if (groups.length >= groupLimit) throw limitExceeded("SecurityGroupLimitExceeded", `The maximum number of security groups has been reached: ${groupLimit}.`);
}

export interface GroupPlan {
  readonly vpcId: VpcId;
  readonly name: string;
  readonly description: string;
}

/** A new group lets everything out, IPv6 too where the VPC has it, and nothing in. */
export async function createSecurityGroup(tx: Tx, { account, region }: Owner, { vpcId, name, description }: GroupPlan, random: Random): Promise<SecurityGroupRow> {
  const row: SecurityGroupRow = { id: newId("securityGroup", random), account, region, vpc_id: vpcId, name, description };
  await tx.db.insertInto("security_groups").values(row).execute();
  const ipv6 = await tx.db.selectFrom("vpc_ipv6_blocks").select("id").where("vpc_id", "=", vpcId).executeTakeFirst();
  const peers = [{ cidr: "0.0.0.0/0" }, ...(ipv6 === undefined ? [] : [{ ipv6_cidr: "::/0" }])];
  await tx.db.insertInto("security_group_rules").values(peers.map((peer) => everything(row.id, { egress: 1, ...peer }, random))).execute();
  return row;
}

/** The group that comes with a VPC: its members also reach each other. */
export async function createDefaultSecurityGroup(tx: Tx, owner: Owner, vpcId: VpcId, random: Random): Promise<void> {
  const { id } = await createSecurityGroup(tx, owner, { vpcId, name: "default", description: "default VPC security group" }, random);
  await tx.db.insertInto("security_group_rules").values(everything(id, { egress: 0, referenced_group_id: id }, random)).execute();
}

/** The VPC has its first IPv6 block: its default group lets IPv6 out too, unless what it lets out was changed (facts §7.6). */
export async function openDefaultGroupForIpv6(tx: Tx, vpcId: VpcId, random: Random): Promise<void> {
  const group = await tx.db.selectFrom("security_groups").select("id").where("vpc_id", "=", vpcId).where("name", "=", "default").executeTakeFirstOrThrow();
  const [rule, ...more] = await tx.db.selectFrom("security_group_rules").selectAll().where("group_id", "=", group.id).where("egress", "=", 1).execute();
  if (rule === undefined || more.length > 0 || rule.protocol !== "-1" || rule.cidr !== "0.0.0.0/0") return;
  await tx.db.insertInto("security_group_rules").values(everything(group.id, { egress: 1, ipv6_cidr: "::/0" }, random)).execute();
}

function everything(groupId: string, peer: Partial<SecurityGroupRuleRow>, random: Random): SecurityGroupRuleRow {
  const open = { protocol: "-1", from_port: null, to_port: null, cidr: null, ipv6_cidr: null, referenced_group_id: null, referenced_account: null, prefix_list_id: null, description: null };
  return { id: newId("securityGroupRule", random), group_id: groupId, egress: 0, ...open, ...peer };
}

/** Fails for a VPC's default group, and while an interface is in the group or another group's rule names it. Rules of a peered VPC become stale. */
export async function requireUnusedGroup(tx: Tx, { id, name, vpc_id: vpcId }: SecurityGroupRow): Promise<void> {
  if (name === "default") throw cannotDeleteDefaultGroup(id);
  const rules = tx.db.selectFrom("security_group_rules").innerJoin("security_groups", "security_groups.id", "security_group_rules.group_id").select("security_group_rules.id");
  const naming = await rules.where("referenced_group_id", "=", id).where("group_id", "!=", id).where("security_groups.vpc_id", "=", vpcId).executeTakeFirst();
  if (naming !== undefined) throw dependentObject(id);
  const interfaces = await tx.db.selectFrom("network_interfaces").select("group_ids").where("vpc_id", "=", vpcId).execute();
  if (interfaces.some((row) => groupIdsOf(row).includes(id))) throw dependentObject(id);
}

export async function deleteSecurityGroup(tx: Tx, id: string): Promise<void> {
  const rules = await tx.db.selectFrom("security_group_rules").select("id").where("group_id", "=", id).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "in", [id, ...rules.map((rule) => rule.id)]).execute();
  await tx.db.deleteFrom("security_group_rules").where("group_id", "=", id).execute();
  await tx.db.deleteFrom("security_groups").where("id", "=", id).execute();
}
