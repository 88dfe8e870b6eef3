/** Rules that are added to a group, taken away and changed: a change is checked as a whole before a row is written (facts §7.6). */
import { duplicatePermission, limitExceeded, notFound, permissionNotFound } from "../base/api-error.ts";
import { newId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { SecurityGroupRow, SecurityGroupRuleRow } from "../store/network-tables.ts";
import type { PrefixListRow } from "../store/prefix-list-tables.ts";
import type { Tx } from "../store/store.ts";
import { listPrefixLists } from "./prefix-lists.ts";
import { isSameRule, listRulesOf, type RuleColumns } from "./security-group-rules.ts";
import { touchVpc } from "./vpc-specification.ts";

/** In each direction, for IPv4 and IPv6 separately; a group counts for both, a prefix list as all that it may have. */
const ruleLimit = 60;

/** Fails when a rule is there already, or when there would be too many. */
export async function requireNewRules(tx: Tx, groupId: string, added: readonly RuleColumns[]): Promise<void> {
  const standing = await listRulesOf(tx, groupId);
  const known = added.find((rule) => standing.some((each) => isSameRule(each, rule)));
  if (known !== undefined) throw duplicatePermission(toText(known));
  await requireRoom(tx, groupId, [...standing, ...added]);
}

/** Fails for more rules than the group may have. `resized`: what a list is to count as. */
export async function requireRoom(tx: Tx, groupId: string, rules: readonly RuleColumns[], resized?: { readonly id: string; readonly weight: number }): Promise<void> {
  const group = await tx.db.selectFrom("security_groups").select(["account", "region"]).where("id", "=", groupId).executeTakeFirstOrThrow();
  const lists = rules.some((rule) => rule.prefix_list_id !== null) ? await listPrefixLists(tx, group) : [];
  const weightIn = (family: PrefixListRow["family"]) => (rule: RuleColumns) => {
    const list = lists.find(({ id }) => id === rule.prefix_list_id);
    if (list !== undefined) return list.family !== family ? 0 : list.id === resized?.id ? resized.weight : list.weight;
    return (family === "IPv4" ? rule.ipv6_cidr : rule.cidr) === null ? 1 : 0;
  };
  for (const direction of [0, 1]) {
    const mine = rules.filter((rule) => rule.egress === direction);
    const [ipv4 = 0, ipv6 = 0] = (["IPv4", "IPv6"] as const).map((family) => mine.map(weightIn(family)).reduce((sum, weight) => sum + weight, 0));
    if (Math.max(ipv4, ipv6) > ruleLimit) {
      throw limitExceeded("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.");
    }
  }
}

/** As EC2's error names a rule. */
function toText({ protocol, from_port: from, to_port: to, cidr, ipv6_cidr: ipv6Cidr, referenced_group_id: group, prefix_list_id: list }: RuleColumns): string {
  const name = protocol === "-1" ? "ALL" : protocol.toUpperCase();
  const ports = from === null ? "" : protocol.startsWith("icmp") ? ` type: ${from}, code: ${to},` : ` from port: ${from}, to port: ${to},`;
  return `peer: ${cidr ?? ipv6Cidr ?? group ?? list}, ${name},${ports} ALLOW`;
}

export async function addRules(tx: Tx, group: SecurityGroupRow, added: readonly RuleColumns[], random: Random, now: number): Promise<SecurityGroupRuleRow[]> {
  const rows = added.map((rule) => ({ id: newId("securityGroupRule", random), group_id: group.id, ...rule }));
  await tx.db.insertInto("security_group_rules").values(rows).execute();
  await touchVpc(tx, group.vpc_id, now);
  return rows;
}

/** The group's rules of these ids in the direction; without a direction in any. Fails for an id that is not among them. */
export async function requireRules(tx: Tx, groupId: string, ids: readonly string[], egress?: boolean): Promise<SecurityGroupRuleRow[]> {
  const standing = (await listRulesOf(tx, groupId)).filter((rule) => egress === undefined || (rule.egress === 1) === egress);
  const missing = ids.filter((id) => !standing.some((rule) => rule.id === id));
  if (missing.length > 0) throw notFound("securityGroupRule", missing);
  return standing.filter((rule) => ids.includes(rule.id));
}

export interface MatchedRules {
  readonly found: readonly SecurityGroupRuleRow[];
  /** Those that the group does not have. */
  readonly unknown: readonly RuleColumns[];
}

export async function matchRules(tx: Tx, groupId: string, wanted: readonly RuleColumns[]): Promise<MatchedRules> {
  const standing = await listRulesOf(tx, groupId);
  return {
    found: standing.filter((rule) => wanted.some((each) => isSameRule(each, rule))),
    unknown: wanted.filter((each) => !standing.some((rule) => isSameRule(rule, each))),
  };
}

/** In a default VPC rules that are not there are only named in the answer. */
export async function requireRevocable(tx: Tx, group: SecurityGroupRow, unknown: readonly RuleColumns[]): Promise<void> {
  if (unknown.length === 0) return;
  const vpc = await tx.db.selectFrom("vpcs").select("is_default").where("id", "=", group.vpc_id).executeTakeFirst();
  if (vpc?.is_default !== 1) throw permissionNotFound();
}

export async function removeRules(tx: Tx, group: SecurityGroupRow, rules: readonly SecurityGroupRuleRow[], now: number): Promise<void> {
  if (rules.length === 0) return;
  const ids = rules.map((rule) => rule.id);
  await tx.db.deleteFrom("tags").where("resource_id", "in", ids).execute();
  await tx.db.deleteFrom("security_group_rules").where("id", "in", ids).execute();
  await touchVpc(tx, group.vpc_id, now);
}

/** Fails where two rules of the group would be the same after these have changed, or too many of one kind. */
export async function requireDistinct(tx: Tx, groupId: string, changed: readonly SecurityGroupRuleRow[]): Promise<void> {
  const others = (await listRulesOf(tx, groupId)).filter((rule) => !changed.some((each) => each.id === rule.id));
  for (const [position, rule] of changed.entries()) {
    if ([...others, ...changed.slice(0, position)].some((each) => isSameRule(each, rule))) throw duplicatePermission(toText(rule));
  }
  await requireRoom(tx, groupId, [...others, ...changed]);
}

export async function writeRules(tx: Tx, group: SecurityGroupRow, rules: readonly SecurityGroupRuleRow[], now: number): Promise<void> {
  for (const { id, ...columns } of rules) await tx.db.updateTable("security_group_rules").set(columns).where("id", "=", id).execute();
  await touchVpc(tx, group.vpc_id, now);
}
