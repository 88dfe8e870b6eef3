/** Security group rules as rows: read, compared, folded as EC2 shows them, and as hosts read them (facts §7.6). */
import type { GroupRuleSpecification, TrafficSpecification } from "../host/protocol/specification.ts";
import type { SecurityGroupRow, SecurityGroupRuleRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { hasPorts, isIcmp, parseProtocol } from "./ip-protocol.ts";

/** A rule before it has an id and a group. */
export type RuleColumns = Omit<SecurityGroupRuleRow, "id" | "group_id">;

/** The rules of all the owner's groups, by group, in the order of their ids. */
export async function listRulesByGroup(tx: Tx, owner: { account: string; region: string }): Promise<ReadonlyMap<string, readonly SecurityGroupRuleRow[]>> {
  const rows = await tx.db
    .selectFrom("security_group_rules")
    .innerJoin("security_groups", "security_groups.id", "security_group_rules.group_id")
    .selectAll("security_group_rules")
    .where("security_groups.account", "=", owner.account)
    .where("security_groups.region", "=", owner.region)
    .orderBy("security_group_rules.id")
    .execute();
  return Map.groupBy(rows, (row) => row.group_id);
}

export function listRulesOf(tx: Tx, groupId: string): Promise<SecurityGroupRuleRow[]> {
  return tx.db.selectFrom("security_group_rules").selectAll().where("group_id", "=", groupId).orderBy("id").execute();
}

/** Whether both let the same traffic of the same peer through; their descriptions do not count. */
export function isSameRule(a: RuleColumns, b: RuleColumns): boolean {
  return ruleKey(a) === ruleKey(b);
}

/** Equal for equal rules. */
export function ruleKey({ egress, protocol, from_port: from, to_port: to, cidr, ipv6_cidr: ipv6Cidr, referenced_group_id: group, prefix_list_id: list }: RuleColumns): string {
  return JSON.stringify([egress, protocol, from, to, cidr, ipv6Cidr, group, list]);
}

/** Rules of one direction with the same protocol and ports: what one IpPermission shows. */
export interface FoldedRules {
  readonly protocol: string;
  readonly fromPort: number | undefined;
  readonly toPort: number | undefined;
  readonly rules: readonly RuleColumns[];
}

/** Folds the rules of a direction by protocol and ports; `-1` has no ports. */
export function foldRules(rules: readonly RuleColumns[], egress: boolean): FoldedRules[] {
  const mine = rules.filter((rule) => (rule.egress === 1) === egress);
  const folded = Map.groupBy(mine, (rule) => JSON.stringify([rule.protocol, rule.from_port, rule.to_port]));
  return Array.from(folded.values(), (same) => ({
    protocol: same[0]?.protocol ?? "",
    fromPort: same[0]?.from_port ?? undefined,
    toPort: same[0]?.to_port ?? undefined,
    rules: same,
  }));
}

/** The groups of the names in the VPC; names are the same whatever their case. Undefined for a name that no group has. */
export function findGroupByName(groups: readonly SecurityGroupRow[], vpcId: string, name: string): SecurityGroupRow | undefined {
  return groups.find((group) => group.vpc_id === vpcId && group.name.toLowerCase() === name.toLowerCase());
}

/** `blocksOf`: what a prefix list has. */
export function toGroupRuleSpecification(rule: SecurityGroupRuleRow, blocksOf: (prefixList: string) => readonly string[]): GroupRuleSpecification {
  const { id, egress, cidr, ipv6_cidr: ipv6Cidr, referenced_group_id: group, prefix_list_id: list } = rule;
  const cidrs = list === null ? [cidr ?? ipv6Cidr ?? ""] : blocksOf(list);
  return { id, egress: egress === 1, traffic: toTraffic(rule), peer: group === null ? { cidrs } : { group } };
}

function toTraffic({ protocol: name, from_port: from, to_port: to }: SecurityGroupRuleRow): TrafficSpecification {
  const protocol = parseProtocol(name) ?? -1;
  if (from === null || to === null) return { protocol };
  if (hasPorts(protocol)) return { protocol, ports: { from, to } };
  if (isIcmp(protocol) && from !== -1) return { protocol, icmp: { type: from, ...(to === -1 ? {} : { code: to }) } };
  return { protocol };
}
